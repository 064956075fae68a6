import WeirBase
package import WeirTelemetry

/// What the outside answers, and who is told what a run does.
///
/// The live world computes and reports; the replayed world reads a trace and compares. Subtasks
/// cannot tell which they live in.
package protocol World: AnyObject, Sendable {
    /// The run's start, nanoseconds since 1970, whole microseconds.
    var started: Int64 { get }

    /// Processing time, nanoseconds since the run's start.
    func clock() -> Int64

    /// Sets room for notes aside; waits for it with no number and no lock in hand.
    func reserve(_ slots: Int, _ turn: TurnContext)

    /// Gives back room that was not needed.
    func release(_ slots: Int, _ turn: TurnContext)

    /// A turn begins: `turn.step` on `turn.subtask`.
    func began(_ choice: Choice, _ turn: TurnContext)

    /// The turn ended; its output was published once.
    func ended(_ account: TurnAccount, _ turn: TurnContext)

    /// A cell was taken at `step`.
    func accessed(step: UInt64, cell: UInt16, _ turn: TurnContext)

    /// `offered` messages are published to an edge that may drop; says what becomes of them, nil
    /// when the edge is full and fails.
    func publishing(
        step: UInt64, outlet: UInt16, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]?

    /// A rest point was reached at `step`.
    func rested(step: UInt64, state: StateDigest)

    /// An invariant failed, an operator failed; told once each, at its step.
    func marked(_ mark: Mark)

    /// The input of a source that reads bytes.
    func input(of source: SourcePlan) throws -> any InputFeed

    /// Where a sink's rows go.
    func rows(of sink: SinkPlan) throws -> any RowFeed

    /// The log lane of a worker; nil where logs go nowhere.
    func logLane(worker: Int) -> LogLane?

    /// The results of calls that a completion turn takes; nil entries need none.
    func results(_ calls: [UInt64], of subtask: Subtask) -> [[UInt8]?]

    /// Runs a call somewhere else; its result comes back through `results`.
    func submit(_ call: PendingCall)

    /// Numbers of answered calls that no turn has taken yet.
    func answered(_ subtask: Subtask, atMost: Int) -> [UInt64]
}

/// A call on its way to an executor.
package struct PendingCall: Sendable {
    package let subtask: UInt16
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
