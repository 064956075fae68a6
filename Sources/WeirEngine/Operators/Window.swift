public import WeirBase
import WeirTelemetry

/// How a keyed stream is cut into windows of event time.
public struct WindowAssigner: Sendable, Equatable {
    let width: Duration

    /// Windows of one width, side by side, counted from the epoch.
    public static func tumbling(_ width: Duration) -> WindowAssigner {
        precondition(width > .zero, "a window's width must be positive")
        return WindowAssigner(width: width)
    }
}

/// The result of one window of one key.
@frozen
public struct Pane<Key: Codable & Hashable & Sendable, Value: Codable & Sendable>: Codable, Sendable
{
    /// The key.
    public let key: Key
    /// The first instant of the window.
    public let start: Instant
    /// The first instant after the window.
    public let end: Instant
    /// What was aggregated.
    public let value: Value

    @inlinable
    init(key: Key, start: Instant, end: Instant, value: Value) {
        (self.key, self.start, self.end, self.value) = (key, start, end, value)
    }
}

/// A keyed stream cut into windows.
@frozen
public struct WindowedStream<Key: Hashable & Codable & Sendable, Element: Sendable> {
    @usableFromInline let stream: KeyedStream<Key, Element>
    @usableFromInline let assigner: WindowAssigner

    @inlinable
    init(stream: KeyedStream<Key, Element>, assigner: WindowAssigner) {
        (self.stream, self.assigner) = (stream, assigner)
    }

    /// Aggregates each window of each key into one value, emitted when the watermark passes the
    /// window's end; its event time is the window's last nanosecond.
    ///
    /// Windows of one end are emitted in order of their keys' canonical bytes. An element whose
    /// window was emitted already is late: it is dropped here and counted; use
    /// `aggregateWithLate` to have it.
    @inlinable
    public func aggregate<Value: Codable & Sendable>(
        _ name: String? = nil, from initial: Value,
        _ add: @escaping @Sendable (inout Value, Element) throws -> Void
    ) -> DataStream<Pane<Key, Value>> {
        aggregateWithLate(name, from: initial, add).panes
    }

    /// As `aggregate`, with the late elements as a stream of their own.
    @inlinable
    public func aggregateWithLate<Value: Codable & Sendable>(
        _ name: String? = nil, from initial: Value,
        _ add: @escaping @Sendable (inout Value, Element) throws -> Void
    ) -> (panes: DataStream<Pane<Key, Value>>, late: DataStream<Element>) {
        addingWindow(
            name, initial, WindowCore<Key, Element, Value>.kernel(key: stream.key, add),
            WindowCore<Key, Element, Value>.closeKernel())
    }

    /// Adds windows whose kernel was made where the user wrote its closure.
    @usableFromInline
    func addingWindow<Value: Codable & Sendable>(
        _ name: String?, _ initial: Value, _ kernel: @escaping Kernel,
        _ closeKernel: @escaping CloseKernel
    ) -> (panes: DataStream<Pane<Key, Value>>, late: DataStream<Element>) {
        stream.stream.flow.refuseShared(Value.self, "value", of: "window")
        let width = assigner.width
        let node = stream.adding(
            name, "window", outputs: [TypedForm<Pane<Key, Value>>(), TypedForm<Element>()],
            to: Pane<Key, Value>.self
        ) { context in
            TumblingWindow<Key, Element, Value>(
                name: context.name, width: width, initial: initial,
                late: context.sides[0] as? Distributor<Element>, closeKernel: closeKernel
            ).link(kernel)
        }
        let flow = stream.stream.flow
        return (
            DataStream(flow, StreamPort(node: node.id, output: 0)),
            DataStream(flow, StreamPort(node: node.id, output: 1))
        )
    }
}

extension KeyedStream {
    /// Cuts each key's elements into windows of event time.
    @inlinable
    public func window(_ assigner: WindowAssigner) -> WindowedStream<Key, Element> {
        WindowedStream(stream: self, assigner: assigner)
    }
}

/// Gives out the entries of a window. Made at the user's call site, as kernels are.
@usableFromInline
typealias CloseKernel = (
    _ room: UnsafeMutableRawPointer, _ store: UnsafeMutableRawPointer, _ start: Instant,
    _ end: Instant, _ frame: UnsafeMutablePointer<Frame>
) -> Void

