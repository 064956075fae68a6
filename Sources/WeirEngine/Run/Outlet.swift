package import WeirBase
import WeirTelemetry

/// The writing end of a channel or of a sink's feed, in one subtask, without the type of its
/// elements.
///
/// What a turn emits is kept here until the turn publishes it; what finds no room stays, and the
/// subtask takes no turn before it is gone. That makes what a turn may leave behind bounded, and
/// keeps it out of what the next turn does.
package typealias AnyOutlet = Outlet & OutletQueue

/// What all outlets have: their index, what is behind them, and counts. Only the thread that has
/// claimed the subtask uses them.
package class Outlet {
    /// The outlet's index in its subtask, by which notes name it.
    package let index: ChannelIndex
    /// The channel behind it; nil for a sink.
    package let channel: (any AnyChannel)?
    let counts: UnsafeMutablePointer<OutletCounts>

    init(index: ChannelIndex, channel: (any AnyChannel)?) {
        self.index = index
        self.channel = channel
        counts = .allocate(capacity: 1)
        counts.initialize(to: OutletCounts())
    }

    deinit { counts.deallocate() }

    /// Messages emitted in the running turn, or rows. The end note has it for each outlet, and a
    /// replay compares it.
    package final var emitted: UInt32 { counts.pointee.messages }
    /// Of `emitted`, those that are elements and no control messages.
    final var emittedElements: UInt32 { counts.pointee.elements }
    /// Elements emitted in all turns that ended.
    final var totalElements: UInt64 {
        get { counts.pointee.total }
        set { counts.pointee.total = newValue }
    }

    /// Whether something is not published yet.
    package var hasUnpublished: Bool {
        preconditionFailure("an outlet that is neither a channel's nor a sink's")
    }

    /// Forgets what only counts within a turn. Called first in each turn.
    func beginTurn() { counts.pointee.beginTurn() }

    /// Moves `count` elements of the running turn in, with their event times: of the type that the
    /// outlet is of. A sink's outlet has rows instead, and traps.
    func append(
        moving elements: UnsafeMutableRawPointer, times: UnsafeMutablePointer<Int64>, count: Int
    ) {
        preconditionFailure("\(count) elements are given to an outlet that takes none")
    }
}

/// What an outlet counts. Behind a pointer, because every slice changes it, and a variable of a
/// class is checked for exclusive access each time.
struct OutletCounts {
    /// Messages emitted in the running turn, or rows.
    var messages: UInt32 = 0
    /// Of these, those that are elements and no control messages.
    var elements: UInt32 = 0
    /// Elements emitted in all turns that ended.
    var total: UInt64 = 0

    mutating func beginTurn() { (messages, elements) = (0, 0) }

    /// Counts elements of the running turn.
    @inline(__always)
    mutating func emit(_ count: Int) {
        messages += UInt32(truncatingIfNeeded: count)
        elements += UInt32(truncatingIfNeeded: count)
    }

    /// Counts the running turn's elements among those of all turns; tells how many they were.
    mutating func endTurn() -> UInt64 {
        total &+= UInt64(elements)
        return UInt64(elements)
    }
}

/// An outlet each of whose publishes is a step: that of an edge that may drop.
package protocol StepPublishing: AnyObject {
    /// Publishes one step's worth of what an earlier `OutletQueue.publish` left. For a replay,
    /// whose schedule has that step.
    func publishStep(_ turn: TurnContext)
}

/// What an outlet holds and publishes. Its digest is that of what is not published yet.
package protocol OutletQueue: SavablePart {
    /// Adds a control message behind what the turn has emitted.
    func append(_ control: Control)
    /// Publishes in order as much as finds room; true when nothing is left. `isLate` says that the
    /// turn which made it has ended. Never waits for room.
    func publish(_ turn: TurnContext, isLate: Bool) -> Bool
    /// Adds elements emitted in the running turn to a hash, the last first, until they have cost
    /// `credit` bytes of canonical form; tells how many bytes it coded. The last element may go
    /// beyond.
    func sample(into hash: inout SampleHash, atMost credit: Int) -> Int
    /// Messages that are not published.
    var unpublishedCount: Int { get }
    /// Elements that are not published. Between turns; looks at all messages.
    var unpublishedElements: Int { get }
}

