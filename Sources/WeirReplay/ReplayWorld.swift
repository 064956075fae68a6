import WeirBase
package import WeirEngine
package import WeirTelemetry

/// What a replay reads besides the schedule.
package struct RecordedOutside {
    /// The next block of a source, in order; nil when there is none.
    package var nextInput: (_ source: Int) throws -> InputBlock?
    /// The result of a call; nil when it was not recorded.
    package var result: (_ subtask: UInt16, _ call: UInt64) throws -> [UInt8]?
    /// How the run named what a source read.
    package var location: (_ source: Int) -> String?

    /// Whether the run could have read again what it had not taken: a file that was not followed.
    package var isRepeatable: (_ source: Int) -> Bool

    package init(
        nextInput: @escaping (Int) throws -> InputBlock?,
        result: @escaping (UInt16, UInt64) throws -> [UInt8]?,
        location: @escaping (Int) -> String? = { _ in nil },
        isRepeatable: @escaping (Int) -> Bool = { _ in true }
    ) {
        self.location = location
        self.nextInput = nextInput
        self.result = result
        self.isRepeatable = isRepeatable
    }
}

/// The world of a replay: answers from a trace what the outside answered then, and compares what
/// the run does with what it did.
package final class ReplayWorld: World, @unchecked Sendable {
    // Unchecked: a replay runs one step at a time; whoever has the baton is here alone.

    package let started: Int64
    private let schedule: RecordedSchedule
    private let outside: RecordedOutside
    private let rowFeeds: [Int: any RowFeed]
    private let lane: LogLane?
    /// Set once the director exists; told of the first disagreement.
    package weak var director: ReplayDirector?
    /// Called after each turn with the records its lane holds.
    package var onLogs: ((LogBatch) -> Void)?
    package private(set) var marks: [Mark] = []
    /// Called with each violation and failure that the replay finds.
    package var onMark: ((Mark) -> Void)?
    /// Called with the sample of values of each turn that took one.
    var onSample: ((_ turn: UInt64, _ sample: UInt64) -> Void)?
    package private(set) var compared: UInt64 = 0
    /// The first turn that ended here and whose end was not recorded.
    package private(set) var leastUncompared: UInt64?
    /// By subtask: the last turn whose sampled values agreed.
    private var agreedSamples: [UInt16: UInt64] = [:]
    private var failure: (any Error)?
    private var isAbandoned = false

    /// A world that answers from a trace; rows go to `rows`, or nowhere.
    package init(
        started: Int64, schedule: RecordedSchedule, outside: RecordedOutside,
        rows: [Int: any RowFeed] = [:], logLane: LogLane? = nil
    ) {
        self.started = started
        self.schedule = schedule
        self.outside = outside
        rowFeeds = rows
        lane = logLane
    }

    /// Why the trace could not be read on; nil when it could.
    package var readFailure: (any Error)? { failure }

    package func clock() -> Int64 { 0 }
    package func reserve(_ slots: Int, _ turn: TurnContext) {}
    package func release(_ slots: Int, _ turn: TurnContext) {}
    package func began(_ choice: Choice, _ turn: TurnContext) {}
    package func accessed(step: UInt64, cell: UInt16, _ turn: TurnContext) {}
    package func rested(step: UInt64, state: StateDigest) {}
    package func submit(_ call: PendingCall) {}
    package func answered(_ subtask: Subtask, atMost: Int) -> [UInt64] { [] }
    package func logLane(worker: Int) -> LogLane? { lane }

    /// Nothing that turns still do is looked at any more. Between steps only.
    package func abandon() { isAbandoned = true }

    /// Begins with what a replay had found where its snapshot was taken.
    package func begin(marks: [Mark], compared: UInt64) {
        (self.marks, self.compared) = (marks, compared)
    }

    package func marked(_ mark: Mark) {
        if isAbandoned { return }
        onMark?(mark)
        // A replay of a trace with endless violations must not grow without bound.
        if marks.count < Violations.maximumKept { marks.append(mark) }
    }

    package func ended(_ account: TurnAccount, _ turn: TurnContext) {
        if isAbandoned { return }
        drainLogs()
        if let onSample, let sample = account.sample { onSample(turn.step, sample) }
        guard let subtask = turn.subtask else { return }
        let recorded: RecordedSchedule.RecordedEnd
        do {
            guard let end = try schedule.takeEnd(of: turn.step) else {
                leastUncompared = min(leastUncompared ?? turn.step, turn.step)
                return
            }
            recorded = end
        } catch {
            failure = error
            return
        }
        compared += 1
        let emitted = subtask.outlets.map(\.emitted)
        if emitted != recorded.emitted {
            director?.diverge(
                divergence(
                    turn, subtask, expected: "emitted \(recorded.emitted)",
                    got: "emitted \(emitted)"))
        } else if account.accesses != recorded.accesses {
            director?.diverge(
                divergence(
                    turn, subtask, expected: "\(recorded.accesses) accesses to cells",
                    got: "\(account.accesses)"))
        } else if schedule.hasDigests, account.sample != recorded.sample {
            director?.suspect(
                subtask.index,
                divergence(
                    turn, subtask, agreed: agreedSamples[subtask.index] ?? 0,
                    expected: "values \(recorded.sample?.hexadecimal ?? "none")",
                    got: "values \(account.sample?.hexadecimal ?? "none")"))
        } else if account.sample != nil {
            agreedSamples[subtask.index] = turn.step
        }
    }

    private func divergence(
        _ turn: TurnContext, _ subtask: Subtask, agreed: UInt64? = nil, expected: String,
        got: String
    ) -> Divergence {
        Divergence(
            step: turn.step, agreed: agreed, subtask: subtask.name, expected: expected, got: got,
            reason: "other code, or something the run could not control (a clock, a random "
                + "number or the order of a dictionary of its own)")
    }

    /// Hands on what the log lane holds.
    package func drainLogs() {
        if let batch = lane?.drain(worker: 0) { onLogs?(batch) }
    }

    package func publishing(
        step: UInt64, outlet: UInt16, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]? {
        guard let subtask = turn.subtask else { return nil }
        let recorded = director?.takePublish()
        guard let recorded, let outcomes = DropRun.unpack(recorded.words.map { UInt8($0 & 0xFF) })
        else { return nil }
        // A full `fail` edge noted no runs: nothing was published there.
        if outcomes.isEmpty { return nil }
        let decided = decide()
        if decided != outcomes {
            director?.diverge(
                Divergence(
                    step: step, subtask: subtask.name,
                    expected: "\(recorded.note.count) messages published as recorded",
                    got: "\(offered) messages, of which others were dropped"))
            return decided
        }
        return outcomes
    }

    package func input(of source: SourcePlan) throws -> any InputFeed {
        ReplayInput(
            location: outside.location(source.index),
            isRepeatable: outside.isRepeatable(source.index)
        ) { [weak self] in
            guard let self, !isAbandoned else { return nil }
            do { return try outside.nextInput(source.index) } catch {
                // The first failure tells where; what follows it reads on from a wrong place.
                failure = failure ?? error
                return nil
            }
        }
    }

    package func rows(of sink: SinkPlan) throws -> any RowFeed {
        rowFeeds[sink.index] ?? DiscardedRows()
    }

    package func results(_ calls: [UInt64], of subtask: Subtask) -> [[UInt8]?] {
        calls.map { call in
            do { return try outside.result(subtask.index, call) } catch {
                failure = failure ?? error
                return nil
            }
        }
    }
}

/// The blocks of a source as a trace has them.
private final class ReplayInput: InputFeed {
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

/// Rows that nobody wants.
private final class DiscardedRows: RowFeed {
    private(set) var account = RowAccount()

    func offer(_ rows: [UInt8], count: Int) -> Bool {
        account.written += UInt64(count)
        return true
    }

    func finish() {}
}
