package import WeirBase
import WeirTelemetry

/// One operator of a chain, bound to one subtask: its kernel and its own state.
///
/// The plan's node makes a link for each subtask, so that no two subtasks share state. A final
/// class with constant fields on purpose: closures kept in an array would be retained for each
/// call, and a variable of a class that is reached through something opaque is checked for
/// exclusive access each time.
@usableFromInline
package final class Link {
    @usableFromInline let kernel: Kernel
    /// The memory that the kernel may work in beside the slice; for a kernel that needs none, a
    /// pointer to memory which nobody reads.
    @usableFromInline let room: UnsafeMutableRawPointer
    /// Keeps `room` alive as long as the link.
    private let owner: AnyObject?
    /// What the operator keeps from turn to turn; nil for one that keeps nothing, which then costs
    /// nothing beside its kernel.
    let state: (any OperatorState)?
    /// Who counts what becomes of the elements that the operator takes.
    let account: Account

    /// The operator's name: the user's, or kind and ordinal.
    package let name: String

    /// Who counts what an operator does with its elements. Each element is counted once, as handled
    /// or as dropped.
    @usableFromInline
    package enum Account: Sendable {
        /// The chain counts: the operator makes one element of each, and what it leaves in the
        /// slice goes on.
        case oneOfOne
        /// The chain counts: the operator leaves those in the slice that it chooses, and is done
        /// with the others.
        case choosing
        /// The operator counts, when it is done with an element or drops it, which may be in a
        /// later turn.
        case own
    }

    /// An operator called `name`, with `state` where it keeps any.
    init(
        name: String, state: (any OperatorState)? = nil, account: Account = .own,
        kernel: @escaping Kernel
    ) {
        self.name = name
        self.account = account
        self.state = state
        room = Self.nothing
        owner = nil
        self.kernel = kernel
    }

    /// An operator whose kernel works in `room`, which `owner` keeps.
    init(
        name: String, room: UnsafeMutableRawPointer, owner: AnyObject,
        state: (any OperatorState)?, account: Account = .own, kernel: @escaping Kernel
    ) {
        self.name = name
        self.account = account
        self.state = state
        self.room = room
        self.owner = owner
        self.kernel = kernel
    }

    /// An operator without state whose kernel works in `room`.
    init<Element>(
        name: String, room: SliceRoom<Element>, account: Account, kernel: @escaping Kernel
    ) {
        self.name = name
        self.account = account
        state = nil
        self.room = UnsafeMutableRawPointer(room.elements)
        owner = room
        self.kernel = kernel
    }

    // Safe: never read, never written.
    private nonisolated(unsafe) static let nothing = UnsafeMutableRawPointer.allocate(
        byteCount: 16, alignment: 16)
}

/// Memory for the elements of one slice, `ElementSlice.capacity` of them. Whoever works in it
/// initializes and deinitializes the elements; it is empty between calls.
final class SliceRoom<Element> {
    let elements: UnsafeMutablePointer<Element>

    /// Room for a slice, or for nothing where none is needed.
    init(isNeeded: Bool = true) {
        elements = .allocate(capacity: isNeeded ? ElementSlice.capacity : 0)
    }

    deinit { elements.deallocate() }
}

