package import WeirBase

/// What is known of a run before its first turn; the first thing in its trace.
///
/// `RunSession` fills it in from the options and the plan, the writer keeps it as JSON, and a
/// replay takes from it everything it needs to build the same plan. What a later build adds
/// is optional, so that older traces stay readable.
package struct RunHeader: Codable, Equatable, Sendable {
    /// Names the run: random, 32 hex digits. The lane file beside the trace carries it too.
    package var run: String
    package var pipeline: String
    /// The version the pipeline's author gave it.
    package var version: String
    /// `StableHash` over the plan's names, operators, edges, parallelism, capacities and
    /// policies, as 16 hex digits. A replay with another plan is refused.
    package var plan: String
    /// What every random number of the run comes from.
    package var seed: UInt64
    /// How many workers it had; 0 for a simulated run.
    package var workers: Int
    /// Wall-clock time of the run's start, cut to microseconds.
    @EpochNanoseconds package var started: Instant
    /// The pipeline's settings as they were given, by name.
    package var settings: [String: String]
    /// The arguments of the command.
    package var arguments: [String]
    /// How many elements each source gives before it ends; nil without a limit.
    package var limit: UInt64?
    /// The parallelism that was asked for; nil when the pipeline's own holds.
    package var parallelism: Int?
    package var logLevel: String
    package var onViolation: String
    package var environment: [String: String]
    package var recordedWith: BuildInfo
    /// The sources in the order of their numbers in input blocks.
    package var sources: [SourceInfo]
    package var sinks: [String]
    /// The subtasks in the order of their numbers in the schedule.
    package var subtasks: [SubtaskInfo]
    package var edges: [EdgeInfo]
    /// The names of the shared cells, in the order of their numbers in accesses.
    package var cells: [String]
    package var invariants: [String]
    /// Which form its digests have; nil in traces older than forms. Digests of different
    /// forms say nothing about each other and are not compared.
    package var digestForm: Int?

    /// The maximum number of sources, of subtasks and of cells: notes have 16 bits for the number
    /// of each. A header with more is taken for damage.
    package static let maximumNumbered = 1 << 16

    /// What the header numbers and has too many of, in a few words; nil where every number fits.
    package var tooManyNumbered: String? {
        let lists = [
            ("sources", sources.count), ("subtasks", subtasks.count), ("cells", cells.count),
        ]
        return lists.first { $0.1 > Self.maximumNumbered }.map { "\($0.1) \($0.0)" }
    }

    /// The form of its digests; nil for one that this build does not compute and so cannot compare.
    package var digests: DigestForm? { digestForm.flatMap { DigestForm(rawValue: $0) } }

    package init(run: String, pipeline: String, version: String, plan: String, seed: UInt64) {
        self.run = run
        self.pipeline = pipeline
        self.version = version
        self.plan = plan
        self.seed = seed
        workers = 0
        started = Instant(nanoseconds: 0)
        settings = [:]
        arguments = []
        logLevel = "info"
        onViolation = "count"
        environment = [:]
        recordedWith = BuildInfo(version: "", build: "", toolchain: "")
        sources = []
        sinks = []
        subtasks = []
        edges = []
        cells = []
        invariants = []
        digestForm = DigestForm.current.rawValue
    }
}

/// Which build of the program recorded a trace.
package struct BuildInfo: Codable, Equatable, Sendable {
    /// Weir's version.
    package var version: String
    /// `StableHash` of the executable file, 16 hex digits.
    package var build: String
    package var toolchain: String

    package init(version: String, build: String, toolchain: String) {
        self.version = version
        self.build = build
        self.toolchain = toolchain
    }
}

/// A source of the run. Its index in the header's list is its number in input blocks.
package struct SourceInfo: Codable, Equatable, Sendable {
    package var name: String
    /// `generator` or `bytes`.
    package var kind: String
    /// A path, `-` for standard input, or empty for a generator.
    package var location: String
    /// The absolute path of a file whose bytes are not in the trace; nil where they are.
    package var path: String?
    package var byteCount: ByteCount?
    /// Whether it could be read again, as a file can that is not followed. Nil in older
    /// traces.
    package var isRepeatable: Bool?

    package init(name: String, kind: String, location: String) {
        self.name = name
        self.kind = kind
        self.location = location
    }
}

