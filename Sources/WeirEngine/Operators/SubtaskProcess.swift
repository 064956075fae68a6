import WeirBase

extension DataStream {
    /// Runs a closure per element with one state for the whole stream.
    ///
    /// For what depends on the order of the stream and not on keys. Each subtask has a state of
    /// its own, begun from `state`; the operator is fused with the one before it, so that behind a
    /// source there is one. `onEnd` is called once, before the end of input goes on: what it emits
    /// is not late. Timers are for keyed streams: those set here are ignored.
    ///
    /// An error thrown by a closure ends the run, naming the operator.
    @inlinable
    public func process<State: Codable & Sendable, Output: Sendable>(
        _ name: String? = nil, state: State, emitting output: Output.Type = Output.self,
        onEnd: (@Sendable (inout State, inout OperatorContext<Output>) throws -> Void)? = nil,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        addingProcess(
            name, state, onEnd, SubtaskCore<State, Output>.kernel(of: Element.self, body))
    }

    /// Adds a `process` whose kernel was made where the user wrote its closure.
    @usableFromInline
    func addingProcess<State: Codable & Sendable, Output: Sendable>(
        _ name: String?, _ state: State,
        _ onEnd: (@Sendable (inout State, inout OperatorContext<Output>) throws -> Void)?,
        _ kernel: @escaping Kernel
    ) -> DataStream<Output> {
        adding(name, "process", to: Output.self) { context in
            SubtaskProcess<State, Output>(name: context.name, state: state, onEnd: onEnd)
                .link(kernel)
        }
    }
}

/// What the kernel of a `process` without keys works with, at an address that stays.
@usableFromInline
struct SubtaskCore<State: Codable & Sendable, Output: Sendable> {
    @usableFromInline var state: State
    @usableFromInline let output: UnsafeMutablePointer<OutputBuffer<Output>>

    fileprivate init(state: State, output: UnsafeMutablePointer<OutputBuffer<Output>>) {
        (self.state, self.output) = (state, output)
    }

    /// The kernel with the user's closure, which captures nothing else.
    @inlinable
    static func kernel<Element>(
        of type: Element.Type,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> Kernel {
        { slice, frame, room in
            let core = room.assumingMemoryBound(to: SubtaskCore<State, Output>.self)
            let output = core.pointee.output
            var taken = frame.pointee.takenBefore
            let count = slice.count
            let done = slice.consume(as: Element.self, frame) { element, time in
                taken += 1
                var context = OperatorContext<Output>(
                    frame: frame, output: output, time: time, index: taken)
                try body(element, &core.pointee.state, &context)
            }
            // Counted once for the slice; what a failure left is counted as stopped.
            frame.pointee.handled(done, of: count)
            // At the end of each call, so that nothing waits in the buffer between turns.
            output.pointee.flush(frame)
        }
    }
}

/// The state of a `process` without keys, in one subtask: one value, which every element of the
/// subtask may change.
final class SubtaskProcess<State: Codable & Sendable, Output: Sendable> {
    typealias EndBody = @Sendable (inout State, inout OperatorContext<Output>) throws -> Void

    private let onEnd: EndBody?
    /// Whether `onEnd` was called, which happens once.
    private var isEnded = false
    private let room = OutputRoom<Output>()
    private var output: UnsafeMutablePointer<OutputBuffer<Output>> { room.buffer }
    private let core: UnsafeMutablePointer<SubtaskCore<State, Output>>
    let partName: String

    init(name: String, state: State, onEnd: EndBody?) {
        partName = name
        self.onEnd = onEnd
        core = .allocate(capacity: 1)
        core.initialize(to: SubtaskCore(state: state, output: room.buffer))
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
    }

    /// The operator's link around a kernel of `SubtaskCore`.
    func link(_ kernel: @escaping Kernel) -> Link {
        Link(
            name: partName, room: UnsafeMutableRawPointer(core), owner: self, state: self,
            kernel: kernel)
    }

    /// Calls `onEnd`, once. Its elements have the time of the watermark that passes unless they say
    /// another.
    private func end(_ frame: UnsafeMutablePointer<Frame>) {
        guard !isEnded else { return }
        isEnded = true
        assert(
            frame.pointee.watermark == .distantFuture,
            "\(partName) ends at the watermark \(frame.pointee.watermark)")
        guard let onEnd else { return }
        var context = OperatorContext<Output>(
            frame: frame, output: output, time: frame.pointee.watermark.nanoseconds,
            index: frame.pointee.takenBefore)
        do {
            try onEnd(&core.pointee.state, &context)
        } catch {
            frame.pointee.fail(error)
        }
        output.pointee.flush(frame)
    }
}

extension SubtaskProcess: OperatorState, StateView {
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        // At the end's watermark, and not at the end itself: behind that watermark everything would
        // be late.
        if control == .watermark(.distantFuture) { end(frame) }
    }

    /// The whole state, since any turn may have changed all of it.
    func sample(into hash: inout SampleHash) -> Int { hash.combine(value: core.pointee.state) }
    func digest(into hash: inout StableHash) { hash.combine(canonical: core.pointee.state) }

    struct Snapshot {
        var state: State
        var isEnded: Bool
    }

    func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(state: core.pointee.state, isEnded: isEnded),
            bytes: ByteCount(Canonical.bytes(of: core.pointee.state).count))
    }

    func restore(_ snapshot: Snapshot) {
        (core.pointee.state, isEnded) = (snapshot.state, snapshot.isEnded)
    }

    var held: UInt64 { 0 }
    var view: (any StateView)? { self }
    var timers: (any OperatorTimers)? { nil }
    var calls: (any CallPort)? { nil }
    var checks: (any StateChecks)? { nil }
    var watched: WatchedTable? { nil }

    // The one entry has no key.
    func list(_ list: inout EntryList) { list.addTable { $0.add("", core.pointee.state) } }
    func key(named text: String) -> Any? { text.isEmpty ? "" : nil }
    func value(of key: Any) -> Any? { core.pointee.state }
}
