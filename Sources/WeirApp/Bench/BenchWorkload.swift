public import WeirEngine

/// A workload that `weir bench NAME` measures.
///
/// It is a pipeline of queries over events that are computed from a seed, and beside each query the
/// loop that somebody would write by hand for it.
public protocol BenchWorkload: Sendable {
    /// The pipeline, whose name is the workload's. Its parameters are `query`, `events`, `laps`,
    /// `order`, `rows`, which is `count` where rows are counted and not written, and `source`,
    /// which is `lines` where events are read from the run's input.
    static var pipeline: Pipeline { get }
    /// The queries, in the order in which help shows them.
    static var queries: [String] { get }
    /// Those queries whose latency can be measured.
    static var timedQueries: [String] { get }
    /// `pipeline` with a sink that tells `arrivals` of each row of the query, by the number of the
    /// event that let it come, counted over all laps. The events are in order.
    static func timed(_ request: BenchRequest, _ arrivals: ArrivalTimes) throws -> Pipeline
    /// The bare loop of what was asked for, with its events in memory: calling it is what is
    /// measured.
    static func bareLoop(_ request: BenchRequest) throws -> @Sendable () -> BenchAnswer
    /// The bare loop of what was asked for, from a file of lines to one of rows.
    static func bareFileLoop(
        _ request: BenchRequest, input: String, output: String
    ) throws -> BenchFileLoop
    /// Writes the workload's events in the order in which they come. `write` is given pieces of
    /// bytes.
    static func generate(
        _ request: BenchRequest, asRecords: Bool, _ write: ([UInt8]) throws -> Void) throws
}

/// What is to be measured.
public struct BenchRequest: Sendable {
    /// One of the workload's queries.
    public var query: String
    /// How many events lie in memory.
    public var events: Int
    /// How many times they are read.
    public var laps: Int
    /// What the events are computed from.
    public var seed: UInt64
    /// In which order they come, as the pipeline's parameter says it.
    public var order: String

    /// A request for so many events, read so many times.
    public init(query: String, events: Int, laps: Int, seed: UInt64, order: String) {
        self.query = query
        self.events = events
        self.laps = laps
        self.seed = seed
        self.order = order
    }
}

/// A bare loop from file to file.
public struct BenchFileLoop: Sendable {
    /// What parses its lines, for the output.
    public var parser: String
    /// Runs it once; tells how many rows it wrote.
    public var run: @Sendable () throws -> UInt64

    /// A loop on a parser.
    public init(parser: String, run: @escaping @Sendable () throws -> UInt64) {
        self.parser = parser
        self.run = run
    }
}

/// What a query gave out, as far as it is compared.
public struct BenchAnswer: Equatable, Sendable {
    /// How many rows.
    public var rows: UInt64
    /// The exclusive or of a word of each; of rows in a file the sum of their hashes.
    public var folded: UInt64

    /// An answer of so many rows.
    public init(rows: UInt64, folded: UInt64) {
        self.rows = rows
        self.folded = folded
    }
}