/// What the kernel of a window works with, at an address that stays: the window that an element
/// fell into last, which is mostly that of the next one too.
@usableFromInline
struct WindowCore<
    Key: Hashable & Codable & Sendable, Element: Sendable, Value: Codable & Sendable
> {
    /// The event times of that window, from `start` up to `end`, which is behind it; none at first
    /// and when it was closed.
    @usableFromInline var start = Int64.max
    @usableFromInline var end = Int64.min
    /// Its entries, and how many elements lie in it; valid where it has times.
    @usableFromInline var store: UnsafeMutablePointer<KeyedStore<Key, Value>>
    @usableFromInline var elements: UnsafeMutablePointer<UInt64>
    @usableFromInline let initial: Value
    @usableFromInline let output: UnsafeMutablePointer<OutputBuffer<Pane<Key, Value>>>
    /// The value that the running turn touched last, for its sample; valid until its table changes
    /// or goes.
    @usableFromInline var touched: UnsafeMutablePointer<Value>?
    /// The operator, which keeps this; for what is rarer than an element.
    fileprivate unowned(unsafe) var window: TumblingWindow<Key, Element, Value>?

    fileprivate init(
        initial: Value, output: UnsafeMutablePointer<OutputBuffer<Pane<Key, Value>>>,
        nowhere: OpenWindow<Key, Value>
    ) {
        self.initial = initial
        self.output = output
        store = nowhere.table.store
        elements = nowhere.elements
    }

    /// Forgets the window, which may go.
    fileprivate mutating func forget(_ nowhere: OpenWindow<Key, Value>) {
        (start, end, touched) = (.max, .min, nil)
        (store, elements) = (nowhere.table.store, nowhere.elements)
    }

    /// Takes the window of an event time as the last one; false where it was closed.
    @usableFromInline
    mutating func find(_ time: Int64, _ frame: UnsafeMutablePointer<Frame>) -> Bool {
        guard let found = window?.window(at: time, frame.pointee.watermark) else { return false }
        (start, end) = (found.start, found.end)
        // The first window of all begins where time does and not a width before its end, so that
        // its end says nothing of what lies in it. It is looked for each time.
        if start == .min { end = start }
        (store, elements) = (found.window.table.store, found.window.elements)
        return true
    }

    /// Gives a late element to who reads them.
    @usableFromInline
    func giveLate(_ element: Element, _ time: Int64) {
        window?.late?.append(element, time: time)
    }

    /// Counts a slice: of `count` elements `done` came to their end, and `late` of those were late.
    @usableFromInline
    func count(
        _ count: Int, done: Int, late: Int, _ frame: UnsafeMutablePointer<Frame>
    ) {
        window?.count(count, done: done, late: late, frame)
    }

    /// The kernel with the user's closures, which captures nothing else.
    @inlinable
    static func kernel(
        key: @escaping @Sendable (Element) -> Key,
        _ add: @escaping @Sendable (inout Value, Element) throws -> Void
    ) -> Kernel {
        { slice, frame, room in
            let core = room.assumingMemoryBound(to: WindowCore<Key, Element, Value>.self)
            var last: UnsafeMutablePointer<Value>?
            let count = slice.count
            var late = 0
            // Those of the window that had the last element, as most have.
            let store = core.pointee.store
            if store.pointee.isLarge { store.pointee.prefetch(slice, key) }
            let done = slice.consume(as: Element.self, frame) { element, time in
                if time < core.pointee.start || time >= core.pointee.end {
                    guard core.pointee.find(time, frame) else {
                        late += 1
                        core.pointee.giveLate(element, time)
                        return
                    }
                }
                let keyOfElement = key(element)
                let value = core.pointee.store.pointee.value(
                    of: keyOfElement, hash: Canonical.hash(keyOfElement)
                ) { core.pointee.initial }
                last = value
                try add(&value.pointee, element)
                core.pointee.elements.pointee += 1
            }
            core.pointee.touched = last
            core.pointee.count(count, done: done, late: late, frame)
        }
    }

    /// The kernel that gives out a window, in the order of its keys' canonical bytes.
    @inlinable
    static func closeKernel() -> CloseKernel {
        { room, store, start, end, frame in
            let core = room.assumingMemoryBound(to: WindowCore<Key, Element, Value>.self)
            let store = store.assumingMemoryBound(to: KeyedStore<Key, Value>.self)
            let output = core.pointee.output
            var order = KeyOrder()
            store.pointee.forEachNumber { number in
                order.add(number) { Canonical.encode(store.pointee.keys[number], into: &$0) }
            }
            order.sort()
            for index in 0..<order.count {
                if output.pointee.count == ElementSlice.capacity {
                    // What closes is bounded by the state that is open, and no closure of a user's
                    // made it: the bound on what closures emit does not apply. Flushed here, before
                    // `append` would count it.
                    output.pointee.flushUnbounded(frame)
                }
                let number = order[index]
                output.pointee.append(
                    Pane(
                        key: store.pointee.keys[number], start: start, end: end,
                        value: store.pointee.values[number]),
                    time: end.nanoseconds - 1, frame)
            }
        }
    }
}