/// The writing end of a channel: what the last operator and the side outputs of a chain append to.
package class ChannelOutlet<Element>: Outlet {
    let buffer = MessageBuffer<Element>()
    /// How many messages were left over when the running turn began: only what lies behind them is
    /// of this turn.
    private var turnStart = 0
    let form: ElementForm<Element>?

    init(index: ChannelIndex, channel: any AnyChannel, form: ElementForm<Element>?) {
        self.form = form
        super.init(index: index, channel: channel)
    }

    package var partName: String { "outlet \(index) to \(channel?.name ?? "nothing")" }
    package override var hasUnpublished: Bool { buffer.count > 0 }
    package var unpublishedCount: Int { buffer.count }
    package var unpublishedElements: Int { buffer.elementCount }

    package func save() -> Saved<SavedMessages<Element>> {
        let messages = buffer.saved()
        return Saved(messages, bytes: messages.bytes)
    }

    package func restore(_ messages: SavedMessages<Element>) {
        assert(buffer.count == 0, "\(partName) takes a saved state in and holds messages")
        buffer.append(messages)
    }

    override func beginTurn() {
        super.beginTurn()
        turnStart = buffer.count
    }

    override func append(
        moving elements: UnsafeMutableRawPointer, times: UnsafeMutablePointer<Int64>, count: Int
    ) {
        let elements = elements.assumingMemoryBound(to: Element.self)
        buffer.append(moving: elements, times: times, count: count)
        counts.pointee.emit(count)
        assert(
            counts.pointee.elements <= counts.pointee.messages,
            "more elements than messages to \(partName)")
    }

    /// Adds a control message of the running turn.
    ///
    /// A watermark may replace the one before it only while both are of this turn and nothing lies
    /// between. What other turns published or left depends on timing: merging with that would make
    /// the channel's contents depend on how fast the consumer was.
    package func append(_ control: Control) {
        if case .watermark(let instant) = control, buffer.count > turnStart,
            buffer.tags[buffer.end - 1] == MessageTag.watermark.rawValue
        {
            buffer.replaceLast(watermark: instant)
            return
        }
        buffer.append(control)
        counts.pointee.messages += 1
    }

    /// An element without bytes counts as one, or a turn of many of them would be looked at whole.
    package func sample(into hash: inout SampleHash, atMost credit: Int) -> Int {
        guard let form else { return 0 }
        var index = buffer.end - 1
        var spent = 0
        while index >= buffer.first + turnStart, spent < credit {
            if buffer.tags[index] == MessageTag.element.rawValue {
                spent += form.sample(buffer.elements + index, &hash)
            }
            index -= 1
        }
        return spent
    }

    package func digest(into hash: inout StableHash) {
        buffer.digest(into: &hash, form: form)
    }
}

/// The writing end of a blocking channel: publishing is no step.
package final class BlockingOutlet<Element>: ChannelOutlet<Element>, OutletQueue {
    private let ring: Channel<Element>

    package init(index: ChannelIndex, ring: Channel<Element>) {
        self.ring = ring
        super.init(index: index, channel: ring, form: ring.form)
    }

    package func publish(_ turn: TurnContext, isLate: Bool) -> Bool {
        guard buffer.count > 0 else { return true }
        let birth = turn.subtask?.birth ?? 0
        if ring.publish(from: buffer, birth: birth, entry: turn.readyTime) > 0,
            let consumer = ring.consumer
        {
            // Behind the publish: the look that this notification causes sees the messages.
            turn.execution.scheduler.notify(consumer)
        }
        return buffer.count == 0
    }

}

/// The writing end of a channel that may drop: each publish is a step under the channel's lock.
///
/// In a run everything leaves at once, since what finds no room is dropped; only a stop leaves
/// something. In a replay it leaves when the schedule has the step.
package final class DroppingOutlet<Element>: ChannelOutlet<Element>, OutletQueue, StepPublishing {
    private let target: DroppingChannel<Element>

    package init(index: ChannelIndex, target: DroppingChannel<Element>) {
        self.target = target
        super.init(index: index, channel: target, form: target.form)
    }

    package func publish(_ turn: TurnContext, isLate: Bool) -> Bool {
        while buffer.count > 0 {
            // Behind a stop no step begins outside of a turn.
            if isLate, turn.execution.isStopping { return false }
            if !turn.execution.scheduler.mayPublishStep(turn) { return false }
            if !publishOnce(turn) { return false }
        }
        return true
    }

    package func publishStep(_ turn: TurnContext) { _ = publishOnce(turn) }

    /// One step: at most as many messages as a note has room for. False when a `fail` edge was
    /// full, which stops the run.
    private func publishOnce(_ turn: TurnContext) -> Bool {
        let offered = min(buffer.count, DroppingChannel<Element>.maximumOffer)
        let step = turn.execution.scheduler.beginExclusive(
            target.lock, slots: NoteLane.maximumNoteSlots, purpose: .publish(index), turn)
        let outcomes = turn.execution.notes.publishing(
            step: step, outlet: index, offered: offered, turn
        ) { target.decide(buffer, offered) }
        // A schedule that was forged may have a publish of nothing, which differs from the trace.
        assert(
            outcomes.map { $0.count == offered } ?? true,
            "\(outcomes?.count ?? 0) outcomes for \(offered) messages to \(target.name)")
        if let outcomes { target.apply(outcomes, to: buffer, entry: turn.readyTime) }
        turn.execution.scheduler.endExclusive(target.lock, purpose: .publish(index), turn)
        // Behind the lock, since stopping takes the scheduler's locks. The messages stay
        // unpublished.
        guard outcomes != nil else {
            turn.execution.stop(
                .edgeFull(channel: target.name), step: turn.step)
            return false
        }
        if let consumer = target.consumer { turn.execution.scheduler.notify(consumer) }
        return true
    }
}
