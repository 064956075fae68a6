public import WeirBase
import WeirTelemetry

extension KeyedStream {
    /// Runs a closure per element with the state of its key: for anything that has no name of its
    /// own.
    ///
    /// `state` is what a key begins with. The closure gets it `inout`, and a context to emit, log
    /// and set timers with. `onTimer` is called for a key when one of its timers fires, once for a
    /// time however often it was set.
    ///
    /// Event-time timers fire in order of time and key when the watermark has passed them, before
    /// it goes on: what they emit is on time downstream. Those that `onTimer` sets fire in the
    /// same advance when they are due. At the end of input all fire; a key whose timers set each
    /// other more than 1,048,576 times in one advance is an error, as is a timer beyond 4,194,304
    /// in one subtask. Processing-time timers that are not due at the end are dropped and counted.
    ///
    /// An error thrown by a closure ends the run, naming the operator.
    @inlinable
    public func process<State: Codable & Sendable, Output: Sendable>(
        _ name: String? = nil, state: State, emitting output: Output.Type = Output.self,
        onTimer: (
            @Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void
        )? = nil,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        addingProcess(
            name, state, nil, onTimer,
            KeyedCore<Key, State, Output>.kernel(of: Element.self, key: key, body))
    }

    /// The same with a state that conditions name: `flow.invariant(_:on:_:)`.
    @inlinable
    public func process<State: Codable & Sendable, Output: Sendable>(
        _ name: String? = nil, state: KeyedState<Key, State>,
        emitting output: Output.Type = Output.self,
        onTimer: (
            @Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void
        )? = nil,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        addingProcess(
            name, nil, state, onTimer,
            KeyedCore<Key, State, Output>.kernel(of: Element.self, key: key, body))
    }

    /// Adds a `process` whose kernel was made where the user wrote its closure. Its keys begin with
    /// `initial`, or with what the named state says.
    @usableFromInline
    func addingProcess<State: Codable & Sendable, Output: Sendable>(
        _ name: String?, _ initial: State?, _ named: KeyedState<Key, State>?,
        _ onTimer: (@Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void)?,
        _ kernel: @escaping Kernel
    ) -> DataStream<Output> {
        let spec = named.map { stream.flow.spec(of: $0) }
        guard let initial = initial ?? named?.initial else {
            preconditionFailure("a process without a state")
        }
        let node = adding(
            name, "process", outputs: [TypedForm<Output>()], to: Output.self
        ) { context in
            KeyedProcess<Key, State, Output>(
                name: context.name, initial: initial, onTimer: onTimer, spec: spec
            ).link(kernel)
        }
        spec?.operators.append(node.planName)
        return DataStream<Output>(stream.flow, StreamPort(node: node.id, output: 0))
    }
}

/// What the kernel of a keyed `process` works with, at an address that stays: for each element it
/// finds the key's state and calls the closure with it.
@usableFromInline
struct KeyedCore<
    Key: Hashable & Codable & Sendable, State: Codable & Sendable, Output: Sendable
