package import WeirBase
package import WeirTelemetry

/// What the outside answers an execution: what sources read, where rows go, what calls bring back.
///
/// Everything that a run cannot compute from its plan and its schedule comes through here, and all
/// of it is in the trace. A run that happens has a `LiveOutside`, which asks files, pipes and
/// threads; a replay has a `RecordedOutside`, which reads the same answers in the trace. Subtasks
/// ask without knowing which of the two they talk to.
///
/// `input` and `rows` are asked while a plan is bound, before the first turn and on the binding's
/// thread; each source and each sink keeps the feed that it was given. `calls` is used only by the
/// thread that runs a turn. There is no clock here: what a turn knows of time is the number in its
/// note.
package protocol Outside: AnyObject, Sendable {
    /// The run's start, cut to whole microseconds. The trace has it, so that a replay computes with
    /// the same absolute times.
    var started: Instant { get }

    /// The input of a source that reads bytes. Asked once for each such source, never for
    /// generators.
    ///
    /// - Throws: an error when the source is connected to nothing, or its input cannot be had
    ///   again.
    func input(of source: SourcePlan) throws -> any InputFeed

    /// Where a sink's rows go. Asked once for each subtask of a sink, and a sink has one.
    func rows(of sink: SinkPlan) throws -> any RowFeed

    /// Takes the calls that operators make, and has their answers.
    var calls: any CallDesk { get }
}

/// Takes asynchronous calls and has their answers until a completion turn takes them.
///
/// The order is: an operator makes calls in a turn; behind that turn's end they are submitted; an
/// answer that arrives makes a completion turn possible; that turn takes the answers by their
/// calls' numbers. An answer may never come, which is why each call also has a time-out in its
/// operator.
package protocol CallDesk: AnyObject, Sendable {
    /// An operator made a call. Its answer, if one ever comes, is taken by a later turn. Called
    /// behind the end of the turn that made it, on that turn's thread.
    func submit(_ call: PendingCall)

    /// The answers that a completion turn takes, one for each number in `calls` and in that order.
    /// An entry is nil where the desk has no answer, which only happens for a call that was given
    /// up meanwhile and needs none.
    func take(_ calls: [UInt64], of turn: TurnContext) -> [[UInt8]?]
}

/// A call on its way to an executor, as the operator that made it describes it.
package struct PendingCall: Sendable {
    package let subtask: SubtaskIndex
    /// Counted from 1 by the operator that makes it, in each subtask anew. A call that is made
    /// again after its time-out has a number of its own.
    package let call: UInt64
    /// Asks outside and gives the result; nil when there will never be one. Runs on an executor's
    /// thread, may block there, and never runs in a replay.
    package let body: @Sendable () -> [UInt8]?

    package init(subtask: SubtaskIndex, call: UInt64, body: @escaping @Sendable () -> [UInt8]?) {
        self.subtask = subtask
        self.call = call
        self.body = body
    }
}

/// The blocks of one source, in order, as its subtask takes them.
///
/// A feed has one consumer, the thread that has claimed the source's subtask. What `next` gives is
/// in the trace already, or in the lane that leads there, before it is given: a turn that computed
/// with a block which a kill then lost could not be run again.
package protocol InputFeed: AnyObject {
    /// How the run named what is read, for errors; the same in a replay. Nil where it has no name.
    var location: String? { get }
    /// Whether what was read and not taken can be read again: a file that is not followed. Then
    /// nothing is lost when a run ends early.
    var isRepeatable: Bool { get }
    /// Blocks that were read and that nobody will take. Only meaningful behind the last turn.
    var rest: [InputBlock] { get }
    /// The next block; nil when none is there yet, and behind the last one.
    ///
    /// It never blocks in a parallel run, where a thread reads ahead. In a drawn run, which has no
    /// such thread, it reads by itself and waits for the input.
    func next() -> InputBlock?
    /// No more blocks will be taken: whoever reads ahead may end. May be called more than once.
    func cancel()
}

/// Where the rows of one sink go, on their way to a thread that writes them.
///
/// A feed has one producer, the thread that has claimed the sink's subtask, and one consumer.
package protocol RowFeed: AnyObject {
    /// Takes `count` rows, whole and with their line ends, if there is room; all of them or none.
    /// Where it answers false the sink's subtask is woken once there is room, and offers the same
    /// rows again.
    func offer(_ rows: [UInt8], count: Int) -> Bool
    /// No more rows will come. May be called more than once.
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

/// What became of rows that were handed over. Together the two are all rows that a feed took.
package struct RowAccount: Equatable, Sendable {
    /// Rows that the sink took without an error.
    package var written: UInt64 = 0
    /// Rows that the sink failed before it took, and rows that were taken from the subtask after
    /// that.
    package var unwritten: UInt64 = 0

    package init(written: UInt64 = 0, unwritten: UInt64 = 0) {
        self.written = written
        self.unwritten = unwritten
    }
}