/// The operators of one subtask, fused: a slice goes through all of them.
///
/// The inlet, or the source's driver, calls `run` with slices of a turn's elements. Kernels run one
/// operator after another over a slice; an operator that makes more than its buffer holds passes
/// the full buffer on (`OutputBuffer.flush`), which runs the operators behind it from within its
/// own call, and then goes on. Control messages go through `pass` and `advance`, due timers through
/// `fireTimers`. The last link gives elements to the outlets or to a sink.
///
/// It belongs to one subtask and is touched only by the thread that has claimed it, except for
/// `running`, which is for other threads. Once `frame` has a failure nothing is run any more;
/// elements on their way are destroyed and counted as stopped.
@usableFromInline
package final class Chain {
    package let links: [Link]
    /// The links again, to be called without a reference count: `links` keeps them.
    private let steps: UnsafeMutablePointer<Unmanaged<Link>>
    /// What the turn carries, shared with the subtask, which frees it. Behind a pointer, so that
    /// kernels get it without a reference count or an exclusivity check.
    package let frame: UnsafeMutablePointer<Frame>
    /// What the open turn is in, for other threads.
    package let running = RunningTurn()
    /// How many elements each operator has taken in the running turn, by the operator's index. With
    /// the step and the index it is what orders a log record within its turn. One more than there
    /// are links, so that an empty chain has memory too.
    @usableFromInline let taken: UnsafeMutablePointer<UInt32>
    /// What each operator did with its elements since the run's start, by the operator's index; one
    /// more, as for `taken`.
    let books: UnsafeMutablePointer<OperatorBook>
    /// The watermark before the one that goes through the links now; nil while none does. Operators
    /// behind the one that has it are still at this one.
    fileprivate var heldWatermark: Instant?
    /// The operators that keep anything, with their indices in `links`: most control messages and
    /// every digest concern only them.
    private let states: [(index: Int, state: any OperatorState)]
    /// The operators that may set timers of processing time, with their indices in `links`.
    private let timed: [(index: Int, timers: any OperatorTimers)]

    package init(links: [Link], frame: UnsafeMutablePointer<Frame>) {
        self.links = links
        states = links.enumerated().compactMap { index, link in link.state.map { (index, $0) } }
        timed = states.compactMap { index, state in state.timers.map { (index, $0) } }
        precondition(
            states.allSatisfy { $0.index == 0 || $0.state.calls == nil },
            "an operator that makes calls stands behind another one in its chain")
        steps = .allocate(capacity: links.count)
        for (index, link) in links.enumerated() {
            (steps + index).initialize(to: .passUnretained(link))
        }
        self.frame = frame
        taken = .allocate(capacity: links.count + 1)
        taken.initialize(repeating: 0, count: links.count + 1)
        books = .allocate(capacity: links.count + 1)
        books.initialize(repeating: OperatorBook(), count: links.count + 1)
        // Unretained, or the chain would keep itself: the subtask owns the chain and the frame, and
        // frees the frame last.
        frame.pointee.chain = Unmanaged.passUnretained(self)
        frame.pointee.books = books
    }

    deinit {
        steps.deallocate()
        taken.deallocate()
        books.deallocate()
    }

    /// Forgets what only counts within a turn. Called first in each turn.
    package func beginTurn() {
        assert(heldWatermark == nil, "a turn begins in the middle of a watermark")
        for index in 0...links.count { taken[index] = 0 }
        frame.pointee.ordinal = 0
        frame.pointee.emittedBytes = .zero
    }

    /// Takes a slice through the links from `first` on. The slice is consumed: its elements are
    /// moved on, or destroyed.
    package func run(_ slice: inout ElementSlice, from first: Int) {
        assert(slice.count <= ElementSlice.capacity, "a slice of \(slice.count) elements")
        assert(first <= links.count, "link \(first) of \(links.count)")
        let count = links.count
        var index = first
        while index < count, slice.count > 0 {
            steps[index]._withUnsafeGuaranteedRef { run($0, at: index, &slice) }
            index += 1
        }
    }

    /// Takes a slice through one link.
    @inline(__always)
    private func run(_ link: Link, at index: Int, _ slice: inout ElementSlice) {
        frame.pointee.operatorIndex = index
        let count = slice.count
        let before = running.enter(operator: index)
        link.kernel(&slice, frame, link.room)
        running.resume(before)
        taken[index] += UInt32(truncatingIfNeeded: count)
        books[index].taken &+= UInt64(count)
        // Where the chain counts, a failure in the kernel has emptied the slice: the elements that
        // were given and did not come out are then counted as stopped, and not as handled.
        switch link.account {
        case .own: break
        case .oneOfOne where frame.pointee.failure == nil: frame.pointee.handled(slice.count)
        case .choosing where frame.pointee.failure == nil: frame.pointee.handled(count)
        case .oneOfOne, .choosing: frame.pointee.handled(slice.count, of: count)
        }
        assert(slice.count <= count, "\(link.name) left more than it was given")
    }

    /// Takes a control message through the operators that keep anything; the others have nothing to
    /// do with it. Ends at the first failure.
    package func pass(_ control: Control) {
        for (index, state) in states {
            frame.pointee.operatorIndex = index
            let before = running.enter(operator: index)
            state.pass(control, frame)
            running.resume(before)
            if frame.pointee.failure != nil { return }
        }
    }

    /// Takes a watermark, later than the one before, through all links.
    ///
    /// What an operator emits while it passes, such as the rows of its timers, reaches the
    /// operators behind it before the watermark does, and finds them at the watermark before: it is
    /// on time there. `OutputBuffer.pass` puts the old watermark back for that while.
    package func advance(to watermark: Instant) {
        precondition(heldWatermark == nil, "a watermark passes while another one does")
        assert(
            watermark > frame.pointee.watermark,
            "a watermark goes back from \(frame.pointee.watermark) to \(watermark)")
        heldWatermark = frame.pointee.watermark
        frame.pointee.watermark = watermark
        pass(.watermark(watermark))
        heldWatermark = nil
    }

    /// Fires all processing-time timers that are due at the frame's time, operator by operator.
    /// Ends at the first failure.
    package func fireTimers() {
        // What they emit is on time: they fire before a watermark passes, or without one.
        assert(heldWatermark == nil, "timers of processing time fire while a watermark passes")
        for (index, timers) in timed {
            frame.pointee.operatorIndex = index
            let before = running.enter(operator: index)
            timers.fireDue(frame)
            running.resume(before)
            if frame.pointee.failure != nil { return }
        }
    }

    /// The earliest deadline of a processing-time timer, nanoseconds since 1970; nil when none
    /// waits.
    package var nextDeadline: Int64? {
        var earliest: Int64?
        for (_, timers) in timed {
            if let deadline = timers.nextDeadline { earliest = min(earliest ?? deadline, deadline) }
        }
        return earliest
    }

    /// The calls of the operator that makes some; nil where none does. It stands first, or what
    /// the operators before it emit at the end would become calls that nobody waits for.
    var calls: (any CallPort)? { links.first?.state?.calls }

    /// Conditions on the states of its operators.
    var checks: [any StateChecks] { states.compactMap { $0.state.checks } }
    /// The states that conditions at rest look at.
    var watched: [WatchedTable] { states.compactMap { $0.state.watched } }

    /// What people may look at, by the names of the operators.
    var views: [(operator: String, view: any StateView)] {
        states.compactMap { index, state in state.view.map { (links[index].name, $0) } }
    }

    /// Where the chain's elements go; nil behind a sink.
    var end: ChainEnd? { links.last?.state as? ChainEnd }

    /// Adds what the turn wrote last into each operator's state to a hash; tells how many bytes of
    /// canonical form that were. At the end of a turn.
    func sample(into hash: inout SampleHash) -> Int {
        states.reduce(0) { $0 + $1.state.sample(into: &hash) }
    }

    /// Adds each operator's state to a digest. Between turns.
    package func digest(into hash: inout StableHash) {
        for (_, state) in states { state.digest(into: &hash) }
    }

    /// Each operator's state as values, in the order of the chain. Between turns.
    func save() -> [SavedPart] { states.map { $0.state.savePart() } }

    /// Takes saved states in, before the first turn; those of another chain trap.
    func restore(_ saved: [SavedPart]) {
        precondition(
            saved.count == states.count,
            "\(saved.count) saved states for a chain with \(states.count)")
        for ((_, state), part) in zip(states, saved) { state.restorePart(part) }
    }
}

