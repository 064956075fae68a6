import WeirBase
import WeirTelemetry

extension DataStream {
    /// Asks something outside for each element, without waiting in a turn.
    ///
    /// `call` runs on a thread of its own; its answer comes back in a turn of kind completion, in
    /// the order of arrival, which is recorded. A call without an answer after `timeout` is made
    /// again, with a number of its own, `attempts` times in all; then `complete` gets nil. At most
    /// `inFlight` calls of a subtask wait for an answer at once: its turns take no more elements
    /// than that leaves room for. What `complete` emits has no event time unless it says one.
    ///
    /// Elements cross to a stage that begins here, so `Element` must be `Codable`; planning says so
    /// otherwise.
    package func callAsync<Output: Sendable>(
        _ name: String? = nil, emitting output: Output.Type = Output.self, inFlight: Int = 4,
        timeout: Duration, attempts: Int = 2,
        call: @escaping @Sendable (Element, _ number: UInt64) -> [UInt8]?,
        complete:
            @escaping @Sendable (
                Element, [UInt8]?, inout OperatorContext<Output>
            ) -> Void
    ) -> DataStream<Output> {
        adding(name, "call", to: Output.self, role: .calling) { context in
            AsyncCalls<Element, Output>(
                name: context.name,
                limits: CallLimits(
                    inFlight: inFlight, timeout: timeout.wholeNanoseconds, attempts: attempts),
                subtask: context.subtask, desk: context.calls, call: call, complete: complete
            ).link()
        }
    }
}

/// How the calls of one operator in one subtask are bounded.
struct CallLimits {
    /// The maximum number of calls that wait for an answer at once.
    let inFlight: Int
    /// How long an attempt may take, nanoseconds of processing time.
    let timeout: Int64
    /// How often a call is made in all before it is given up.
    let attempts: Int
}

/// The calls of one operator in one subtask.
///
/// An element goes through these turns: one takes it and makes its call, which is submitted behind
/// the turn's end; a completion turn takes the answer and calls `complete`; or a timer turn finds
/// its time-out due and makes the call again, or gives it up. Until then the element is held, and
/// the subtask does not end.
///
/// Time-outs are processing-time timers of the engine's own. They outlive the end of input, because
/// without them a call that is never answered would keep the run from ending. Which calls were
/// answered and in which order is in the completion's note, so that a replay, which has no
/// executors, is told.
final class AsyncCalls<Element: Sendable, Output: Sendable> {
    /// A call that waits for its answer.
    fileprivate struct Flight {
        var element: Element
        var attempt: Int
    }

    private let limits: CallLimits
    private let subtask: SubtaskIndex
    private let desk: any CallDesk
    private let call: @Sendable (Element, UInt64) -> [UInt8]?
    private let complete: @Sendable (Element, [UInt8]?, inout OperatorContext<Output>) -> Void
    /// The calls in flight, by their numbers. Its order reaches nothing: digests sort.
    private var flights: [UInt64: Flight] = [:]
    /// When each call in flight is given up. Those of calls that were answered wait with them, as
    /// many as `maximumAnswered`.
    private var timeouts = TimerQueue<UInt64>()
    /// The maximum number of time-outs of answered calls that are kept, 4,096. A time-out is not
    /// taken back with the answer, which would cost a search each time: it comes up and finds
    /// nothing. Where many calls are answered within one time-out they are forgotten together.
    static var maximumAnswered: Int { 4_096 }
    /// Calls made so far, further attempts included: the number of the last.
    private var callCount: UInt64 = 0
    /// Calls made in the running turn.
    private var unsubmitted: [PendingCall] = []
    private let made = OutputRoom<Output>()
    private var output: UnsafeMutablePointer<OutputBuffer<Output>> { made.buffer }
    let partName: String

    init(
        name: String, limits: CallLimits, subtask: SubtaskIndex, desk: any CallDesk,
        call: @escaping @Sendable (Element, UInt64) -> [UInt8]?,
        complete:
            @escaping @Sendable (
                Element, [UInt8]?, inout OperatorContext<Output>
            ) -> Void
    ) {
        partName = name
        self.limits = limits
        self.subtask = subtask
        self.desk = desk
        self.call = call
        self.complete = complete
    }

    func link() -> Link {
        Link(name: partName, state: self) { [self] slice, frame, _ in
            let count = slice.count
            let done = slice.consume(as: Element.self, frame) { element, _ in
                start(element, attempt: 1, now: frame.pointee.now)
            }
            // An element is done when its call is answered or given up; until then it is held.
            if done < count { frame.pointee.drop(count - done, .stopped) }
        }
    }