> {
    /// Every key that was ever seen: an entry is never taken out.
    @usableFromInline var table = KeyedTable<Key, State>(isSame: Canonical.areSame)
    @usableFromInline let output: UnsafeMutablePointer<OutputBuffer<Output>>
    @usableFromInline let initial: State
    /// The state that the running turn touched last, for its sample; valid until the table changes.
    @usableFromInline var touched: UnsafeMutablePointer<State>?
    /// Whether there are conditions on the state.
    @usableFromInline let hasConditions: Bool
    fileprivate var conditions: KeyChecks<Key, State>?
    /// The operator, which keeps this; for what is rarer than an element.
    fileprivate unowned(unsafe) var process: KeyedProcess<Key, State, Output>?

    fileprivate init(
        initial: State, output: UnsafeMutablePointer<OutputBuffer<Output>>,
        conditions: KeyChecks<Key, State>?
    ) {
        self.initial = initial
        self.output = output
        self.conditions = conditions
        hasConditions = conditions != nil
    }

    @usableFromInline
    mutating func touch(_ key: Key) { conditions?.touch(key) }

    /// Registers the timers that the closure asked for.
    @usableFromInline
    func register(_ key: Key, _ frame: UnsafeMutablePointer<Frame>) throws {
        try process?.register(key, frame)
    }

    /// The kernel with the user's closures. It captures nothing else, so that both are specialised
    /// into its loop where they are written.
    @inlinable
    static func kernel<Element>(
        of type: Element.Type, key: @escaping @Sendable (Element) -> Key,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> Kernel {
        { slice, frame, room in
            let core = room.assumingMemoryBound(to: KeyedCore<Key, State, Output>.self)
            let slots = core.pointee.table.slots
            let output = core.pointee.output
            var taken = frame.pointee.takenBefore
            var last: UnsafeMutablePointer<State>?
            let count = slice.count
            let done = slice.consume(as: Element.self, frame) { element, time in
                taken += 1
                var context = OperatorContext<Output>(
                    frame: frame, output: output, time: time, index: taken)
                let keyOfElement = key(element)
                // The slot stays where it is while the closure runs: nothing in it can reach the
                // table.
                let state = slots.pointee.slot(
                    for: keyOfElement, hash: Canonical.hash(keyOfElement)
                ) { core.pointee.initial }
                last = state
                if core.pointee.hasConditions { core.pointee.touch(keyOfElement) }
                try body(element, &state.pointee, &context)
                if output.pointee.timers.isAsked { try core.pointee.register(keyOfElement, frame) }
            }
            // Once for the slice, and not for each element.
            core.pointee.touched = last
            frame.pointee.handled(done, of: count)
            output.pointee.flush(frame)
        }
    }
}

/// State and timers of a keyed `process`, in one subtask.
///
/// For each element its kernel finds the key's state in the table, calls the closure with it, and
/// registers the timers that it asked for. Due timers come from two sides: those of event time when
/// a watermark passes (`pass`), those of processing time in a timer turn (`fireDue`). Both call
/// `onTimer` with the key's state. Everything it emits is flushed before the call returns.
final class KeyedProcess<
    Key: Hashable & Codable & Sendable, State: Codable & Sendable, Output: Sendable
> {
    typealias TimerBody = @Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void

    private let onTimer: TimerBody?
    private let core: UnsafeMutablePointer<KeyedCore<Key, State, Output>>
    private let room = OutputRoom<Output>(takesTimers: true)
    private var output: UnsafeMutablePointer<OutputBuffer<Output>> { room.buffer }
    private let limits: TimerLimits
    private var eventTimers: TimerQueue<Key>
    private var processingTimers: TimerQueue<Key>
    /// Processing-time timers that were left at the end; part of the digest.
    private var droppedTimers = 0
    /// What became of all timers; for the books alone.
    private var book = TimerBook()
    /// The state's number among those that conditions name; nil where none can.
    private let number: Int?

    let partName: String

    init(
        name: String, initial: State, onTimer: TimerBody?, spec: KeyedStateSpec<Key, State>? = nil,
        limits: TimerLimits = .standard
    ) {
        partName = name
        self.limits = limits
        eventTimers = TimerQueue(limit: limits.count)
        processingTimers = TimerQueue(limit: limits.count)
        number = spec?.index
        self.onTimer = onTimer
        core = .allocate(capacity: 1)
        core.initialize(
            to: KeyedCore(
                initial: initial, output: room.buffer,
                conditions: KeyChecks(spec?.invariants ?? [])))
        core.pointee.process = self
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
    }

    /// The operator's link around a kernel of `KeyedCore`.
    func link(_ kernel: @escaping Kernel) -> Link {
        Link(
            name: partName, room: UnsafeMutableRawPointer(core), owner: self, state: self,
            kernel: kernel)
    }

    /// Registers the timers that a closure asked for.
    fileprivate func register(_ key: Key, _ frame: UnsafeMutablePointer<Frame>) throws {
        let requests = output.pointee.timers
        output.pointee.timers.removeAll()
        let bytes = Canonical.bytes(of: key)
        for deadline in requests.event {
            try note(eventTimers.register(key, keyBytes: bytes, deadline: deadline), frame)
        }
        for deadline in requests.processing {
            try note(processingTimers.register(key, keyBytes: bytes, deadline: deadline), frame)
        }
    }

    /// Counts what became of a timer; one too many is the operator's error.
    private func note(
        _ registration: TimerQueue<Key>.Registration, _ frame: UnsafeMutablePointer<Frame>
    ) throws {
        book.set += 1
        switch registration {
        case .added: break
        case .merged: book.merged += 1
        case .refused:
            drop(1, frame)
            throw TimerBound(count: limits.count)
        }
    }

    private func drop(_ count: Int, _ frame: UnsafeMutablePointer<Frame>) {
        book.dropped += UInt64(count)
        assert(
            book.merged + book.fired + book.dropped <= book.set,
            "of \(book.set) timers \(book.merged) were merged, \(book.fired) fired and "
                + "\(book.dropped) dropped")
        frame.pointee.drop(count, .timer)
    }

    /// Fires every event-time timer that the watermark has passed, those included that these set
    /// meanwhile: the watermark goes on when none is left.
    private func fireEventTimers(
        passedBy watermark: Instant, _ frame: UnsafeMutablePointer<Frame>
    ) {
        // Timers with a higher number were set in the course of this advance, by timers.
        let known = eventTimers.registrations
        var chains: [[UInt8]: Int] = [:]
        while frame.pointee.failure == nil,
            let entry = eventTimers.takeFirst(passedBy: watermark)
        {
            // Only such timers can go on without end, so only they are counted, for each key by
            // itself.
            if entry.registration > known {
                chains[entry.keyBytes, default: 0] += 1
                if let length = chains[entry.keyBytes], length > limits.chain {
                    drop(1, frame)
                    frame.pointee.fail(
                        EndlessTimers(
                            key: "\(entry.key)", count: limits.chain,
                            time: Instant(nanoseconds: entry.deadline), watermark: watermark))
                    break
                }
            }
            fire(entry, frame)
        }
        assert(
            frame.pointee.failure != nil
                || eventTimers.earliest ?? .max >= watermark.nanoseconds,
            "the watermark \(watermark) goes on and has passed a timer that did not fire")
        output.pointee.flush(frame)
    }

    /// Calls the timer closure for a timer whose time has come.
    private func fire(_ entry: TimerQueue<Key>.Entry, _ frame: UnsafeMutablePointer<Frame>) {
        // Taken out already: behind a failure it is dropped, or the books would miss it.
        if frame.pointee.failure != nil { return drop(1, frame) }
        book.fired += 1
        assert(book.fired <= book.set, "\(book.fired) timers fired of \(book.set) that were set")
        guard let onTimer else { return }
        // Many timers may fire in one turn: each closure's emission is bounded, as many of them as
        // there may be timers.
        frame.pointee.emittedBytes = .zero
        var context = OperatorContext<Output>(
            frame: frame, output: output, time: entry.deadline, index: frame.pointee.takenBefore)
        let state = core.pointee.table.slot(for: entry.key, hash: Canonical.hash(entry.key)) {
            core.pointee.initial
        }
        core.pointee.touched = state
        core.pointee.touch(entry.key)
        do {
            try onTimer(entry.key, &state.pointee, &context)
            if output.pointee.timers.isAsked { try register(entry.key, frame) }
        } catch {
            frame.pointee.fail(error)
        }
    }
}

extension KeyedProcess: OperatorState {
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        switch control {
        case .watermark(let instant):
            fireEventTimers(passedBy: instant, frame)
        // Event-time timers have all fired with the last watermark; those of processing time will
        // not be due any more.
        case .end:
            let count = processingTimers.removeAll()
            droppedTimers += count
            drop(count, frame)
        case .idle, .active:
            break
        }
    }

    /// The state that the turn touched last.
    func sample(into hash: inout StableHash) -> Int {
        guard let state = core.pointee.touched else { return 0 }
        core.pointee.touched = nil
        return hash.combine(canonical: state.pointee)
    }

    func digest(into hash: inout StableHash) {
        core.pointee.table.digest(into: &hash)
        eventTimers.digest(into: &hash)
        processingTimers.digest(into: &hash)
        hash.combine(UInt64(droppedTimers))
    }

    struct Snapshot {
        var table: KeyedTable<Key, State>
        var eventTimers: TimerQueue<Key>
        var processingTimers: TimerQueue<Key>
        var droppedTimers: Int
        var book: TimerBook
        /// The keys, in canonical form, for which each condition did not hold; nil without any.
        var broken: [Set<[UInt8]>]?
    }

    func save() -> Saved<Snapshot> {
        let waiting = eventTimers.count + processingTimers.count
        return Saved(
            Snapshot(
                table: core.pointee.table.copy(), eventTimers: eventTimers, processingTimers: processingTimers,
                droppedTimers: droppedTimers, book: book, broken: core.pointee.conditions?.broken),
            bytes: core.pointee.table.estimatedBytes + ByteCount(of: waiting, TimerQueue<Key>.Entry.self))
    }

    func restore(_ snapshot: Snapshot) {
        assert(
            core.pointee.table.count == 0,
            "\(partName) takes a saved state in and has \(core.pointee.table.count) keys")
        // A copy: the snapshot may be restored again.
        core.pointee.table = snapshot.table.copy()
        (eventTimers, processingTimers) = (snapshot.eventTimers, snapshot.processingTimers)
        (droppedTimers, book) = (snapshot.droppedTimers, snapshot.book)
        if let broken = snapshot.broken { core.pointee.conditions?.broken = broken }
    }

    var held: UInt64 { 0 }
    var view: (any StateView)? { self }
    var timers: (any OperatorTimers)? { self }
    var calls: (any CallPort)? { nil }
    var checks: (any StateChecks)? { core.pointee.hasConditions ? self : nil }
}

