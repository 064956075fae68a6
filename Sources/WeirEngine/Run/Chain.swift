package import WeirBase
import WeirTelemetry

/// One operator of a chain, bound to one subtask: its kernel and its own state.
public final class Link {
    @usableFromInline let kernel: Kernel
    @usableFromInline let state: UnsafeMutableRawPointer
    @usableFromInline let reactions: Reactions

    let account: Account

    /// The operator's name: the user's, or kind and ordinal.
    package let name: String

    /// Who counts what an operator does with its elements.
    @usableFromInline
    package enum Account: Sendable {
        /// The chain: it makes one of one, and what it leaves in the slice goes on.
        case oneOfOne
        /// The chain: it leaves those in the slice that it chooses, and is done with the others.
        case choosing
        /// The operator, when it is done with an element or drops it.
        case own
    }

    /// What an operator does besides taking elements. All run on the subtask's thread, in a turn
    /// except for `digest` and `destroy`.
    public struct Reactions {
        /// A control message passes; called before the links behind see it.
        var control: ((Control, UnsafeMutablePointer<Frame>, UnsafeMutableRawPointer) -> Void)?
        /// Fires the processing-time timers due at the frame's time.
        var fireTimers: ((UnsafeMutablePointer<Frame>, UnsafeMutableRawPointer) -> Void)?
        /// The earliest deadline of a processing-time timer, nanoseconds since the epoch.
        var nextDeadline: ((UnsafeMutableRawPointer) -> Int64?)?
        /// Adds the entry that the turn wrote last to a hash; tells how many bytes it coded.
        var sample: ((inout StableHash, UnsafeMutableRawPointer) -> Int)?
        /// Adds the state's canonical form to a digest.
        var digest: ((inout StableHash, UnsafeMutableRawPointer) -> Void)?
        /// The state's entries, for a debugger, in order of the keys' texts.
        var entries: ((UnsafeMutableRawPointer) -> [(key: String, value: Any)])?
        /// The key that has this text, as `value` wants it; nil when no entry has it.
        var key: ((String, UnsafeMutableRawPointer) -> Any?)?
        /// The value of one entry; nil when there is none. Costs one look into a table.
        var value: ((Any, UnsafeMutableRawPointer) -> Any?)?
        /// The state as values, for a snapshot; between turns of a replay.
        var save: ((UnsafeMutableRawPointer) -> Saved)?
        /// Takes saved values in, in an operator that has taken nothing yet.
        var restore: ((Any, UnsafeMutableRawPointer) -> Void)?
        /// Ends the state's life.
        var destroy: (UnsafeMutableRawPointer) -> Void = { _ in }
        /// Checks conditions on the state, at the end of each turn.
        var check: ((TurnContext) -> Void)?
        /// The keyed state that conditions at rest look at.
        var watched: WatchedTable?
        /// Calls in flight, results; only of operators that make calls.
        var calls: (any CallPort)?
        /// Elements that were taken and are neither handled nor dropped.
        var held: (() -> UInt64)?
        /// What became of timers, and how many wait.
        var timers: (() -> (book: TimerBook, waiting: Int))?
        /// What was given to the outlets, main output first; only of a chain's end.
        var outflows: (() -> [Outflow])?

        /// Nothing.
        package init() {}
    }

    package init(
        name: String, state: UnsafeMutableRawPointer, reactions: Reactions,
        account: Account = .own, kernel: @escaping Kernel
    ) {
        self.name = name
        self.account = account
        self.state = state
        self.reactions = reactions
        self.kernel = kernel
    }

    deinit { reactions.destroy(state) }

    /// The state of links that have none: a place that nobody reads or writes.
    static func noState() -> UnsafeMutableRawPointer { nothing }

    // Safe: never read, never written.
    private nonisolated(unsafe) static let nothing = UnsafeMutableRawPointer.allocate(
        byteCount: 16, alignment: 16)
}

