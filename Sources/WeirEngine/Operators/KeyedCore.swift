public import WeirBase

/// What fires timers in the room of a keyed `process`: it calls the user's closure with the key and
/// its state. Made at the user's call site, as kernels are.
@usableFromInline
struct TimerKernels {
    /// Fires a timer of the key that lies at an address.
    @usableFromInline
    typealias Fire = (
        _ key: UnsafeRawPointer, _ deadline: Int64, _ frame: UnsafeMutablePointer<Frame>,
        _ room: UnsafeMutableRawPointer
    ) -> Void
    /// Fires a timer of event time that was just taken out of its order.
    @usableFromInline
    typealias FireEvent = (
        _ timer: TimerOrder.Taken, _ frame: UnsafeMutablePointer<Frame>,
        _ room: UnsafeMutableRawPointer
    ) -> Void

    let fire: Fire
    let fireEvent: FireEvent

    @usableFromInline
    init(fire: @escaping Fire, fireEvent: @escaping FireEvent) {
        (self.fire, self.fireEvent) = (fire, fireEvent)
    }
}

/// What the kernels of a keyed `process` work with, at an address that stays: for each element, and
/// each timer that is due, they find the key's state and call the closure with it.
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
    var conditions: KeyChecks<Key, State>?
    @usableFromInline var timers: KeyedTimers<Key>

    init(
        initial: State, output: UnsafeMutablePointer<OutputBuffer<Output>>,
        conditions: KeyChecks<Key, State>?, limits: TimerLimits
    ) {
        self.initial = initial
        self.output = output
        self.conditions = conditions
        hasConditions = conditions != nil
        timers = KeyedTimers(limits: limits)
    }

    @usableFromInline
    mutating func touch(_ key: Key) { conditions?.touch(key) }

    /// Registers the timers that the closure asked for.
    @inlinable
    mutating func register(_ key: Key, _ frame: UnsafeMutablePointer<Frame>) throws {
        defer { output.pointee.timers.removeAll() }
        try timers.register(output.pointee.timers, key, frame)
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
            let store = core.pointee.table.store
            let output = core.pointee.output
            var taken = frame.pointee.takenBefore
            var last: UnsafeMutablePointer<State>?
            let count = slice.count
            if store.pointee.isLarge { store.pointee.prefetch(slice, key) }
            let done = slice.consume(as: Element.self, frame) { element, time in
                taken += 1
                var context = OperatorContext<Output>(
                    frame: frame, output: output, time: time, index: taken)
                let keyOfElement = key(element)
                // It stays where it is while the closure runs: nothing in it can reach the table.
                let state = store.pointee.value(
                    of: keyOfElement, hash: Canonical.hash(keyOfElement)
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

    /// The kernels of the timers, with the user's closure; nil where there is none.
    @inlinable
    static func timerKernels(
        _ onTimer: (@Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void)?
    ) -> TimerKernels? {
        guard let onTimer else { return nil }
        return TimerKernels(
            fire: { key, deadline, frame, room in
                let core = room.assumingMemoryBound(to: KeyedCore<Key, State, Output>.self)
                let key = key.assumingMemoryBound(to: Key.self).pointee
                fire(key, deadline, frame, core, onTimer)
            },
            fireEvent: { timer, frame, room in
                let core = room.assumingMemoryBound(to: KeyedCore<Key, State, Output>.self)
                fire(
                    core.pointee.timers.event.takeKey(of: timer), timer.deadline, frame, core,
                    onTimer)
            })
    }

    /// Calls the timer closure with a key's state.
    @inlinable
    static func fire(
        _ key: Key, _ deadline: Int64, _ frame: UnsafeMutablePointer<Frame>,
        _ core: UnsafeMutablePointer<KeyedCore>,
        _ onTimer: (Key, inout State, inout OperatorContext<Output>) throws -> Void
    ) {
        var context = OperatorContext<Output>(
            frame: frame, output: core.pointee.output, time: deadline,
            index: frame.pointee.takenBefore)
        let state = core.pointee.table.store.pointee.value(of: key, hash: Canonical.hash(key)) {
            core.pointee.initial
        }
        core.pointee.touched = state
        if core.pointee.hasConditions { core.pointee.touch(key) }
        do {
            try onTimer(key, &state.pointee, &context)
            if core.pointee.output.pointee.timers.isAsked { try core.pointee.register(key, frame) }
        } catch {
            frame.pointee.fail(error)
        }
    }
}

extension KeyedStore where Key: Encodable {
    /// Asks for the memory of a slice's keys, which are about to be looked for in their order.
    @inlinable
    package func prefetch<Element>(_ slice: ElementSlice, _ key: (Element) -> Key) {
        let elements = slice.elements.assumingMemoryBound(to: Element.self)
        let count = slice.count
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { hashes in
            for index in 0..<count {
                hashes.initializeElement(at: index, to: Canonical.hash(key(elements[index])))
            }
            prefetch(UnsafeBufferPointer(hashes))
        }
    }
}