/// Elements that an operator made and has not passed on yet, with room for one slice.
///
/// For operators whose output is not their input's slice: several elements of one, or elements made
/// of state. The operator appends, and flushes at the end of its call, so that the buffer is empty
/// between turns and belongs to no digest. It is not copied: whoever owns it calls `deallocate`
/// once.
@usableFromInline
struct OutputBuffer<Output> {
    @usableFromInline let elements: UnsafeMutablePointer<Output>
    @usableFromInline let times: UnsafeMutablePointer<Int64>
    @usableFromInline var count = 0
    /// Timers that the running closure asked for.
    @usableFromInline var timers: TimerRequests

    @usableFromInline
    init(takesTimers: Bool = false) {
        timers = TimerRequests(isTaken: takesTimers)
        elements = .allocate(capacity: ElementSlice.capacity)
        times = .allocate(capacity: ElementSlice.capacity)
    }

    /// Destroys what is left and frees the memory. Once.
    @usableFromInline
    func deallocate() {
        elements.deinitialize(count: count)
        elements.deallocate()
        times.deallocate()
    }

    /// Adds an element with its event time; a full buffer is passed on first.
    @inlinable
    mutating func append(
        _ element: consuming Output, time: Int64, _ frame: UnsafeMutablePointer<Frame>
    ) {
        if count == ElementSlice.capacity { flush(frame) }
        assert(count < ElementSlice.capacity, "a full buffer was not passed on")
        (elements + count).initialize(to: element)
        times[count] = time
        count += 1
    }

