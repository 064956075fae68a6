import WeirBase
import WeirTelemetry

/// State and timers of a keyed `process`, in one subtask.
///
/// For each element its kernel finds the key's state in the table, calls the closure with it, and
/// registers the timers that it asked for. Due timers come from two sides: those of event time when
/// a watermark passes (`pass`), those of processing time in a timer turn (`fireDue`). Both call
/// `onTimer` with the key's state. Everything it emits is flushed before the call returns.
final class KeyedProcess<
    Key: Hashable & Codable & Sendable, State: Codable & Sendable, Output: Sendable
> {
    /// What calls `onTimer`; nil without one.
    private let timerKernels: TimerKernels?
    private let core: UnsafeMutablePointer<KeyedCore<Key, State, Output>>
    private let room = OutputRoom<Output>(takesTimers: true)
    /// The state's number among those that conditions name; nil where none can.
    private let number: Int?

    let partName: String

    init(
        name: String, initial: State, spec: KeyedStateSpec<Key, State>? = nil,
        limits: TimerLimits = .standard, timerKernels: TimerKernels? = nil
    ) {
        partName = name
        number = spec?.index
        self.timerKernels = timerKernels
        core = .allocate(capacity: 1)
        core.initialize(
            to: KeyedCore(
                initial: initial, output: room.buffer,
                conditions: KeyChecks(spec?.invariants ?? []), limits: limits))
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
    }

    private var table: KeyedTable<Key, State> { core.pointee.table }

    /// The operator's link around a kernel of `KeyedCore`.
    func link(_ kernel: @escaping Kernel) -> Link {
        Link(
            name: partName, room: UnsafeMutableRawPointer(core), owner: self, state: self,
            kernel: kernel)
    }

    /// Fires every event-time timer that the watermark has passed, those included that these set
    /// meanwhile: the watermark goes on when none is left.
    private func fireEventTimers(
        passedBy watermark: Instant, _ frame: UnsafeMutablePointer<Frame>
    ) {
        // Timers with a higher number were set in the course of this advance, by timers.
        let known = core.pointee.timers.event.registrations
        let limits = core.pointee.timers.account.limits
        var chains: [[UInt8]: Int] = [:]
        while frame.pointee.failure == nil,
            let timer = core.pointee.timers.event.takeTimer(passedBy: watermark)
        {
            // Only such timers can go on without end, so only they are counted, for each key by
            // itself.
            if timer.registration > known {
                chains[timer.keyBytes, default: 0] += 1
                if let length = chains[timer.keyBytes], length > limits.chain {
                    let key = core.pointee.timers.event.takeKey(of: timer)
                    core.pointee.timers.account.drop(1, frame)
                    frame.pointee.fail(
                        EndlessTimers(
                            key: "\(key)", count: limits.chain,
                            time: Instant(nanoseconds: timer.deadline), watermark: watermark))
                    break
                }
            }
            beginFiring(frame)
            if let timerKernels {
                timerKernels.fireEvent(timer, frame, core)
            } else {
                _ = core.pointee.timers.event.takeKey(of: timer)
            }
        }
        assert(
            frame.pointee.failure != nil
                || core.pointee.timers.event.earliest ?? .max >= watermark.nanoseconds,
            "the watermark \(watermark) goes on and has passed a timer that did not fire")
        room.buffer.pointee.flush(frame)
    }

    /// Counts a timer whose closure is called next.
    private func beginFiring(_ frame: UnsafeMutablePointer<Frame>) {
        core.pointee.timers.account.book.fired += 1
        let book = core.pointee.timers.account.book
        assert(book.fired <= book.set, "\(book.fired) timers fired of \(book.set) that were set")
        // Many timers may fire in one turn: each closure's emission is bounded, as many of them as
        // there may be timers.
        frame.pointee.emittedBytes = .zero
    }
}

extension KeyedProcess: OperatorState {
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        switch control {
        case .watermark(let instant): fireEventTimers(passedBy: instant, frame)
        // Event-time timers have all fired with the last watermark.
        case .end: core.pointee.timers.dropAtEnd(frame)
        case .idle, .active: break
        }
    }

    /// The state that the turn touched last.
    func sample(into hash: inout SampleHash) -> Int {
        guard let state = core.pointee.touched else { return 0 }
        core.pointee.touched = nil
        return hash.combine(value: state.pointee)
    }

    func digest(into hash: inout StableHash) {
        table.digest(into: &hash)
        core.pointee.timers.digest(into: &hash)
    }

    struct Snapshot {
        var table: KeyedTable<Key, State>
        var timers: KeyedTimers<Key>
        /// The keys, in canonical form, for which each condition did not hold; nil without any.
        var broken: [Set<[UInt8]>]?
    }

    func save() -> Saved<Snapshot> {
        let timers = core.pointee.timers
        return Saved(
            Snapshot(
                table: table.copy(), timers: timers, broken: core.pointee.conditions?.broken),
            bytes: table.estimatedBytes + timers.event.bytes + timers.processing.bytes)
    }

    func restore(_ snapshot: Snapshot) {
        assert(
            table.count == 0,
            "\(partName) takes a saved state in and has \(table.count) keys")
        // A copy: the snapshot may be restored again.
        core.pointee.table = snapshot.table.copy()
        core.pointee.timers = snapshot.timers
        if let broken = snapshot.broken { core.pointee.conditions?.broken = broken }
    }

    var held: UInt64 { 0 }
    var view: (any StateView)? { self }
    var timers: (any OperatorTimers)? { self }
    var calls: (any CallPort)? { nil }
    var checks: (any StateChecks)? { core.pointee.hasConditions ? self : nil }
}

extension KeyedProcess: OperatorTimers, StateView, StateChecks {
    var nextDeadline: Int64? { core.pointee.timers.processing.order.earliest }

    func fireDue(_ frame: UnsafeMutablePointer<Frame>) {
        for entry in core.pointee.timers.processing.takeDue(at: frame.pointee.now) {
            // Taken out already: behind a failure it is dropped, or the books would miss it.
            if frame.pointee.failure != nil {
                core.pointee.timers.account.drop(1, frame)
                continue
            }
            beginFiring(frame)
            withUnsafePointer(to: entry.key) { key in
                timerKernels?.fire(key, entry.deadline, frame, core)
            }
        }
        room.buffer.pointee.flush(frame)
    }

    var account: TimerAccount? {
        TimerAccount(book: core.pointee.timers.account.book, waiting: core.pointee.timers.waiting)
    }

    func list(_ list: inout EntryList) { table.list(&list) }
    func key(named text: String) -> Any? { table.key(named: text) }
    func value(of key: Any) -> Any? { (key as? Key).flatMap { table.value(of: $0) } }

    func check(_ turn: TurnContext) { core.pointee.conditions?.check(table, turn) }

    var watched: WatchedTable? {
        number.map { number in WatchedTable(state: number) { [self] in table } }
    }
}
