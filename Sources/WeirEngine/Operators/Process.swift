import WeirBase
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
        adding(name, state, nil, onTimer, body)
    }

    /// The same with a state that conditions name: `flow.invariant(_:on:_:)`.
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
        adding(name, state.initial, stream.flow.spec(of: state), onTimer, body)
    }

    private func adding<State: Codable & Sendable, Output: Sendable>(
        _ name: String?, _ state: State, _ spec: KeyedStateSpec<Key, State>?,
        _ onTimer: KeyedProcess<Key, State, Output>.TimerBody?,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        let key = key
        let node = adding(
            name, "process", outputs: [TypedForm<Output>()], to: Output.self
        ) { context in
            KeyedProcess<Key, State, Output>(
                name: context.name, initial: state, onTimer: onTimer, spec: spec
            ).link { (element: consuming Element) in
                key(element)
            } body: {
                try body($0, &$1, &$2)
            }
        }
        spec?.operators.append(node.planName)
        return DataStream<Output>(stream.flow, StreamPort(node: node.id, output: 0))
    }
}

/// State and timers of a keyed `process`, in one subtask.
///
/// For each element the kernel finds the key's state in the table, calls the closure with it, and
/// registers the timers that it asked for. Due timers come from two sides: those of event time when
/// a watermark passes (`pass`), those of processing time in a timer turn (`fireDue`). Both call
/// `onTimer` with the key's state. Everything it emits is flushed before the call returns.
final class KeyedProcess<
    Key: Hashable & Codable & Sendable, State: Codable & Sendable, Output: Sendable
> {
    typealias TimerBody = @Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void

    private let initial: State
    private let onTimer: TimerBody?
    /// Every key that was ever seen: an entry is never taken out.
    private var table = KeyedTable<Key, State>(isSame: Canonical.areSame)
    private let room = OutputRoom<Output>()
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
    private var conditions: KeyChecks<Key, State>?
    /// The state that the running turn touched last, for its sample; valid until the table changes.
    private var touched: UnsafeMutablePointer<State>?

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
        conditions = KeyChecks(spec?.invariants ?? [])
        self.initial = initial
        self.onTimer = onTimer
    }

    /// The operator's link, with the user's closures in its kernel.
    func link<Element>(
        key: @escaping (Element) -> Key,
        body:
            @escaping (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> Link {
        // Read in every turn: kept outside of `self`, the pointer is loaded once.
        let output = output
        return Link(name: partName, state: self) { [self] slice, frame, _ in
            var taken = frame.pointee.takenBefore
            var last: UnsafeMutablePointer<State>?
            let count = slice.count
            let done = slice.consume(as: Element.self, frame) { element, time in
                taken += 1
                var context = OperatorContext<Output>(
                    frame: frame, output: output, time: time, index: taken)
                let keyOfElement = key(element)
                let hash = Canonical.hash(keyOfElement)
                // The slot stays where it is while the closure runs: nothing in it can reach the
                // table.
                let state = table.slot(for: keyOfElement, hash: hash) { initial }
                last = state
                conditions?.touch(keyOfElement)
                try body(element, &state.pointee, &context)
                if !context.timers.isEmpty { try register(context.timers, keyOfElement, frame) }
            }
            // Once for the slice, and not for each element.
            touched = last
            frame.pointee.handled(done, of: count)
            output.pointee.flush(frame)
        }
    }

    /// Registers the timers that a closure asked for.
    private func register(
        _ requests: TimerRequests, _ key: Key, _ frame: UnsafeMutablePointer<Frame>
    ) throws {
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
        let state = table.slot(for: entry.key, hash: Canonical.hash(entry.key)) { initial }
        touched = state
        conditions?.touch(entry.key)
        do {
            try onTimer(entry.key, &state.pointee, &context)
            if !context.timers.isEmpty { try register(context.timers, entry.key, frame) }
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
        guard let state = touched else { return 0 }
        touched = nil
        return hash.combine(canonical: state.pointee)
    }

    func digest(into hash: inout StableHash) {
        table.digest(into: &hash)
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
                table: table.copy(), eventTimers: eventTimers, processingTimers: processingTimers,
                droppedTimers: droppedTimers, book: book, broken: conditions?.broken),
            bytes: table.estimatedBytes + ByteCount(of: waiting, TimerQueue<Key>.Entry.self))
    }

    func restore(_ snapshot: Snapshot) {
        assert(table.count == 0, "\(partName) takes a saved state in and has \(table.count) keys")
        // A copy: the snapshot may be restored again.
        table = snapshot.table.copy()
        (eventTimers, processingTimers) = (snapshot.eventTimers, snapshot.processingTimers)
        (droppedTimers, book) = (snapshot.droppedTimers, snapshot.book)
        if let broken = snapshot.broken { conditions?.broken = broken }
    }

    var held: UInt64 { 0 }
    var view: (any StateView)? { self }
    var timers: (any OperatorTimers)? { self }
    var calls: (any CallPort)? { nil }
    var checks: (any StateChecks)? { conditions == nil ? nil : self }
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

    func list(_ list: inout EntryList) { table.list(&list) }
    func key(named text: String) -> Any? { table.key(named: text) }
    func value(of key: Any) -> Any? { (key as? Key).flatMap { table.value(of: $0) } }

    func check(_ turn: TurnContext) { conditions?.check(table, turn) }

    var watched: WatchedTable? {
        number.map { number in WatchedTable(state: number) { [self] in table } }
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
    var takenBefore: UInt32 { chain.map { $0.takeUnretainedValue().taken[operatorIndex] } ?? 0 }
}