    /// Passes everything on to the links behind the running operator, counted against the bound on
    /// what a turn's closures may emit.
    @usableFromInline
    mutating func flush(_ frame: UnsafeMutablePointer<Frame>) { pass(frame, isBounded: true) }

    /// Passes everything on without counting it against the bound on what closures emit: for what
    /// the engine itself makes of state, which is bounded by the state.
    @usableFromInline
    mutating func flushUnbounded(_ frame: UnsafeMutablePointer<Frame>) {
        pass(frame, isBounded: false)
    }

    private mutating func pass(_ frame: UnsafeMutablePointer<Frame>, isBounded: Bool) {
        guard count > 0 else { return }
        // Behind a failure nothing is passed on, also when this operator was not the one that
        // failed.
        if frame.pointee.failure != nil {
            giveUp(frame)
            return
        }
        // Fields alone are counted, not what they point to: the bound is there for closures that
        // emit without end, and for that a rough measure is enough.
        if isBounded { frame.pointee.emittedBytes += ByteCount(of: count, Output.self) }
        if frame.pointee.emittedBytes > EngineBounds.maximumEmittedBytes {
            frame.pointee.fail(
                EmissionBound(bytes: EngineBounds.maximumEmittedBytes))
            giveUp(frame)
            return
        }
        guard let chain = frame.pointee.chain?.takeUnretainedValue() else { return }
        let index = frame.pointee.operatorIndex
        var slice = ElementSlice(
            elements: UnsafeMutableRawPointer(elements), times: times, count: count)
        count = 0
        // The links behind may set both again, from within: what they leave is undone here, so that
        // the running operator finds its own watermark and index when it goes on.
        let watermark = frame.pointee.watermark
        if let held = chain.heldWatermark { frame.pointee.watermark = held }
        chain.run(&slice, from: index + 1)
        assert(
            count == 0, "an operator made \(count) elements while those behind it took the others")
        frame.pointee.watermark = watermark
        frame.pointee.operatorIndex = index
    }

    /// Nothing is passed on after a failure.
    private mutating func giveUp(_ frame: UnsafeMutablePointer<Frame>) {
        elements.deinitialize(count: count)
        frame.pointee.giveUp(count)
        count = 0
    }
}

/// An output buffer at an address that stays, for an operator to keep.
final class OutputRoom<Output> {
    let buffer: UnsafeMutablePointer<OutputBuffer<Output>>

    init(takesTimers: Bool = false) {
        buffer = .allocate(capacity: 1)
        buffer.initialize(to: OutputBuffer(takesTimers: takesTimers))
    }

    deinit {
        buffer.pointee.deallocate()
        buffer.deinitialize(count: 1)
        buffer.deallocate()
    }
}

/// One turn's closures emitted more than may lie unpublished: the error of the operator that
/// emitted.
struct EmissionBound: Error, CustomStringConvertible {
    let bytes: ByteCount
    var description: String {
        "it emitted more than \(Quantities.describe(bytes: bytes)) in one turn; "
            + "return long outputs as a sequence or emit them over several elements"
    }
}
