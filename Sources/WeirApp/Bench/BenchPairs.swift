import Glibc
import WeirBase

/// Runs a query and its bare loop in turn, compares their answers, and prints a line for each run.
struct BenchPairs {
    let workload: any BenchWorkload.Type
    let request: BenchRequest
    let options: RunOptions
    let printsJSON: Bool
    /// From file to file where there are files, else in memory.
    var files: BenchFiles?

    private struct Loop {
        var processorSeconds: Double
        var answer: BenchAnswer
    }

    /// The bare loop of the query, and what parses its lines; nil in memory.
    private func bareLoop() throws -> (run: () throws -> BenchAnswer, parser: String?) {
        guard let files else { return (try workload.bareLoop(request), nil) }
        let loop = try workload.bareFileLoop(
            request, input: files.input, output: files.loopOutput)
        return ({ BenchAnswer(rows: try loop.run(), folded: 0) }, loop.parser)
    }

    func run(_ count: Int) throws {
        let (bareLoop, parser) = try self.bareLoop()
        var ratios: [Double] = []
        for pair in 0..<count {
            // Which comes first changes from pair to pair.
            let first = pair.isMultiple(of: 2) ? try measure(bareLoop) : nil
            let result = try recorded { try BenchRun(options: $0).run() }
            let loop = try first ?? measure(bareLoop)
            try compare(loop.answer, result.answer)
            ratios.append(result.processorSeconds / loop.processorSeconds)
            Output.standard(
                printsJSON ? json(result, loop, parser) : text(result, loop))
        }
        guard !printsJSON else { return }
        ratios.sort()
        let shown = [ratios[0], ratios[count / 2], ratios[count - 1]].map { Self.rounded($0, 2) }
        Output.standard(
            "\(request.query): \(shown.joined(separator: " / ")) times the bare loop "
                + (parser.map { "on \($0) " } ?? "") + "(least, median, greatest of \(count))\n")
    }

    /// Lends the options with a trace in a folder of its own, which goes away behind the run.
    private func recorded<Result>(_ body: (RunOptions) throws -> Result) throws -> Result {
        var options = options
        guard options.recording != .none else { return try body(options) }
        let folder: TemporaryFolder
        do {
            folder = try TemporaryFolder(named: "weir-bench")
        } catch {
            throw CommandFailure(
                code: 5, what: "no place for the trace: \(error)",
                advice: "Set TMPDIR to a folder that can be written")
        }
        defer { withExtendedLifetime(folder) {} }
        options.recording = .explicit(folder.path + "/run.mcap")
        return try body(options)
    }

    private func measure(_ bareLoop: () throws -> BenchAnswer) throws -> Loop {
        let before = MonotonicClock.processorNanoseconds()
        var answer = try bareLoop()
        let passed = MonotonicClock.processorNanoseconds() - before
        if let files {
            let rows = try BenchFiles.answer(of: files.loopOutput)
            guard rows.rows == answer.rows else {
                throw CommandFailure(
                    code: 1, what: "the bare loop wrote \(rows.rows) of \(answer.rows) rows",
                    advice: "The figures mean nothing")
            }
            answer = rows
        }
        return Loop(processorSeconds: Double(max(1, passed)) / 1e9, answer: answer)
    }

    private func compare(_ loop: BenchAnswer, _ run: BenchAnswer) throws {
        guard loop != run else { return }
        throw CommandFailure(
            code: 1,
            what: "\(request.query) gave \(run.rows) rows, \(run.folded.hexadecimal); its bare "
                + "loop \(loop.rows), \(loop.folded.hexadecimal)",
            advice: "The figures mean nothing")
    }

    private func text(_ run: BenchRun.Result, _ loop: Loop) -> String {
        let allEvents = Double(run.events)
        let cost = run.processorSeconds / allEvents * 1e9
        let bare = loop.processorSeconds / allEvents * 1e9
        return "  \(request.query)  \(Self.rounded(cost, 1)) ns an event, bare loop "
            + "\(Self.rounded(bare, 1)); "
            + "\(Quantities.describe(count: allEvents / run.seconds)) events/s, "
            + "\(run.answer.rows) rows, \(Quantities.describe(bytes: run.peakBytes))\n"
    }

    /// The members are the command line's contract.
    private func json(_ run: BenchRun.Result, _ loop: Loop, _ parser: String?) -> String {
        let allEvents = Double(run.events)
        var json = JSONText()
        json.beginObject()
        json.member("query", request.query)
        json.member("mode", files == nil ? "mem" : "file")
        json.member("events", run.events)
        json.member("workers", options.workers)
        json.member("record", options.recording != .none)
        json.member("seconds", run.seconds)
        json.member("cpuSeconds", run.processorSeconds)
        json.member("eventsPerSecond", allEvents / run.seconds)
        json.member("cpuSecondsPerMillion", run.processorSeconds / allEvents * 1e6)
        json.member("rows", run.answer.rows)
        json.member("digest", run.answer.folded.hexadecimal)
        json.member("traceBytes", run.traceBytes.rawValue)
        json.member("peakBytes", run.peakBytes.rawValue)
        json.member("loopCpuSecondsPerMillion", loop.processorSeconds / allEvents * 1e6)
        if let parser { json.member("loop", parser) }
        json.member("ratio", run.processorSeconds / loop.processorSeconds)
        json.endObject()
        json.endLine()
        return json.string
    }

    private static func rounded(_ number: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return "\((number * scale).rounded() / scale)"
    }
}