    private func start(_ element: Element, attempt: Int, now: Int64) {
        callCount += 1
        let number = callCount
        assert(flights[number] == nil, "call \(number) of \(partName) is made twice")
        assert(1...limits.attempts ~= attempt, "attempt \(attempt) of \(limits.attempts)")
        flights[number] = Flight(element: element, attempt: attempt)
        // Rounded up to microseconds, as all deadlines are.
        let (end, isBeyond) = now.addingReportingOverflow(limits.timeout)
        let deadline = TimerDeadline.roundedUp(isBeyond ? .max : end)
        if timeouts.count >= flights.count + Self.maximumAnswered {
            timeouts.removeAll { flights[$0] == nil }
        }
        let registration = timeouts.register(
            number, keyBytes: Canonical.bytes(of: number), deadline: deadline)
        assert(registration == .added, "the time-out of call \(number) is \(registration)")
        let call = call
        // Submitted behind the turn's end: an answer that came earlier could be noted before this
        // turn.
        unsubmitted.append(
            PendingCall(subtask: subtask, call: number) { call(element, number) })
    }

    /// Makes calls again whose time-outs are due, or gives them up.
    private func timeOut(_ frame: UnsafeMutablePointer<Frame>) {
        for entry in timeouts.takeDue(at: frame.pointee.now) {
            // Its call was answered.
            guard let flight = flights.removeValue(forKey: entry.key) else { continue }
            // The element stays held; only the call and its number are new.
            if flight.attempt < limits.attempts {
                start(flight.element, attempt: flight.attempt + 1, now: frame.pointee.now)
            } else {
                finish(flight.element, nil, frame)
            }
        }
        // Once for all time-outs of the turn.
        output.pointee.flush(frame)
    }

    /// The element is done: with an answer, or with nil for a call that was given up.
    private func finish(
        _ element: Element, _ result: [UInt8]?, _ frame: UnsafeMutablePointer<Frame>
    ) {
        var context = OperatorContext<Output>(
            frame: frame, output: output, time: Instant.distantPast.nanoseconds, index: 0)
        complete(element, result, &context)
        frame.pointee.handled(1)
    }
}

extension AsyncCalls {
    /// Walks the time-outs: as they lie in order, one at least for each call in flight, and not too
    /// many of others.
    func checkInvariants() {
        timeouts.checkInvariants()
        precondition(
            flights.count...flights.count + Self.maximumAnswered ~= timeouts.count,
            "\(timeouts.count) time-outs of \(partName) for \(flights.count) calls")
    }
}

extension AsyncCalls: CallPort {
    var room: Int { max(0, limits.inFlight - flights.count) }
    var isWaiting: Bool { !flights.isEmpty }

    func submit() {
        assert(unsubmitted.count <= flights.count, "calls are made that are not in flight")
        for call in unsubmitted { desk.submit(call) }
        unsubmitted.removeAll(keepingCapacity: true)
    }

    func complete(
        _ answers: [(call: UInt64, result: [UInt8]?)], _ frame: UnsafeMutablePointer<Frame>
    ) {
        // A completion turn comes in without a slice, and so without an operator that has it: this
        // one stands first in its chain.
        frame.pointee.operatorIndex = 0
        for answer in answers {
            // An answer that comes after its time-out has nothing to say; the element is with
            // another attempt, or done.
            guard let flight = flights.removeValue(forKey: answer.call) else { continue }
            finish(flight.element, answer.result, frame)
        }
        output.pointee.flush(frame)
    }
}

extension AsyncCalls: OperatorState, OperatorTimers {
    /// Nothing: time-outs outlive the end of input, without which a lost call would never end.
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        assert(
            control != .watermark(.distantFuture) || flights.isEmpty,
            "the end passes \(partName), which holds \(flights.count) calls")
    }

    /// Nothing: what is in flight is in the digest, and its results are sampled when they are
    /// emitted.
    func sample(into hash: inout SampleHash) -> Int { 0 }

    func digest(into hash: inout StableHash) {
        hash.combine(callCount)
        for number in flights.keys.sorted() {
            hash.combine(number)
            hash.combine(UInt64(flights[number]?.attempt ?? 0))
            if let encodable = flights[number]?.element as? any Encodable {
                hash.combine(bytes: Canonical.bytes(of: encodable))
            }
        }
        timeouts.digest(into: &hash)
    }

    struct Snapshot {
        fileprivate var flights: [UInt64: Flight]
        fileprivate var timeouts: TimerQueue<UInt64>
        fileprivate var callCount: UInt64
    }

    func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(
                flights: flights, timeouts: timeouts, callCount: callCount),
            bytes: ByteCount(flights.count * (MemoryLayout<Flight>.stride + 64)))
    }

    func restore(_ snapshot: Snapshot) {
        assert(
            flights.isEmpty && callCount == 0,
            "\(partName) takes a saved state in and has made \(callCount) calls")
        (flights, timeouts) = (snapshot.flights, snapshot.timeouts)
        callCount = snapshot.callCount
    }

    /// The elements whose calls are in flight, one for each.
    var held: UInt64 { UInt64(flights.count) }
    var view: (any StateView)? { nil }
    var timers: (any OperatorTimers)? { self }
    var calls: (any CallPort)? { self }
    var checks: (any StateChecks)? { nil }
    var watched: WatchedTable? { nil }

    var nextDeadline: Int64? { timeouts.earliest }
    func fireDue(_ frame: UnsafeMutablePointer<Frame>) { timeOut(frame) }
    /// Time-outs are no timers that a user set.
    var account: TimerAccount? { nil }
}
