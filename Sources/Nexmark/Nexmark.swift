public import Weir
public import WeirApp

/// The auction workload as a pipeline: one query of it over so many events.
///
/// The events lie in memory before the run starts, and are made from the run's seed again for a
/// replay; or they are read from a file of JSON Lines. In laps those in memory are read several
/// times, later and with other identities each time, as if the stream were longer.
/// `weir bench nexmark` measures it; `weir run nexmark` runs it like any other pipeline.
private let auctions = auctionPipeline { settings, flow, events in
    settings.query.add(to: flow, events, settings.output)
}

/// A pipeline with the workload's name, parameters and events; `add` adds operators and sink.
private func auctionPipeline(
    _ add: @escaping @Sendable (AuctionSettings, Flow, DataStream<AuctionEvent>) -> Void
) -> Pipeline {
    Pipeline(
        "nexmark", summary: "Nexmark's queries over generated auctions", parameters: parameters
    ) { flow in
        let settings: AuctionSettings
        do {
            settings = try AuctionSettings(flow.parameter)
        } catch {
            flow.refuse("\(error)")
            return
        }
        let source = settings.isFile ? settings.query.lines() : settings.source(seed: flow.seed)
        add(settings, flow, flow.read("events", from: source))
    }
}

private let parameters = [
    Parameter("query", default: "q5", "q0, q1, q1hop, q2, q3, q4, q5, q7, q8 or q11"),
    Parameter("events", default: "100000", "in memory: how many events are generated"),
    Parameter("laps", default: "1", "in memory: how many times they are read"),
    Parameter(
        "order", default: "inorder", "in memory: inorder, or shuffled: up to four seconds late"),
    Parameter("rows", default: "lines", "lines, or count: rows are counted and not written"),
    Parameter("source", default: "memory", "memory, or lines: JSON Lines of --input"),
]

/// What the parameters of the pipeline say.
struct AuctionSettings: Sendable {
    var query: AuctionQuery
    var events: Int
    var laps: Int
    var order: AuctionOrder
    var output: AuctionOutput
    /// Whether events are read from lines.
    var isFile: Bool

    /// Events that lie in memory at once; 64 bytes each.
    static let maximumEvents = 100_000_000
    static let maximumLaps = 1_000_000

    /// Reads the parameters; throws a sentence for one that cannot be used.
    init(_ parameter: (String) -> String) throws {
        query = try Self.choice("query", parameter)
        events = try Self.number("events", parameter, 1...Self.maximumEvents)
        laps = try Self.number("laps", parameter, 1...Self.maximumLaps)
        order = try Self.choice("order", parameter)
        output = try Self.choice("rows", parameter)
        isFile = try Self.choice("source", parameter) as AuctionOrigin == .lines
        if isFile { try Self.refuseGenerated(parameter) }
    }

    /// Lines are those of the file: what generated events would be is not to be asked for.
    private static func refuseGenerated(_ parameter: (String) -> String) throws {
        for declared in parameters where ["events", "laps", "order"].contains(declared.name) {
            let text = parameter(declared.name)
            guard text != declared.defaultValue else { continue }
            throw Refusal(
                "\(declared.name)=\(PrintableText.escaped(text)) is for events in memory; "
                    + "source=lines reads those of --input")
        }
    }

    /// Where events come from.
    private enum AuctionOrigin: String, CaseIterable {
        case memory, lines
    }

    private static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ parameter: (String) -> String
    ) throws -> Value {
        let text = parameter(name)
        if let value = Value(rawValue: text) { return value }
        let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal("\(name)=\(PrintableText.escaped(text)) is none of \(all)")
    }

    private static func number(
        _ name: String, _ parameter: (String) -> String, _ range: ClosedRange<Int>
    ) throws -> Int {
        let text = parameter(name)
        if let value = Int(text), range ~= value { return value }
        throw Refusal(
            "\(name)=\(PrintableText.escaped(text)) is no number from \(range.lowerBound) to "
                + "\(range.upperBound)")
    }

    private struct Refusal: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// The source of the events; it ends behind the last lap.
    func source(seed: UInt64) -> Source<AuctionEvent> {
        let (count, order) = (events, order)
        return .batches(
            watermark: .boundedDisorder(.milliseconds(4_000)), count: UInt64(events * laps),
            prepare: { AuctionMemory.shared(seed: seed, count: count, order: order) }
        ) { memory, indices, batch in
            memory.fill(indices, &batch)
        }
    }
}

