import ArgumentParser
import Glibc
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

/// Whether the sentence that names what limits a run is true: runs with made-up causes.
struct BottleneckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bottleneck",
        abstract: "Runs pipelines with made-up causes and scores the sentence that names what "
            + "limits each.",
        discussion: """
            Every cause at every place of every pipeline is a run of some seconds in a process of \
            its own, recorded; what counts is what the overview says of its trace in the last \
            third. Where nothing is wrong, any name at any time after the first two seconds is a \
            false alarm. Exit 1 when fewer than 95 % are right or there is a false alarm.
            """)

    @Option(help: "Runs that are drawn from the matrix; 0 for all of it.") var sample = 0
    @Option(help: "Only the causes that begin so.") var cause = ""
    @Option(help: "What decides which are drawn.") var seed: UInt64 = 1
    @Option(help: "How often the matrix, or the sample, is run.") var rounds = 1
    @Option(help: "Seconds of a run.") var seconds = 5
    @Option(help: "So often a run is made again that was told wrong: on a machine with other work.")
    var retries = 0

    mutating func validate() throws {
        guard sample >= 0, rounds > 0, retries >= 0, (3...60).contains(seconds) else {
            throw ValidationError("--sample is not negative, --rounds positive, --seconds 3 to 60")
        }
    }

    mutating func run() throws {
        let folder = try TemporaryFolder()
        var trials = BottleneckTrial.matrix.filter { $0.cause.hasPrefix(cause) }
        if sample > 0 {
            var random = SeededGenerator(seed: seed)
            trials = (0..<min(sample, trials.count)).map { _ in
                trials.remove(at: Int(random.next() % UInt64(trials.count)))
            }
        }
        var (right, alarms, all) = (0, 0, 0)
        for _ in 0..<rounds {
            for trial in trials {
                var said = try trial.run(seconds: seconds, in: folder)
                var left = retries
                while !said.isRight, left > 0 {
                    said = try trial.run(seconds: seconds, in: folder)
                    left -= 1
                }
                all += 1
                right += said.isRight ? 1 : 0
                alarms += said.isFalseAlarm ? 1 : 0
                let verdict = said.isRight ? "right" : said.isFalseAlarm ? "FALSE ALARM" : "WRONG"
                print("\(trial.cause)  \(trial.shape)  \(verdict)\n    \(said.sentence)")
                fflush(nil)
            }
        }
        print("\(right) of \(all) right, \(alarms) false alarms")
        if right * 100 < all * 95 || alarms > 0 { throw ExitCode(1) }
    }
}

/// One cause at one place of one pipeline, and what the sentence should say.
private struct BottleneckTrial {
    let shape: String
    let cause: String
    /// What the sentence begins with; nil where nothing is to be named.
    let expected: [String]?
    var arguments: [String] = []
    /// What it must contain besides.
    var contains = ""
    /// Whether whoever reads the rows takes them slowly.
    var hasSlowReader = false

    struct Said {
        var sentence: String
        var isRight: Bool
        var isFalseAlarm = false
    }

    private static let shapes: [(name: String, stages: [String])] = [
        ("chain", ["parse", "work", "out"]),
        ("fork", ["parse", "left", "right", "out"]),
        ("join", ["parse", "work", "out"]),
    ]

