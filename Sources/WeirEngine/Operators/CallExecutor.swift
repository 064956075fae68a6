import DequeModule
import WeirBase
import WeirTelemetry

/// Runs asynchronous calls on threads of its own and keeps their results until a turn takes them.
///
/// A result is noted in the executor's lane before anybody can see it. Calls in flight are bounded
/// by the operators that make them.
final class CallExecutor: CallDesk, @unchecked Sendable {
    // Unchecked: everything mutable is guarded by `monitor`.

    private let lanes: [DataLane]
    private let onResult: @Sendable (UInt16) -> Void
    private let monitor = Monitor()
    private var waiting = Deque<PendingCall>()
    private var mailboxes: [UInt16: Deque<CallResult>] = [:]
    private var isOver = false
    private var threads: [Worker] = []

    init(lanes: [DataLane], onResult: @escaping @Sendable (UInt16) -> Void) {
        self.lanes = lanes
        self.onResult = onResult
    }

    func start() {
        threads = lanes.enumerated().map { number, lane in
            Worker("weir-call-\(number)") { [self] in
                while let call = next() { execute(call, lane) }
            }
        }
    }

    func submit(_ call: PendingCall) {
        // Without threads a call is never answered, and its time-out gives it up.
        if lanes.isEmpty { return }
        monitor.withLock {
            waiting.append(call)
            monitor.signal()
        }
    }

    func answered(_ subtask: UInt16, atMost: Int) -> [UInt64] {
        monitor.withLock { mailboxes[subtask]?.prefix(atMost).map(\.call) ?? [] }
    }

    func take(_ calls: [UInt64], of turn: TurnContext) -> [[UInt8]?] {
        guard let subtask = turn.subtask?.index else { return [] }
        return monitor.withLock {
            calls.map { call in
                guard let place = mailboxes[subtask]?.firstIndex(where: { $0.call == call })
                else { return nil }
                return mailboxes[subtask]?.remove(at: place).bytes
            }
        }
    }

    func stop() {
        monitor.withLock {
            isOver = true
            monitor.broadcast()
        }
        threads.forEach { $0.join() }
    }

    private func next() -> PendingCall? {
        monitor.lock()
        defer { monitor.unlock() }
        while waiting.isEmpty, !isOver { monitor.wait() }
        return isOver ? nil : waiting.popFirst()
    }

    private func execute(_ call: PendingCall, _ lane: DataLane) {
        guard let bytes = call.body() else { return }
        let result = CallResult(subtask: call.subtask, call: call.call, bytes: bytes)
        #if WEIR_PROBES
            if Probe.has(.resultAfterHandOver) {
                deliver(result)
                for _ in 0..<40 { Probe.at(.handedOver) }
            }
        #endif
        let isNoted = lane.note(
            result: call.call, subtask: call.subtask, bytes: bytes,
            isCancelled: { monitor.withLock { isOver } })
        #if WEIR_PROBES
            Probe.at(.resultNoted)
            if Probe.has(.resultAfterHandOver) { return }
        #endif
        if isNoted { deliver(result) }
    }

    private func deliver(_ result: CallResult) {
        monitor.withLock { mailboxes[result.subtask, default: []].append(result) }
        onResult(result.subtask)
    }
}