/// The open windows of one subtask: a table of keys for each start.
///
/// The kernel adds each element to the window that its event time falls into, or finds it late.
/// When a watermark passes, the windows whose ends it has reached are emitted and forgotten, in
/// order of their ends and within one of their keys' canonical bytes, so that a table's order
/// reaches nothing. An element is held from the turn that takes it until its window closes.
final class TumblingWindow<
    Key: Hashable & Codable & Sendable, Element: Sendable, Value: Codable & Sendable
> {
    private let width: Duration
    private let closeKernel: CloseKernel
    /// Where late elements go; nil, or read by nobody, where they are dropped.
    fileprivate let late: Distributor<Element>?
    /// By start, ascending; few at a time, since the watermark closes them.
    private var open: [OpenWindow<Key, Value>] = []
    private let room = OutputRoom<Pane<Key, Value>>()
    private let core: UnsafeMutablePointer<WindowCore<Key, Element, Value>>
    /// What the kernel's pointers point to where there is no last window; nothing is put there.
    private let nowhere = OpenWindow<Key, Value>(start: .max, table: KeyedTable())
    /// Late elements so far; part of the digest.
    private var lateCount: UInt64 = 0

    let partName: String

    init(
        name: String, width: Duration, initial: Value, late: Distributor<Element>?,
        closeKernel: @escaping CloseKernel = WindowCore<Key, Element, Value>.closeKernel()
    ) {
        partName = name
        self.closeKernel = closeKernel
        self.width = width
        self.late = late
        core = .allocate(capacity: 1)
        core.initialize(
            to: WindowCore(initial: initial, output: room.buffer, nowhere: nowhere))
        core.pointee.window = self
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
    }

    /// The operator's link around a kernel of `WindowCore`.
    func link(_ kernel: @escaping Kernel) -> Link {
        Link(
            name: partName, room: UnsafeMutableRawPointer(core), owner: self, state: self,
            kernel: kernel)
    }

    /// The window of an event time, with the times that it has; nil where the watermark has closed
    /// it.
    fileprivate func window(
        at time: Int64, _ watermark: Instant
    ) -> (window: OpenWindow<Key, Value>, start: Int64, end: Int64)? {
        // An element without a time has the earliest one there is, and is late behind any
        // watermark.
        let start = Instant(nanoseconds: time).floored(to: width)
        // The window's last nanosecond lies before its end: the watermark at the end says that
        // nothing of it can come.
        let end = start + width
        if end <= watermark { return nil }
        return (window(startingAt: start.nanoseconds), start.nanoseconds, end.nanoseconds)
    }

    /// Counts what became of a slice's elements.
    fileprivate func count(
        _ count: Int, done: Int, late: Int, _ frame: UnsafeMutablePointer<Frame>
    ) {
        lateCount += UInt64(late)
        // Those on time are held until their window closes.
        if self.late?.isRead ?? false {
            frame.pointee.handled(late)
        } else {
            frame.pointee.drop(late, .late)
        }
        if done < count { frame.pointee.drop(count - done, .stopped) }
    }

    /// The window with this start, opened where it is not. Most elements fall into the newest one.
    private func window(startingAt start: Int64) -> OpenWindow<Key, Value> {
        if let last = open.last, last.start == start { return last }
        let index = open.firstIndex { $0.start >= start } ?? open.count
        if index < open.count, open[index].start == start { return open[index] }
        let window = OpenWindow<Key, Value>(
            start: start, table: KeyedTable(isSame: Canonical.areSame))
        open.insert(window, at: index)
        assert(index == 0 || open[index - 1].start < start, "a window stands before an earlier one")
        return window
    }

    /// Emits and forgets the windows whose ends the watermark has reached.
    private func close(through watermark: Instant, _ frame: UnsafeMutablePointer<Frame>) {
        while let first = open.first, Instant(nanoseconds: first.start) + width <= watermark {
            open.removeFirst()
            assert(open.first.map { $0.start > first.start } ?? true, "windows lie out of order")
            // It may be the one that goes.
            core.pointee.forget(nowhere)
            let start = Instant(nanoseconds: first.start)
            let end = start + width
            closeKernel(core, first.table.store, start, end, frame)
            frame.pointee.handled(Int(first.elements.pointee))
        }
        room.buffer.pointee.flushUnbounded(frame)
    }
}