extension KeyedProcess: OperatorTimers, StateView, StateChecks {
    var nextDeadline: Int64? { processingTimers.earliest }

    func fireDue(_ frame: UnsafeMutablePointer<Frame>) {
        for entry in processingTimers.takeDue(at: frame.pointee.now) { fire(entry, frame) }
        output.pointee.flush(frame)
    }

    var account: TimerAccount? {
        TimerAccount(book: book, waiting: eventTimers.count + processingTimers.count)
    }

    func list(_ list: inout EntryList) { core.pointee.table.list(&list) }
    func key(named text: String) -> Any? { core.pointee.table.key(named: text) }
    func value(of key: Any) -> Any? { (key as? Key).flatMap { core.pointee.table.value(of: $0) } }

    func check(_ turn: TurnContext) { core.pointee.conditions?.check(core.pointee.table, turn) }

    var watched: WatchedTable? {
        number.map { number in WatchedTable(state: number) { [self] in core.pointee.table } }
    }
}

extension KeyedTable where Key: Encodable, Value: Encodable {
    /// Adds every entry's canonical form to a digest, as a sum over the entries: their order in the
    /// table depends on how they came.
    func digest(into hash: inout StableHash) {
        var sum: UInt64 = 0
        forEach { key, value in
            var one = StableHash()
            one.combine(canonical: key)
            one.combine(canonical: value)
            sum &+= one.value
        }
        hash.combine(UInt64(count))
        hash.combine(sum)
    }