    static var matrix: [BottleneckTrial] {
        shapes.flatMap { shape, stages -> [BottleneckTrial] in
            var trials = stages.map { stage in
                BottleneckTrial(
                    shape: shape, cause: "slow stage \(stage)", expected: ["\(stage) limits"],
                    arguments: ["--set", "slow=\(stage):2000", "--workers", "4"])
            }
            trials.append(
                BottleneckTrial(
                    shape: shape, cause: "hot key", expected: ["parse/0 limits", "parse/1 limits"],
                    arguments: [
                        "--set", "slow=parse:1000", "--set", "hot=97", "--parallelism", "2",
                        "--workers", "4",
                    ], contains: "its busiest key is 7 "))
            trials.append(
                BottleneckTrial(
                    shape: shape, cause: "slow writer of the sink's rows",
                    expected: ["out limits the run: whoever writes"],
                    arguments: ["--set", "wide=1000", "--workers", "2"], hasSlowReader: true))
            trials += tooFewWorkers(shape)
            trials.append(
                BottleneckTrial(
                    shape: shape, cause: "slow source", expected: ["numbers limits"],
                    arguments: ["--set", "slow=numbers:2000", "--workers", "4"]))
            for rate in ["50", "1000"] {
                trials.append(
                    BottleneckTrial(
                        shape: shape, cause: "nothing, \(rate) a second", expected: nil,
                        arguments: ["--rate", rate, "--workers", "2"]))
            }
            trials.append(
                BottleneckTrial(
                    shape: shape, cause: "nothing, a spike of half a second", expected: nil,
                    arguments: ["--rate", "200", "--set", "spike=500", "--workers", "2"]))
            return trials
        }
    }

    private static func tooFewWorkers(_ shape: String) -> [BottleneckTrial] {
        let says = ["the only worker is busy", "both workers are busy", "all workers are busy"]
        return says.enumerated().map { index, sentence in
            let workers = index + 1
            return BottleneckTrial(
                shape: shape, cause: "too few workers, \(workers)", expected: [sentence],
                arguments: [
                    "--set", "slow=all:300", "--parallelism", "\(workers)", "--workers",
                    "\(workers)",
                ])
        }
    }

    func run(seconds: Int, in folder: TemporaryFolder) throws -> Said {
        let trace = folder.path + "/run.mcap"
        defer { folder.empty() }
        let reader = hasSlowReader ? try SlowReader(in: folder) : nil
        defer { reader?.finish() }
        let child = try MeasuredChild(
            [
                "run", shape, "--ui", "none", "--seed", "1", "--record", trace, "--limit",
                "0", "--duration", "\(seconds)s", "--drain", "1s", "--output",
                reader?.path ?? "/dev/null",
            ] + arguments)
        if let reader {
            usleep(UInt32(seconds) * 1_000_000)
            reader.hurry()
        }
        _ = child.finish(within: UInt64(seconds + 20) * 1_000_000_000)
        return judge(try looks(trace, seconds: seconds), seconds: seconds)
    }

    private func judge(_ looks: [(time: Int64, said: Bottleneck)], seconds: Int) -> Said {
        let length = Int64(seconds) * 1_000_000
        let counted = looks.filter { $0.time >= (expected == nil ? 2_000_000 : length * 2 / 3) }
        guard let last = counted.last else { return Said(sentence: "nothing", isRight: false) }
        guard let expected else {
            let alarm = counted.first { $0.said.limits }
            return Said(
                sentence: (alarm ?? last).said.sentence, isRight: alarm == nil,
                isFalseAlarm: alarm != nil)
        }
        let right = counted.count { look in
            expected.contains { look.said.sentence.hasPrefix($0) }
                && look.said.sentence.contains(contains)
        }
        return Said(sentence: last.said.sentence, isRight: right * 4 >= counted.count * 3)
    }

    /// What the overview says at each sample that was taken while the sources ran.
    private func looks(
        _ path: String, seconds: Int
    ) throws -> [(time: Int64, said: Bottleneck)] {
        let trace = try Trace.open(path: path)
        var timeline = Timeline(RunFacts(header: trace.header, tracePath: path))
        var stages = StageTable(trace.header, names: timeline.facts.stages)
        let cursor = trace.metrics()
        var looks: [(time: Int64, said: Bottleneck)] = []
        while let sample = try cursor.next() {
            timeline.take(.sample(stages.take(sample)))
            // What happens while it is drained is another run.
            guard sample.time < Int64(seconds) * 1_000_000 - 100_000 else { break }
            looks.append((sample.time, timeline.bottleneck))
        }
        return looks
    }
}