extension TumblingWindow: OperatorState {
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        if case .watermark(let instant) = control { close(through: instant, frame) }
    }

    func sample(into hash: inout SampleHash) -> Int {
        guard let value = core.pointee.touched else { return 0 }
        core.pointee.touched = nil
        return hash.combine(value: value.pointee)
    }

    func digest(into hash: inout StableHash) {
        hash.combine(lateCount)
        for window in open {
            hash.combine(UInt64(bitPattern: window.start))
            window.table.digest(into: &hash)
        }
    }

    struct Snapshot {
        fileprivate var open: [OpenWindow<Key, Value>]
        fileprivate var lateCount: UInt64
    }

    func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(open: open.map { $0.copy() }, lateCount: lateCount),
            bytes: open.reduce(.zero) { $0 + $1.table.estimatedBytes })
    }

    func restore(_ snapshot: Snapshot) {
        assert(open.isEmpty, "\(partName) takes a saved state in and has open windows")
        core.pointee.forget(nowhere)
        open = snapshot.open.map { $0.copy() }
        lateCount = snapshot.lateCount
    }

    /// What lies in windows that are open.
    var held: UInt64 { open.reduce(0) { $0 + $1.elements.pointee } }
    var view: (any StateView)? { self }
    var timers: (any OperatorTimers)? { nil }
    var calls: (any CallPort)? { nil }
    var checks: (any StateChecks)? { nil }
    var watched: WatchedTable? { nil }
}

extension TumblingWindow: StateView {
    /// An entry as a debugger names it: the window's start and the key.
    private struct EntryKey {
        var start: Int64
        var key: Key
    }

    func list(_ list: inout EntryList) {
        for window in open {
            window.table.list(&list, suffix: "@\(Instant(nanoseconds: window.start))")
        }
    }

    func key(named text: String) -> Any? {
        for window in open {
            let end = "@\(Instant(nanoseconds: window.start))"
            guard text.hasSuffix(end) else { continue }
            let key = window.table.key(named: String(text.dropLast(end.count)))
            if let key { return EntryKey(start: window.start, key: key) }
        }
        return nil
    }

    func value(of key: Any) -> Any? {
        guard let entry = key as? EntryKey else { return nil }
        return open.first { $0.start == entry.start }?.table.value(of: entry.key)
    }
}

/// One window that the watermark has not passed: what its keys have come to.
private final class OpenWindow<Key: Equatable, Value> {
    let start: Int64
    let table: KeyedTable<Key, Value>
    /// How many elements lie in it, all keys together. At an address that stays, for the kernel.
    let elements: UnsafeMutablePointer<UInt64>

    init(start: Int64, table: KeyedTable<Key, Value>, elements: UInt64 = 0) {
        self.start = start
        self.table = table
        self.elements = .allocate(capacity: 1)
        self.elements.initialize(to: elements)
    }

    deinit { elements.deallocate() }

    /// A window of its own with the same contents, for a snapshot.
    func copy() -> OpenWindow {
        OpenWindow(start: start, table: table.copy(), elements: elements.pointee)
    }
}
