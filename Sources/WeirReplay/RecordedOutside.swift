package import WeirBase
package import WeirEngine
package import WeirTelemetry

/// The outside of a replay: what it answered the run, read again in the trace.
///
/// Bound and asked as a `LiveOutside` is, by subtasks that cannot tell the two apart. It starts no
/// threads, since nothing here takes time, and does nothing to the outside: rows go where the
/// replay's owner says, or nowhere, and calls are not made.
///
/// What cannot be read does not throw into a turn, which has no way to take it. It is kept as
/// `readFailure`, the source gets nothing, and `Rerun.checkReading` throws it behind the run.
package final class RecordedOutside: Outside, @unchecked Sendable {
    // Unchecked: a replay runs one step at a time; whoever has the baton is here alone.

    /// Where the answers come from: closures over a trace, or over a few values in a test.
    package struct Answers {
        /// The next block of a source, in order; nil when there is none.
        package var nextInput: (_ source: Int) throws -> InputBlock?
        /// The result of a call; nil when it was not recorded.
        package var result: (_ subtask: SubtaskIndex, _ call: UInt64) throws -> [UInt8]?
        /// How the run named what a source read.
        package var location: (_ source: Int) -> String? = { _ in nil }
        /// Whether the run could have read again what it had not taken: a file that was not
        /// followed.
        package var isRepeatable: (_ source: Int) -> Bool = { _ in true }

        package init(
            nextInput: @escaping (Int) throws -> InputBlock?,
            result: @escaping (SubtaskIndex, UInt64) throws -> [UInt8]?
        ) {
            self.nextInput = nextInput
            self.result = result
        }
    }

    package let started: Instant
    private let answers: Answers
    private let rowFeeds: [Int: any RowFeed]
    private let desk: RecordedCalls
    /// The first failure, which tells where; what follows it reads on from a wrong position.
    private var failure: (any Error)?
    private var isAbandoned = false

    /// An outside whose rows go to `rows`, by the sink's index, or nowhere. `started` is the
    /// recorded run's start. `onUnmade` is told when a turn takes the answer of a call that this
    /// replay has not made.
    package init(
        started: Instant, answers: Answers, rows: [Int: any RowFeed] = [:],
        onUnmade: @escaping (Divergence) -> Void
    ) {
        self.started = started
        self.answers = answers
        rowFeeds = rows
        desk = RecordedCalls(result: answers.result, onUnmade: onUnmade)
    }

    /// Why the trace could not be read on; nil when it could.
    package var readFailure: (any Error)? { failure ?? desk.failure }

    /// Sources get nothing more: turns that still run are looked at by nobody.
    package func abandon() { isAbandoned = true }

    /// How many calls each subtask has made, by its number. What a snapshot has to keep of the
    /// outside besides how far its answers were read.
    package var madeCalls: [SubtaskIndex: UInt64] {
        get { desk.made }
        set { desk.made = newValue }
    }

    package var calls: any CallDesk { desk }

    package func input(of source: SourcePlan) throws -> any InputFeed {
        assert(source.readsBytes, "\(source.name) makes its elements and asks for input")
        return RecordedFeed(
            location: answers.location(source.index),
            isRepeatable: answers.isRepeatable(source.index)
        ) { [weak self] in
            guard let self, !isAbandoned else { return nil }
            do { return try answers.nextInput(source.index) } catch {
                failure = failure ?? error
                return nil
            }
        }
    }

    package func rows(of sink: SinkPlan) throws -> any RowFeed {
        rowFeeds[sink.index] ?? DiscardedRows()
    }
}

/// The blocks of one source as a trace has them. All of them are there at once.
private final class RecordedFeed: InputFeed {
    let location: String?
    let isRepeatable: Bool
    private let read: () -> InputBlock?
    private var isOver = false

    init(location: String?, isRepeatable: Bool, _ read: @escaping () -> InputBlock?) {
        self.location = location
        self.isRepeatable = isRepeatable
        self.read = read
    }

    func next() -> InputBlock? { isOver ? nil : read() }
    func cancel() { isOver = true }
}

/// The answers of calls as a trace has them.
///
/// A call is not made again, but that it was made is kept: an answer to a call that nobody made
/// here tells that the code differs.
private final class RecordedCalls: CallDesk, @unchecked Sendable {
    // Unchecked: only whoever has the baton of the replay is here.

    private let result: (SubtaskIndex, UInt64) throws -> [UInt8]?
    private let onUnmade: (Divergence) -> Void
    /// The first failure to read an answer.
    private(set) var failure: (any Error)?
    /// The last call that each subtask made, by its number; operators count them from 1.
    var made: [SubtaskIndex: UInt64] = [:]

    init(
        result: @escaping (SubtaskIndex, UInt64) throws -> [UInt8]?,
        onUnmade: @escaping (Divergence) -> Void
    ) {
        self.result = result
        self.onUnmade = onUnmade
    }

    func submit(_ call: PendingCall) {
        let last = made[call.subtask] ?? 0
        assert(
            call.call > last,
            "subtask \(call.subtask) makes call \(call.call) behind call \(last)")
        made[call.subtask] = call.call
    }

    func take(_ calls: [UInt64], of turn: TurnContext) -> [[UInt8]?] {
        guard let subtask = turn.subtask else { return [] }
        let made = made[subtask.index] ?? 0
        if let unmade = calls.first(where: { $0 > made }) {
            onUnmade(
                Divergence(
                    step: turn.step, subtask: subtask.name,
                    expected: "the answer of call \(unmade)",
                    got: made == 0 ? "no call was made" : "the last call made was \(made)",
                    reason: "other code: it calls less often than it did then"))
        }
        return calls.map { call in
            do { return try result(subtask.index, call) } catch {
                failure = failure ?? error
                return nil
            }
        }
    }
}

/// Rows that nobody wants. They count as written, so that the books balance.
private final class DiscardedRows: RowFeed {
    private(set) var account = RowAccount()

    func offer(_ rows: [UInt8], count: Int) -> Bool {
        account.written += UInt64(count)
        return true
    }

    func finish() {}
}
