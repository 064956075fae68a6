import WeirBase

@testable import WeirEngine

/// One simulated run between a given text and a sink that may fail; its books are closed.
struct BookedRun {
    let execution: Execution
    let books: Books
    /// The rows that the sink took, in order.
    let rows: [String]

    /// How a run is made other than usual.
    struct Options {
        var limit: UInt64?
        var input = ""
        /// Whether the input has an end; one without stays silent behind its text.
        var inputEnds = true
        var isRepeatable = true
        /// The sink fails at the first row behind so many.
        var sinkRoom = Int.max
    }

    init(_ pipeline: Pipeline, seed: UInt64 = 1, _ options: Options = Options()) throws {
        let planned = try pipeline.plan(seed: seed)
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: seed))
        setup.connections.sources = planned.plan.sources.map { source in
            source.readsBytes ? GivenText(options) : nil
        }
        setup.connections.storesInput = planned.plan.sources.map { _ in false }
        let sink = NarrowSink(room: options.sinkRoom)
        setup.connections.sinks = planned.plan.sinks.map { _ in sink }
        var bind = BindOptions(seed: seed)
        bind.limit = options.limit
        let run = try LiveRun(planned, bind, setup)
        run.start()
        run.run()
        run.finish()
        execution = run.execution
        books = execution.closeBooks()
        books.checkInvariants()
        rows = sink.rows
    }

    /// `late 3`, in order of stages and reasons.
    var drops: [String] { books.drops.map { "\($0.stage): \($0.count) \($0.reason)" } }
}

/// The execution whose turn calls this.
func runningExecution() -> Execution? { TurnContext.current?.execution }

/// Numbers from 0 on, a second apart.
let secondsOfTime = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index) * 1_000))
}

/// Something that a test has go wrong.
struct Wanted: Error {}

private final class GivenText: ByteReading {
    private let rest: Guarded<[UInt8]>
    private let ends: Bool
    let isRepeatable: Bool
    let path: String? = nil
    let byteCount: UInt64? = nil

    init(_ options: BookedRun.Options) {
        rest = Guarded(Array(options.input.utf8))
        ends = options.inputEnds
        isRepeatable = options.isRepeatable
    }

    func next(maximum: Int) -> InputPiece? {
        rest.withLock { rest in
            if rest.isEmpty { return ends ? .end : nil }
            defer { rest = [] }
            return .bytes(rest, offset: 0)
        }
    }

    func cancel() {}
}

private final class NarrowSink: RowWriting {
    private let room: Int
    private let taken = Guarded<[String]>([])

    init(room: Int) { self.room = room }

    var rows: [String] { taken.withLock { $0 } }

    func write(_ rows: RawSpan) throws {
        let lines = rows.withUnsafeBytes { rows in
            rows.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        }
        try taken.withLock { taken in
            guard taken.count + lines.count <= room else {
                throw ConnectorError(.operating, "there is no room")
            }
            taken += lines
        }
    }

    func close() {}
}