    /// Adds the entries to a list as one table; what `suffix` says stands behind each key.
    func list(_ list: inout EntryList, suffix: String = "") {
        list.addTable(suffix: suffix) { list in
            forEach { key, value in list.add("\(key)", value) }
        }
    }

    /// The key with this text. Looks at all keys.
    func key(named text: String) -> Key? {
        var found: Key?
        forEach { key, _ in
            if found == nil, "\(key)" == text { found = key }
        }
        return found
    }

    func value(of key: Key) -> Value? {
        existing(key, hash: Canonical.hash(key)).map(\.pointee)
    }

    /// About how many bytes a copy takes, from the canonical form of the first eight entries:
    /// looking at all would cost as much as the copy. Slots are counted twice, since a table is
    /// never full.
    var estimatedBytes: ByteCount {
        var seen = 0
        var coded = 0
        forEach { key, value in
            guard seen < 8 else { return }
            seen += 1
            coded += Canonical.bytes(of: key).count + Canonical.bytes(of: value).count
        }
        let slot = MemoryLayout<Key>.stride + MemoryLayout<Value>.stride + 8
        return ByteCount(count * slot * 2 + (seen == 0 ? 0 : coded * count / seen))
    }
}

extension Frame {
    /// How many elements the running operator had taken before this slice.
    @usableFromInline var takenBefore: UInt32 { chain.map { $0.takeUnretainedValue().taken[operatorIndex] } ?? 0 }
}
