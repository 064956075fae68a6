import WeirBase
package import WeirTelemetry

/// What the outside answers an execution: what sources read, where rows go, what calls bring back.
///
/// Everything that a run cannot compute from its plan and its schedule comes through here, and all
/// of it is in the trace. A run that happens has a `LiveOutside`, which asks files, pipes and
/// threads; a replay has a `RecordedOutside`, which reads the same answers in the trace. Subtasks
/// ask without knowing which of the two they talk to. Feeds are asked for while a plan is bound,
/// before the first turn; calls only by the thread that runs a turn.
package protocol Outside: AnyObject, Sendable {
    /// The run's start, nanoseconds since 1970, whole microseconds.
    var started: Int64 { get }

    /// The input of a source that reads bytes.
    func input(of source: SourcePlan) throws -> any InputFeed

    /// Where a sink's rows go.
    func rows(of sink: SinkPlan) throws -> any RowFeed

    /// Takes the calls that operators make, and has their answers.
    var calls: any CallDesk { get }
}

/// Takes asynchronous calls and has their answers until a completion turn takes them.
package protocol CallDesk: AnyObject, Sendable {
    /// An operator made a call. Its answer, if one ever comes, is taken by a later turn.
    func submit(_ call: PendingCall)

    /// The answers that a completion turn takes; nil entries need none.
    func take(_ calls: [UInt64], of turn: TurnContext) -> [[UInt8]?]
}

/// A call on its way to an executor.
package struct PendingCall: Sendable {
    package let subtask: UInt16
    /// Counted from 1 by the operator that makes it.
    package let call: UInt64
    /// Gives the result; nil when there will never be one.
    package let body: @Sendable () -> [UInt8]?

    package init(subtask: UInt16, call: UInt64, body: @escaping @Sendable () -> [UInt8]?) {
        self.subtask = subtask
        self.call = call
        self.body = body
    }
}

/// The blocks of one source, in order, as its subtask takes them.
package protocol InputFeed: AnyObject {
    /// How the run named what is read, for errors; the same in a replay. Nil where it has no name.
    var location: String? { get }
    /// Whether what was read and not taken can be read again: a file that is not followed.
    var isRepeatable: Bool { get }
    /// Blocks that were read and that nobody will take; after the last turn.
    var rest: [InputBlock] { get }
    /// The next block; nil when none is there yet. Never blocks in a parallel run.
    func next() -> InputBlock?
    /// No more blocks will be taken.
    func cancel()
}

/// Where the rows of one sink go, on their way to a thread that writes them.
package protocol RowFeed: AnyObject {
    /// Takes `count` rows if there is room.
    func offer(_ rows: [UInt8], count: Int) -> Bool
    /// No more rows will come.
    func finish()
    /// What became of the rows that were taken; after the last turn.
    var account: RowAccount { get }
    /// How long rows waited to be written; nil where they go nowhere that takes time.
    var writeLatency: LatencyCounts? { get }
}

extension RowFeed {
    package var writeLatency: LatencyCounts? { nil }
}

extension InputFeed {
    package var rest: [InputBlock] { [] }
}

/// What became of rows that were handed over.
package struct RowAccount: Equatable, Sendable {
    /// The sink took them.
    package var written: UInt64 = 0
    /// The sink failed before it took them.
    package var unwritten: UInt64 = 0

    package init(written: UInt64 = 0, unwritten: UInt64 = 0) {
        self.written = written
        self.unwritten = unwritten
    }
}
