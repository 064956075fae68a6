import ArgumentParser
import Glibc
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

/// Whether the sentence that names what limits a run is true: runs with made-up causes.
///
/// Each trial is a run of a pipeline of `LimitedPipeline` in a process of its own, with a cause
/// that is known because it was made. Its trace is then read into a `Timeline`, as a screen does,
/// and what that says is compared with the cause. Nothing of the judgement is repeated here.
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

    /// A run shorter than three seconds has no three seconds to be judged by.
    mutating func validate() throws {
        guard sample >= 0, rounds > 0, retries >= 0, (3...60).contains(seconds) else {
            throw ValidationError("--sample is not negative, --rounds positive, --seconds 3 to 60")
        }
    }

    /// Runs the matrix or a sample of it, prints each verdict as it comes, and fails with code 1
    /// below the aim.
    mutating func run() throws {
        let folder = try TemporaryFolder(named: "weir-bench")
        var trials = BottleneckTrial.matrix.filter { $0.cause.hasPrefix(cause) }
        if sample > 0 {
            var random = SeededGenerator(seed: seed)
            trials = (0..<min(sample, trials.count)).map { _ in
                // Drawn without putting back: no trial comes twice in a sample.
                trials.remove(at: Int(random.next() % UInt64(trials.count)))
            }
        }
        var (right, alarms, all) = (0, 0, 0)
        for _ in 0..<rounds {
            for trial in trials {
                var said = try trial.run(seconds: seconds, in: folder)
                var left = retries
                // A machine with other work may make a run that is not what it should be. Retries
                // are for such machines, and none is the usual.
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
        // A false alarm weighs more than a wrong name: a person who is sent looking where nothing
        // is wrong stops believing the sentence.
        if right * 100 < all * 95 || alarms > 0 { throw ExitCode(1) }
    }
}

/// One cause at one stage of one pipeline, and what the sentence should say.
private struct BottleneckTrial {
    /// The pipeline's name.
    let shape: String
    /// What is wrong, in words, for the report.
    let cause: String
    /// What the sentence begins with, one of these; nil where nothing is to be named.
    let expected: [String]?
    /// What makes the cause, as flags of `run`.
    var arguments: [String] = []
    /// What the sentence must contain besides; empty for nothing.
    var contains = ""
    /// Whether whoever reads the rows takes them slowly.
    var hasSlowReader = false

    /// What the run's sentence was, and whether that is right.
    struct Said {
        var sentence: String
        var isRight: Bool
        var isFalseAlarm = false
    }

    /// The pipelines and their stages that can be made slow, sources left out.
    private static let shapes: [(name: String, stages: [String])] = [
        ("chain", ["parse", "work", "out"]),
        ("fork", ["parse", "left", "right", "out"]),
        ("join", ["parse", "work", "out"]),
    ]

    /// Every cause at every stage of every pipeline, and as many runs in which nothing is wrong.
    static var matrix: [BottleneckTrial] {
        shapes.flatMap { shape, stages -> [BottleneckTrial] in
            var trials = stages.map { stage in
                BottleneckTrial(
                    shape: shape, cause: "slow stage \(stage)", expected: ["\(stage) limits"],
                    // Two milliseconds an element make the stage slower than all others together;
                    // four workers leave it alone with one.
                    arguments: ["--set", "slow=\(stage):2000", "--workers", "4"])
            }
            trials.append(
                BottleneckTrial(
                    shape: shape, cause: "hot key", expected: ["parse/0 limits", "parse/1 limits"],
                    arguments: [
                        // Of two subtasks one gets nearly everything, and key 7 is why.
                        "--set", "slow=parse:1000", "--set", "hot=97", "--parallelism", "2",
                        "--workers", "4",
                    ], contains: "its busiest key is 7 "))
            trials.append(
                BottleneckTrial(
                    shape: shape, cause: "slow writer of the sink's rows",
                    expected: ["out limits the run: whoever writes"],
                    // A kilobyte a row: fifty rows a second are all that the reader takes.
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

    /// Every stage needs more than the workers can give. The sentence has words of its own for one
    /// and for two workers.
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

    /// Makes the run and judges its trace. A run that does not end by itself is ended twenty
    /// seconds late.
    func run(seconds: Int, in folder: TemporaryFolder) throws -> Said {
        let trace = folder.path + "/run.mcap"
        defer { folder.empty() }
        // The pipe has to be there before the run opens it.
        let reader = hasSlowReader ? try SlowReader(in: folder) : nil
        defer { reader?.finish() }
        let child = try MeasuredChild(
            [
                "run", shape, "--ui", "none", "--seed", "1", "--record", trace, "--limit",
                "0", "--duration", "\(seconds)s", "--drain", "1s", "--output",
                reader?.path ?? "/dev/null",
            ] + arguments)
        if let reader {
            // The reader is slow while the sources run, and then lets the run end.
            usleep(UInt32(seconds) * 1_000_000)
            reader.hurry()
        }
        _ = child.finish(within: UInt64(seconds + 20) * 1_000_000_000)
        // What the run itself printed is of no interest: the trace has it all.
        return judge(try looks(trace, seconds: seconds), seconds: seconds)
    }

    /// What the looks at the run come to. A named cause has to be named in three of four looks of
    /// the last third; where nothing is wrong no look after the first two seconds may name
    /// anything.
    private func judge(_ looks: [(time: RunTime, said: Bottleneck)], seconds: Int) -> Said {
        let length = RunTime.seconds(Int64(seconds))
        let counted = looks.filter {
            $0.time >= (expected == nil ? .seconds(2) : RunTime(length.rawValue * 2 / 3))
        }
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
    ) throws -> [(time: RunTime, said: Bottleneck)] {
        let trace = try Trace.open(path: path)
        var timeline = Timeline(RunFacts(header: trace.header, tracePath: path))
        var stages = StageTable(trace.header, names: timeline.facts.stages)
        let cursor = trace.metrics()
        var looks: [(time: RunTime, said: Bottleneck)] = []
        while let sample = try cursor.next() {
            timeline.take(.sample(stages.take(sample)))
            // What happens while it is drained is another run, and begins a sample's time before
            // the end.
            guard sample.time < .seconds(Int64(seconds)) - .milliseconds(100) else { break }
            looks.append((sample.time, timeline.bottleneck))
        }
        return looks
    }
}