/// The operators of one subtask, fused: a slice goes through all of them.
///
/// Belongs to one subtask. Kernels run one after another over a slice; an operator that makes
/// more than its buffer holds passes the full buffer on (`flush`) and goes on.
@usableFromInline
package final class Chain {
    package let links: [Link]
    package let frame: UnsafeMutablePointer<Frame>
    /// Where the turn is, for other threads.
    package let running = RunningTurn()
    /// How many elements each operator has taken in the turn.
    @usableFromInline let taken: UnsafeMutablePointer<UInt32>
    /// What each operator did with its elements; one more, as for `taken`.
    let books: UnsafeMutablePointer<OperatorBook>
    /// The watermark before the one that goes through the links now; nil while none does.
    fileprivate var heldWatermark: Instant?

    package init(links: [Link], frame: UnsafeMutablePointer<Frame>) {
        self.links = links
        self.frame = frame
        taken = .allocate(capacity: links.count + 1)
        taken.initialize(repeating: 0, count: links.count + 1)
        books = .allocate(capacity: links.count + 1)
        books.initialize(repeating: OperatorBook(), count: links.count + 1)
        frame.pointee.chain = Unmanaged.passUnretained(self)
        frame.pointee.books = books
    }

    deinit {
        taken.deallocate()
        books.deallocate()
    }

    package func beginTurn() {
        for index in 0...links.count { taken[index] = 0 }
        frame.pointee.ordinal = 0
        frame.pointee.emittedBytes = 0
    }

    /// Takes a slice through the links from `first` on; it is consumed.
    package func run(_ slice: inout Slice, from first: Int) {
        var index = first
        while index < links.count, slice.count > 0 {
            frame.pointee.operatorIndex = index
            let count = slice.count
            let before = running.enter(operator: index)
            links[index].kernel(&slice, frame, links[index].state)
            running.resume(before)
            taken[index] += UInt32(truncatingIfNeeded: count)
            books[index].taken &+= UInt64(count)
            switch links[index].account {
            case .own: break
            case .oneOfOne where frame.pointee.failure == nil: frame.pointee.handled(slice.count)
            case .choosing where frame.pointee.failure == nil: frame.pointee.handled(count)
            case .oneOfOne, .choosing: frame.pointee.handled(slice.count, of: count)
            }
            index += 1
        }
    }

    /// Takes a control message through the links from `first` on.
    package func pass(_ control: Control, from first: Int) {
        for index in first..<links.count {
            frame.pointee.operatorIndex = index
            guard let react = links[index].reactions.control else { continue }
            let before = running.enter(operator: index)
            react(control, frame, links[index].state)
            running.resume(before)
            if frame.pointee.failure != nil { return }
        }
    }

    /// Takes a watermark through all links.
    ///
    /// What an operator emits while it passes, such as the rows of its timers, reaches those behind
    /// it before the watermark does, and finds them at the watermark before.
    package func advance(to watermark: Instant) {
        precondition(heldWatermark == nil, "a watermark passes while another one does")
        heldWatermark = frame.pointee.watermark
        frame.pointee.watermark = watermark
        pass(.watermark(watermark), from: 0)
        heldWatermark = nil
    }

    /// Fires all processing-time timers that are due, operator by operator.
    package func fireTimers() {
        for index in links.indices {
            frame.pointee.operatorIndex = index
            guard let fire = links[index].reactions.fireTimers else { continue }
            let before = running.enter(operator: index)
            fire(frame, links[index].state)
            running.resume(before)
            if frame.pointee.failure != nil { return }
        }
    }

    package var nextDeadline: Int64? {
        var least: Int64?
        for link in links {
            if let deadline = link.reactions.nextDeadline?(link.state) {
                least = min(least ?? deadline, deadline)
            }
        }
        return least
    }

    /// Adds what the turn wrote last into each operator's state; tells how many bytes it coded.
    func sample(into hash: inout StableHash) -> Int {
        links.reduce(0) { $0 + ($1.reactions.sample?(&hash, $1.state) ?? 0) }
    }

    package func digest(into hash: inout StableHash) {
        for link in links { link.reactions.digest?(&hash, link.state) }
    }
}

/// Elements that an operator made and has not passed on yet, with room for one slice.
@usableFromInline
struct OutputBuffer<Output> {
    @usableFromInline let elements: UnsafeMutablePointer<Output>
    @usableFromInline let times: UnsafeMutablePointer<Int64>
    @usableFromInline var count = 0

    @usableFromInline
    init() {
        elements = .allocate(capacity: Slice.capacity)
        times = .allocate(capacity: Slice.capacity)
    }

    @usableFromInline
    func deallocate() {
        elements.deinitialize(count: count)
        elements.deallocate()
        times.deallocate()
    }

    /// Adds an element; a full buffer is passed on first.
    @inlinable
    mutating func append(
        _ element: consuming Output, time: Int64, _ frame: UnsafeMutablePointer<Frame>
    ) {
        if count == Slice.capacity { flush(frame) }
        (elements + count).initialize(to: element)
        times[count] = time
        count += 1
    }

    /// Passes everything on to the links behind the running operator.
    @usableFromInline
    mutating func flush(_ frame: UnsafeMutablePointer<Frame>) { pass(frame, isBounded: true) }

    /// Passes everything on without counting it against the bound on what closures emit: for what
    /// the engine itself makes of state, which is bounded by the state.
    mutating func flushUnbounded(_ frame: UnsafeMutablePointer<Frame>) {
        pass(frame, isBounded: false)
    }

    private mutating func pass(_ frame: UnsafeMutablePointer<Frame>, isBounded: Bool) {
        guard count > 0 else { return }
        if frame.pointee.failure != nil {
            giveUp(frame)
            return
        }
        if isBounded { frame.pointee.emittedBytes += count * MemoryLayout<Output>.stride }
        if frame.pointee.emittedBytes > Subtask.maximumEmission {
            frame.pointee.fail(
                EmissionBound(bytes: Subtask.maximumEmission))
            giveUp(frame)
            return
        }
        guard let chain = frame.pointee.chain?.takeUnretainedValue() else { return }
        let index = frame.pointee.operatorIndex
        var slice = Slice(
            elements: UnsafeMutableRawPointer(elements), times: times, count: count)
        count = 0
        let watermark = frame.pointee.watermark
        if let held = chain.heldWatermark { frame.pointee.watermark = held }
        chain.run(&slice, from: index + 1)
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

/// One turn's closures emitted more than may lie unpublished.
struct EmissionBound: Error, CustomStringConvertible {
    let bytes: Int
    var description: String {
        "it emitted more than \(Quantities.describe(bytes: bytes)) in one turn; "
            + "return long outputs as a sequence or emit them over several elements"
    }
}

/// The end of a chain that answers asynchronous calls.
package protocol CallPort: AnyObject {
    /// How many further calls may be in flight.
    var room: Int { get }
    /// Whether a call is in flight.
    var isWaiting: Bool { get }
    #if WEIR_PROBES
        /// The planted fault of an end of input at which time-outs are forgotten.
        func dropTimeouts()
    #endif
    /// Hands the calls made in the turn that just ended to the executors.
    func submit()
    /// Takes results into the running turn, in this order.
    func complete(_ calls: [(call: UInt64, result: [UInt8]?)], _ frame: UnsafeMutablePointer<Frame>)
}