/// A subtask of the plan. Its index in the header's list is its number in the schedule.
package struct SubtaskInfo: Codable, Equatable, Sendable {
    package var stage: String
    /// Its index within the stage.
    package var index: Int
    /// The channels that it reads, in the order of its inlets: `parse/0>enrich/1`.
    package var inlets: [String]
    /// The channels that it writes, in the order of its outlets; behind them the sink, if it
    /// writes one.
    package var outlets: [String]
    /// The source that it reads, as an index in the header's list; nil for any other subtask.
    package var source: Int?

    package init(stage: String, index: Int, inlets: [String], outlets: [String], source: Int?) {
        self.stage = stage
        self.index = index
        self.inlets = inlets
        self.outlets = outlets
        self.source = source
    }
}

/// An edge between two stages, which has a channel for each pair of subtasks that may talk.
package struct EdgeInfo: Codable, Equatable, Sendable {
    package var from: String
    package var to: String
    /// How many messages each of its channels holds.
    package var capacity: Int
    /// What happens when one is full: block, or how it drops.
    package var policy: String

    package init(from: String, to: String, capacity: Int, policy: String) {
        self.from = from
        self.to = to
        self.capacity = capacity
        self.policy = policy
    }
}

/// What is known of a run when it has ended; the last thing in its trace. A replay is held
/// against it.
package struct RunEnd: Codable, Equatable, Sendable {
    /// Why it ended: `finished`, `interrupted`, `violation`, `error` or `stopped`.
    package var cause: String
    /// The last step, and so how many there were.
    package var steps: Step
    package var turns: TurnCount
    /// Elements taken from all sources.
    package var events: UInt64
    package var durationNanoseconds: UInt64
    /// The digest of the final state, 16 hex digits; nil in older traces of runs that were
    /// stopped.
    package var stateDigest: String?
    /// The digests of the state's parts in the plan's order, subtasks and then cells; nil in
    /// older traces. They tell where two final states differ.
    package var parts: [PartDigest]?
    package var sinks: [SinkDigest]
    /// How many times an invariant or expectation did not hold.
    package var violations: UInt64
    /// Log records that found no room in their worker's lane; nil in older traces.
    package var logsDropped: UInt64?
    /// Metric samples and incidents that found the recorder's inbox full.
    package var offersDropped: UInt64?
    /// Of these, incidents.
    package var marksDropped: UInt64?

    package init(cause: String, steps: Step, turns: TurnCount, events: UInt64) {
        self.cause = cause
        self.steps = steps
        self.turns = turns
        self.events = events
        durationNanoseconds = 0
        sinks = []
        violations = 0
    }
}

/// The final state of one subtask or cell.
package struct PartDigest: Codable, Equatable, Sendable {
    /// `enrich/1`, `cell stock`.
    package var part: String
    /// 16 hex digits.
    package var digest: String

    package init(part: String, digest: String) {
        self.part = part
        self.digest = digest
    }
}

/// What one sink wrote, as two hashes: one of the rows in their order, one that is free of
/// it.
package struct SinkDigest: Codable, Equatable, Sendable {
    package var sink: String
    package var rows: UInt64
    /// The hash of the rows in their order, 16 hex digits.
    package var ordered: String
    /// The sum of the rows' hashes, 16 hex digits: equal for the same rows in any order.
    package var unordered: String

    package init(sink: String, rows: UInt64, ordered: String, unordered: String) {
        self.sink = sink
        self.rows = rows
        self.ordered = ordered
        self.unordered = unordered
    }
}

extension [SubtaskInfo] {
    /// The subtask with an index of the plan; nil where a damaged trace names one that is not
    /// there.
    package subscript(index: SubtaskIndex) -> SubtaskInfo? {
        index.isWithin(self) ? self[index.offset] : nil
    }
}
