package import WeirBase

/// A blocking channel of a replay: a queue without a bound, and without a lock.
///
/// A replay publishes everything at once, whatever room the run had then: room decides when
/// messages come and never which, and consumers take only what was counted. So there is nothing
/// left over, and no turn waits for room. The memory is that of what the run had in the channel and
/// unpublished.
package final class QueueChannel<Element>: ChannelBase, ChannelQueue, @unchecked Sendable {
    // Unchecked: a replay runs one step at a time; whoever has the baton is here alone.

    fileprivate let queue = MessageBuffer<Element>()
    /// Messages taken so far: where the run's ring would stand.
    fileprivate var taken = 0
    let form: ElementForm<Element>?

    /// A queue in the place of a ring with `bounds`, which only says where the ring cut slices.
    package init(name: String, bounds: ChannelBounds) {
        form = ElementForm.found()
        super.init(name: name, bounds: bounds, policy: .block)
    }

    package var partName: String { "channel \(name)" }
    package var depth: Int { queue.count }
    /// For whoever walks it.
    var buffer: MessageBuffer<Element> { queue }
    var takenMessages: Int { taken }
    package var queuedElements: Int { queue.elementCount }
    package var publishedElements: Int { queue.elementCount }
    package var queuedBytes: ByteCount { queue.bytes }
    package var dropped: UInt64 { 0 }
    // Nobody measures how long things take in a replay.
    package var nextBirth: UInt64 { 0 }
    package var oldestEntry: UInt64 { 0 }

    /// Adds all messages of `buffer`, which leave it.
    func publish(from buffer: MessageBuffer<Element>) {
        buffer.move(buffer.count, into: queue)
    }

    /// Moves the first `count` messages out. There being fewer means that the schedule is not this
    /// plan's, and traps.
    func take(_ count: Int, into buffer: MessageBuffer<Element>) {
        precondition(count <= queue.count, "\(count) messages of \(queue.count) on \(name)")
        queue.move(count, into: buffer)
        taken += count
        changed()
    }

    package func digest(into hash: inout StableHash) { queue.digest(into: &hash, form: form) }

    package func save() -> Saved<SavedMessages<Element>> {
        var messages = queue.saved()
        messages.position = taken
        return Saved(messages, bytes: messages.bytes)
    }

    package func restore(_ messages: SavedMessages<Element>) {
        changed()
        assert(queue.count == 0, "\(name) takes a saved state in and holds \(queue.count) messages")
        taken = messages.position
        queue.append(messages)
    }

    package func describeQueued(limit: Int) -> [String] { queue.described(limit: limit) }
}

/// The reading end of a queue.
///
/// What a turn takes is moved out first: a turn that touches a cell may be suspended, its
/// producer's turn may come in the middle of it, and the queue may then move in memory.
package final class QueueInlet<Element>: Inlet {
    private let queue: QueueChannel<Element>
    private let taken = MessageBuffer<Element>()

    init(_ queue: QueueChannel<Element>) {
        self.queue = queue
        super.init(channel: queue)
    }

    override func process(_ count: Int, port: Int, _ subtask: Subtask) {
        // Where a run's ring ended, it cut a slice. Which elements lie in one slice decides how far
        // the operators of a chain are when one of them fails, and so what a failing turn leaves.
        let seam = (position: queue.taken, every: queue.bounds.ringSlots)
        queue.take(count, into: taken)
        elements = taken.process(count, port: port, subtask, seam: seam)
        assert(taken.count == 0, "a turn of \(subtask.name) leaves \(taken.count) that it took")
    }
}

/// The writing end of a queue: everything finds room, so nothing is ever left over.
package final class QueueOutlet<Element>: ChannelOutlet<Element>, OutletQueue {
    private let queue: QueueChannel<Element>

    init(index: ChannelIndex, _ queue: QueueChannel<Element>) {
        self.queue = queue
        super.init(index: index, channel: queue, form: queue.form)
    }

    package func publish(_ turn: TurnContext, isLate: Bool) -> Bool {
        queue.publish(from: buffer)
        return true
    }

}

/// An inlet whose messages a turn may take before its body runs.
package protocol TakesAhead: AnyObject {
    /// Moves the next `count` messages out, for the next turn that takes from here.
    ///
    /// For a turn that was in flight when its run died and whose body may never run: what it took
    /// is not in the channel any more, and what a later publish finds there depends on it.
    func takeAhead(_ count: Int)
}

/// The reading end, in a replay, of a channel that may drop.
///
/// Taking is part of the turn's step, as in a run. There is no lock, since one thread at a time is
/// at either end.
package final class SteppedInlet<Element>: Inlet, TakesAhead {
    private let target: DroppingChannel<Element>
    private let taken = MessageBuffer<Element>()
    /// Whether `taken` holds what the next turn takes already.
    private var isAhead = false

    init(_ target: DroppingChannel<Element>) {
        self.target = target
        super.init(channel: target)
    }

    override var elementsAhead: Int { isAhead ? taken.elementCount : 0 }

    package func takeAhead(_ count: Int) {
        precondition(!isAhead, "two turns take ahead from \(target.name)")
        target.take(count, into: taken)
        isAhead = true
    }

    override func process(_ count: Int, port: Int, _ subtask: Subtask) {
        assert(
            !isAhead || taken.count == count,
            "\(subtask.name) takes \(count) messages, and \(taken.count) are set aside for it")
        if !isAhead { target.take(count, into: taken) }
        isAhead = false
        elements = taken.process(count, port: port, subtask)
        assert(taken.count == 0, "a turn of \(subtask.name) leaves \(taken.count) that it took")
    }
}
