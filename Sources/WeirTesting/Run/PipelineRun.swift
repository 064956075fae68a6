public import WeirBase
public import WeirEngine
public import WeirTelemetry

/// What one run of a pipeline in memory came to.
///
/// Equal when everything in it is: rows in their order, violations, log records, digests. Tests
/// compare single parts of it with what they expect, and whole values with each other.
public struct PipelineRun: Equatable, Sendable {
    /// One log record, as its statement wrote it.
    public struct LogLine: Equatable, Sendable {
        /// How severe it is.
        public let level: LogLevel
        /// The statement's message.
        public let message: String
        /// The statement's fields.
        public let fields: [String: LogValue]
        /// Who wrote it: `reserve/1`.
        public let subtask: String
        /// The step at which its turn began.
        public let step: UInt64
    }

    /// An invariant that began not to hold.
    public struct BrokenInvariant: Equatable, Sendable {
        /// The invariant's name.
        public let invariant: String
        /// The step at which it was found.
        public let step: UInt64
        /// Whose turn it was.
        public let subtask: String
    }

    /// The rows of each sink, without line ends, in the order written.
    public let rows: [String: [String]]
    /// Where invariants began not to hold; the first thousand.
    public let violations: [BrokenInvariant]
    /// Log records in the order of the run's logs; those that found room.
    public let logs: [LogLine]
    /// Log records that found no room.
    public let lostLogs: UInt64
    /// How many steps the run took.
    public let steps: UInt64
    /// Why it ended before its input did; nil when it did not.
    public let failure: String?
    /// A digest of the final state and of each sink's rows.
    public let digest: UInt64
    /// Elements that all sources gave.
    public let elements: UInt64
    /// Elements that had no chance to have their effect, by reason: `late`, `malformed`, `stopped`
    /// and so on; reasons with none are left out.
    public let drops: [String: UInt64]
}

/// A simulated run that was not the same the second time.
public struct UnrepeatableRun: Error, Equatable, CustomStringConvertible {
    /// What differed, and with what it can be seen again.
    public let description: String
}

/// A run in which an element was neither handled nor dropped for a reason: a defect of Weir.
public struct UnbalancedBooks: Error, Equatable, CustomStringConvertible {
    /// What was taken, and what became of it.
    public let description: String
}

/// How a pipeline is run in memory, besides its seed.
public struct RunOptions: Sendable {
    /// What sources of bytes read, by name; a source that is not named reads nothing.
    public var inputs: [String: [UInt8]] = [:]
    /// The pipeline's parameters.
    public var settings: [String: String] = [:]
    /// Elements from each source; nil for the pipeline's own.
    public var limit: UInt64?
    /// Subtasks of each keyed stage; nil for the pipeline's own.
    public var parallelism: Int?
    /// The minimum level of log records that are kept.
    public var logLevel = LogLevel.info
    /// The run's start, in whole microseconds.
    public var started = Instant(nanoseconds: 1_700_000_000_000_000_000)

    /// The pipeline's own settings, and nothing to read.
    public init() {}
}

extension Pipeline {
    /// Runs on one thread and a virtual clock, with a schedule drawn from `seed`; twice.
    ///
    /// Nothing outside is touched: sources of bytes read `inputs`, rows stay in memory, generators
    /// do not wait. Blocks until the end of input; `limit` or the pipeline's own ends generators.
    ///
    /// - Throws: `UnrepeatableRun` when the second run differs from the first, which says that
    ///   something the engine does not control decides; `PlanError` for settings it refuses;
    ///   `UnbalancedBooks` when an element was lost without a reason.
    public func simulate(
        seed: UInt64, inputs: [String: [UInt8]] = [:], settings: [String: String] = [:],
        limit: UInt64? = nil
    ) throws -> PipelineRun {
        var options = RunOptions()
        options.inputs = inputs
        options.settings = settings
        options.limit = limit
        return try simulate(seed: seed, options)
    }

    /// The same with all options.
    public func simulate(seed: UInt64, _ options: RunOptions) throws -> PipelineRun {
        let first = try MemoryRun(self, seed: seed, options, workers: nil).run()
        let second = try MemoryRun(self, seed: seed, options, workers: nil).run()
        guard let difference = first.difference(from: second) else { return first }
        throw UnrepeatableRun(
            description: "two simulated runs of \(name) with seed \(seed) differ in \(difference)")
    }

    /// Runs on threads, recorded to nowhere, as fast as it goes; once, since no two are alike.
    package func runInParallel(
        seed: UInt64, workers: Int, _ options: RunOptions
    ) throws -> PipelineRun {
        try MemoryRun(self, seed: seed, options, workers: workers).run()
    }
}

extension PipelineRun {
    /// The first part in which two runs differ, in words; nil where they are equal. The order is
    /// that of usefulness: other steps explain other rows.
    func difference(from other: PipelineRun) -> String? {
        if steps != other.steps { return "their steps: \(steps) and \(other.steps)" }
        if rows != other.rows { return "their rows" }
        if violations != other.violations { return "their violations" }
        if logs != other.logs { return "their log records" }
        if digest != other.digest { return "their final state" }
        if drops != other.drops { return "what they dropped" }
        return self == other ? nil : "how they ended"
    }
}
