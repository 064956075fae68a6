import DequeModule
import WeirBase
import WeirTelemetry

/// Runs asynchronous calls on threads of its own and keeps their results until a turn takes them.
///
/// `submit` queues a call; a thread runs it, notes its result in its own lane, and only then puts
/// it into the mailbox of the call's subtask and wakes that subtask. A look asks `answered`, and
/// the completion turn that comes of it asks `take`. A result is noted before anybody can see it,
/// because a turn that computed with one which a kill then lost could not be run again.
///
/// Calls in flight are bounded by the operators that make them, and so is the queue. There is a
/// thread for each lane; without lanes there is none, and calls run into their time-outs.
final class CallExecutor: CallDesk, @unchecked Sendable {
    // Unchecked: everything mutable is guarded by `lock`.

    private let lanes: [DataLane]
    private let onResult: @Sendable (SubtaskIndex) -> Void
    private let lock = ConditionLock()
    /// Calls that no thread has begun yet, in the order in which they were made.
    private var waiting = Deque<PendingCall>()
    /// Results that no turn has taken yet, by subtask and in the order of arrival.
    private var mailboxes: [SubtaskIndex: Deque<CallResult>] = [:]
    private var isOver = false
    private var threads: [SystemThread] = []

    init(lanes: [DataLane], onResult: @escaping @Sendable (SubtaskIndex) -> Void) {
        self.lanes = lanes
        self.onResult = onResult
    }

    /// Starts a thread for each lane. Once, before the first turn.
    func start() {
        assert(threads.isEmpty, "the \(threads.count) threads of calls are started again")
        threads = lanes.enumerated().map { number, lane in
            SystemThread("weir-call-\(number)") { [self] in
                while let call = next() { execute(call, lane) }
            }
        }
    }

    func submit(_ call: PendingCall) {
        // Without threads a call is never answered, and its time-out gives it up.
        if lanes.isEmpty { return }
        lock.withLock {
            waiting.append(call)
            lock.signal()
        }
    }

    /// The numbers of calls of a subtask that were answered, the oldest answer first. They stay in
    /// the mailbox until a turn takes them.
    func answered(_ subtask: SubtaskIndex, atMost: Int) -> [UInt64] {
        lock.withLock { mailboxes[subtask]?.prefix(atMost).map(\.call) ?? [] }
    }

    func take(_ calls: [UInt64], of turn: TurnContext) -> [[UInt8]?] {
        guard let subtask = turn.subtask?.index else { return [] }
        return lock.withLock {
            calls.map { call in
                // The look named these numbers, and nothing else takes them: they are there, mostly
                // at the front.
                guard let index = mailboxes[subtask]?.firstIndex(where: { $0.call == call })
                else { return nil }
                return mailboxes[subtask]?.remove(at: index).bytes
            }
        }
    }

    /// Ends the threads and waits for them. Calls that no thread has begun are dropped; one that
    /// runs is waited for.
    func stop() {
        lock.withLock {
            isOver = true
            lock.broadcast()
        }
        threads.forEach { $0.join() }
    }

    /// The next call to run; nil when the run is over. Waits.
    private func next() -> PendingCall? {
        lock.lock()
        defer { lock.unlock() }
        while waiting.isEmpty, !isOver { lock.wait() }
        return isOver ? nil : waiting.popFirst()
    }

    private func execute(_ call: PendingCall, _ lane: DataLane) {
        // A call that will never be answered leaves no result: its time-out ends it.
        guard let bytes = call.body() else { return }
        let result = CallResult(subtask: call.subtask, call: call.call, bytes: bytes)
        let isNoted = lane.note(
            result: call.call, subtask: call.subtask, bytes: bytes,
            isCancelled: { lock.withLock { isOver } })
        Probe.at(.resultNoted)
        // Not noted means that the run is over: nobody will take it.
        if isNoted { deliver(result) }
    }

    /// Lets the result be seen. The wake-up comes behind it and outside the lock.
    private func deliver(_ result: CallResult) {
        lock.withLock { mailboxes[result.subtask, default: []].append(result) }
        onResult(result.subtask)
    }
}