/// The workload for `weir bench`.
public enum Nexmark: BenchWorkload {
    /// The queries as users write them.
    public static var pipeline: Pipeline { auctions }
    /// Nexmark's names of the queries.
    public static var queries: [String] { AuctionQuery.allCases.map(\.rawValue) }

    /// A query in one stage, the same behind an exchange, and one of windows.
    public static var timedQueries: [String] { TimedQuery.allCases.map(\.rawValue) }

    /// The pipeline with a sink that finds out which event let each row come.
    public static func timed(_ request: BenchRequest, _ arrivals: ArrivalTimes) -> Pipeline {
        guard let query = TimedQuery(rawValue: request.query) else {
            preconditionFailure("the latency of \(request.query) is not measured")
        }
        let causes = AuctionCauses(
            .shared(seed: request.seed, count: request.events, order: .inorder))
        return auctionPipeline { _, flow, events in
            query.add(to: flow, events, causes, arrivals)
        }
    }

    /// The loop of a query over events that lie in memory when this returns.
    public static func bareLoop(
        _ request: BenchRequest
    ) throws -> @Sendable () -> BenchAnswer {
        let query = try query(request)
        let memory = AuctionMemory.shared(
            seed: request.seed, count: request.events, order: order(request))
        return {
            var rows = BareRows()
            let events = UnsafeBufferPointer(start: memory.events, count: memory.count)
            query.runBareLoop(over: events, laps: request.laps, &rows)
            return BenchAnswer(rows: rows.count, folded: rows.folded)
        }
    }

    /// The loop of a query from file to file.
    ///
    /// It parses with simdjson where the program was built with it and the query is one of bids,
    /// else with the reader that the source has.
    public static func bareFileLoop(
        _ request: BenchRequest, input: String, output: String
    ) throws -> BenchFileLoop {
        let query = try query(request)
        #if WEIR_SIMDJSON
            if query.wanted.person == [], query.wanted.auction == [] {
                return BenchFileLoop(parser: SimdjsonParser.name) {
                    do {
                        return try LineLoop.run(query, input, output, by: SimdjsonParser.self)
                    } catch  where !(error is ConnectorError) {
                        // The reader that the source has tells which line it is.
                        _ = try LineLoop.run(query, input, output, by: ScannerParser.self)
                        throw error
                    }
                }
            }
        #endif
        return BenchFileLoop(parser: ScannerParser.name) {
            try LineLoop.run(query, input, output, by: ScannerParser.self)
        }
    }

    /// Writes events as lines of JSON or as records of 64 bytes.
    public static func generate(
        _ request: BenchRequest, asRecords: Bool, _ write: ([UInt8]) throws -> Void
    ) throws {
        let workload = AuctionWorkload(seed: request.seed)
        var bytes: [UInt8] = []
        let numbers = AuctionNumbers(
            of: workload, count: UInt64(request.events), order: order(request))
        for number in numbers {
            let event = workload.event(number)
            if asRecords { event.appendRecord(to: &bytes) } else { event.appendLine(to: &bytes) }
            if bytes.count >= pieceBytes {
                try write(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        if !bytes.isEmpty { try write(bytes) }
    }

    private static let pieceBytes = 1 << 18

    private static func query(_ request: BenchRequest) throws -> AuctionQuery {
        guard let query = AuctionQuery(rawValue: request.query) else {
            preconditionFailure("\(request.query) is none of the workload's queries")
        }
        return query
    }

    private static func order(_ request: BenchRequest) -> AuctionOrder {
        AuctionOrder(rawValue: request.order) ?? .inorder
    }
}

extension AuctionQuery {
    /// Runs the query's bare loop.
    func runBareLoop(
        over events: UnsafeBufferPointer<AuctionEvent>, laps: Int, _ rows: inout BareRows
    ) {
        switch self {
        case .q0: PassLoop.run(over: events, laps: laps, &rows)
        case .q1, .q1hop: ConvertLoop.run(over: events, laps: laps, &rows)
        case .q2: SelectLoop.run(over: events, laps: laps, &rows)
        case .q3: LocalItemLoop.run(over: events, laps: laps, &rows)
        case .q4: AveragePriceLoop.run(over: events, laps: laps, &rows)
        case .q5: HotItemLoop.run(over: events, laps: laps, &rows)
        case .q7: HighestBidLoop.run(over: events, laps: laps, &rows)
        case .q8: NewSellerLoop.run(over: events, laps: laps, &rows)
        case .q11: SessionLoop.run(over: events, laps: laps, &rows)
        }
    }
}
