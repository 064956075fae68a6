import Glibc
import WeirBase

/// Runs a query and its bare loop in turn, compares their answers, and prints a line for each run.
struct BenchPairs {
    let workload: any BenchWorkload.Type
    let request: BenchRequest
    let mode: BenchMode
    let options: RunOptions
    let printsJSON: Bool

    private var files: BenchFiles? {
        if case .file(let files) = mode { return files }
        return nil
    }

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
        var summary = BenchSummary()
        for pair in 0..<count {
            // Which comes first changes from pair to pair.
            let first = pair.isMultiple(of: 2) ? try measure(bareLoop) : nil
            let (result, ranks) = try measureRun()
            let loop = try first ?? measure(bareLoop)
            try compare(loop.answer, result.answer)
            summary.add(result.processorSeconds / loop.processorSeconds, ranks)
            Output.standard(
                printsJSON ? json(result, loop, parser, ranks) : text(result, loop, ranks))
        }
        if !printsJSON { Output.standard(summary.text(request.query, parser: parser)) }
    }

    /// One run, and with a rate how late its rows were.
    private func measureRun() throws -> (BenchRun.Result, LatencyRanks?) {
        guard case .latency(let rate) = mode else {
            return (try recorded { try BenchRun(options: $0).run() }, nil)
        }
        let all = request.events * request.laps
        let arrivals = ArrivalTimes(events: all)
        let pipeline = try workload.timed(request, arrivals)
        let result = try recorded { options in
            var options = options
            options.pipeline = pipeline
            return try BenchRun(options: options).run()
        }
        let latencies = arrivals.latencies(
            rate: Double(rate), since: result.start, skipping: all / 4)
        guard let ranks = LatencyRanks(latencies) else {
            throw CommandFailure(
                code: 1,
                what: "no row of \(request.query) came behind the first quarter of the events",
                advice: "Give more --events")
        }
        return (result, ranks)
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

    private func text(_ run: BenchRun.Result, _ loop: Loop, _ ranks: LatencyRanks?) -> String {
        let allEvents = Double(run.events)
        let cost = run.processorSeconds / allEvents * 1e9
        let bare = loop.processorSeconds / allEvents * 1e9
        let latency = ranks.map {
            let spans = [$0.median, $0.p99, $0.p999, $0.maximum].map(Quantities.describe(span:))
            return "p50 \(spans[0]), p99 \(spans[1]), p99.9 \(spans[2]), greatest \(spans[3]); "
        }
        return "  \(request.query)  " + (latency ?? "")
            + "\(BenchSummary.rounded(cost, 1)) ns an event, bare loop "
            + "\(BenchSummary.rounded(bare, 1)); "
            + "\(Quantities.describe(count: allEvents / run.seconds)) events/s, "
            + "\(run.answer.rows) rows, \(Quantities.describe(bytes: run.peakBytes))\n"
    }

    /// The members are the command line's contract.
    private func json(
        _ run: BenchRun.Result, _ loop: Loop, _ parser: String?, _ ranks: LatencyRanks?
    ) -> String {
        let allEvents = Double(run.events)
        var json = JSONText()
        json.beginObject()
        json.member("query", request.query)
        json.member("mode", mode.name)
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
        if let ranks { add(ranks, to: &json) }
        json.member("loopCpuSecondsPerMillion", loop.processorSeconds / allEvents * 1e6)
        if let parser { json.member("loop", parser) }
        json.member("ratio", run.processorSeconds / loop.processorSeconds)
        json.endObject()
        json.endLine()
        return json.string
    }

    /// In seconds, as every time of the line.
    private func add(_ ranks: LatencyRanks, to json: inout JSONText) {
        json.member("p50", Double(ranks.median) / 1e9)
        json.member("p99", Double(ranks.p99) / 1e9)
        json.member("p999", Double(ranks.p999) / 1e9)
        json.member("greatest", Double(ranks.maximum) / 1e9)
    }
}

/// What several pairs of runs came to.
private struct BenchSummary {
    private var ratios: [Double] = []
    private var p99s: [Int64] = []

    mutating func add(_ ratio: Double, _ ranks: LatencyRanks?) {
        ratios.append(ratio)
        if let ranks { p99s.append(ranks.p99) }
    }

    func text(_ query: String, parser: String?) -> String {
        let ofAll = "(least, median, greatest of \(ratios.count))\n"
        if !p99s.isEmpty {
            let shown = Self.spread(p99s).map { Quantities.describe(span: $0) }
            return "\(query): p99 \(shown.joined(separator: " / ")) behind the due instant " + ofAll
        }
        let shown = Self.spread(ratios).map { Self.rounded($0, 2) }
        return "\(query): \(shown.joined(separator: " / ")) times the bare loop "
            + (parser.map { "on \($0) " } ?? "") + ofAll
    }

    private static func spread<Number: Comparable>(_ numbers: [Number]) -> [Number] {
        let sorted = numbers.sorted()
        return [sorted[0], sorted[sorted.count / 2], sorted[sorted.count - 1]]
    }

    static func rounded(_ number: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return "\((number * scale).rounded() / scale)"
    }
}
