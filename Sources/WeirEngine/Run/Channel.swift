import Synchronization
package import WeirBase
package import WeirTelemetry

/// What an edge does with an element that finds no room. The raw values are part of a plan's hash.
package enum EdgePolicy: String, Sendable {
    /// The producer keeps it and takes no turn until it is published. The only policy under which
    /// nothing is lost and the run goes on, and the only one whose publishes need no steps.
    case block
    /// The element is dropped and counted.
    case dropNewest
    /// The oldest element in the channel is dropped and counted, and the new one takes its room.
    case dropOldest
    /// The run ends with an error that names the edge.
    case fail
}

/// How large a channel may be.
package struct ChannelBounds: Equatable, Sendable {
    /// The maximum number of messages on a blocking channel; of elements on one that may drop,
    /// where control messages are bounded by merging.
    package var messages: Int
    /// The maximum bytes of elements on a blocking channel whose elements are `HeapSized`;
    /// elsewhere it has no effect. Such a channel is full from this on, but takes a message when it
    /// is empty, however large, or a large element would stop the run.
    package var bytes: ByteCount

    package init(messages: Int, bytes: ByteCount = .mebibytes(4)) {
        self.messages = messages
        self.bytes = bytes
    }

    /// Four full turns of 256 messages, with at most 4 MiB of elements.
    package static let standard = ChannelBounds(messages: 1_024)

    /// Slots of a ring for so many messages: the next power of two, so that a position's slot is
    /// found by a mask.
    ///
    /// Where the ring's end meets its beginning, a slice of elements is cut. A replay, which has no
    /// ring, cuts its slices at the same positions by this number.
    var ringSlots: Int {
        var slots = 1
        while slots < messages { slots *= 2 }
        return slots
    }
}

/// A bounded queue between two subtasks, without the type of its elements: one producer, one
/// consumer.
package typealias AnyChannel = ChannelBase & ChannelQueue

/// What all channels have: a name, bounds, a policy, and a subtask at each end.
package class ChannelBase: @unchecked Sendable {
    // Unchecked: each member says which thread may use it; what both use is atomic or locked.

    package let name: String
    package let bounds: ChannelBounds
    package let policy: EdgePolicy
    /// The heaviest keys of a keyed edge into several subtasks; nil elsewhere. Set while the plan
    /// is bound; only the producer's turns add to it.
    package internal(set) var keys: KeySketch?
    /// The subtask that publishes. Set while the plan is bound, before the first turn, and unowned
    /// because subtasks keep their channels. Safe: an execution keeps its subtasks as long as its
    /// channels.
    package internal(set) unowned(unsafe) var producer: Subtask?
    /// The subtask that takes. Set and safe as `producer` is.
    package internal(set) unowned(unsafe) var consumer: Subtask?

    package init(name: String, bounds: ChannelBounds, policy: EdgePolicy) {
        assert(bounds.messages > 0, "nothing could ever pass \(name): it has room for no message")
        self.name = name
        self.bounds = bounds
        self.policy = policy
    }

    /// Says that what waits was changed by somebody else than the producer. What a channel holds is
    /// in its producer's digest, since queued and unpublished messages are one sequence.
    @inline(__always)
    final func changed() { producer?.staleDigest() }
}

/// The messages of a channel, as everybody but its two ends sees them.
package protocol ChannelQueue: SavablePart {
    /// Messages that wait to be taken. Any thread; exact for the consumer, since only it takes:
    /// there may be more by the time it looks, never less, save on an edge that evicts.
    var depth: Int { get }
    /// Elements that wait to be taken. At a rest point, in a replay, or after the last turn.
    var queuedElements: Int { get }
    /// Elements that wait to be taken. Any thread; while turns run, as of some moment. May wait for
    /// the channel's lock.
    var publishedElements: Int { get }
    /// Bytes of elements that wait to be taken. Any thread; approximate.
    var queuedBytes: ByteCount { get }
    /// Elements dropped or evicted so far. Any thread.
    var dropped: UInt64 { get }
    /// When the oldest input behind the next message was taken in, nanoseconds of `TickClock`; 0
    /// where it is not known. Only for measuring, no turn sees it. The consumer, while something
    /// waits.
    var nextBirth: UInt64 { get }
    /// When the message that waits longest came into the channel, nanoseconds of `TickClock`; 0
    /// when none waits. Any thread; only for measuring.
    var oldestEntry: UInt64 { get }
    /// The first `limit` messages that wait, as text, for a debugger. At a rest point, or in a
    /// replay.
    func describeQueued(limit: Int) -> [String]
    /// Walks the channel and traps where a fact of it does not hold. Where neither end is at work.
    func checkInvariants()
}

/// A blocking channel: a ring with one producer and one consumer and no lock.
///
/// The producer's outlet calls `publish`, which moves messages in and then stores the tail. The
/// consumer's inlet reads `depth` at a look; in the turn it asks for `control(at:)` and
/// `run(at:limit:)` from the front on, lets its kernels work on the ring's own slots, and gives
/// these back with `free` at the end of the turn. `head` belongs to the consumer and `tail` to the
/// producer; each is read by the other.
///
/// Two pairs of memory orders carry everything. The producer releases `tail` behind the messages,
/// and the consumer acquires it before it reads them. The consumer releases `head` when it is done
/// with the slots, and the producer acquires it before it writes into them again.
///
/// Appending and taking a counted prefix commute: what a turn counted was there before, whatever is
/// appended meanwhile. So neither is a step, and neither is recorded.
package final class Channel<Element>: ChannelBase, ChannelQueue, @unchecked Sendable {
    // Unchecked: as for `ChannelBase`. A slot belongs to the consumer from the tail's store on, and
    // to the producer from the head's store on.

    /// The elements, one for each of `size` slots. A slot that holds a control message has none.
    let elements: UnsafeMutablePointer<Element>
    /// The event time of each slot's element, or the instant of its watermark, nanoseconds since
    /// 1970.
    let times: UnsafeMutablePointer<Int64>
    /// What each slot holds, as a `MessageTag`.
    let tags: UnsafeMutablePointer<UInt8>
    /// When the oldest input behind each message was taken in, nanoseconds of `TickClock`.
    private let births: UnsafeMutablePointer<UInt64>
    /// When each message came, nanoseconds of `TickClock`. Atomic, because whoever watches the run
    /// reads it too, while the slot may change hands.
    private let entries: UnsafeMutablePointer<Atomic<UInt64>>
    /// What each element weighs in bytes; nil where all weigh the same, their fields.
    let weights: UnsafeMutablePointer<UInt32>?
    /// A power of two: positions grow for ever and `& (size - 1)` gives their slots.
    let size: Int
    let form: ElementForm<Element>?

    /// The four indices and sums below, 128 bytes apart, so that what the producer writes and what
    /// the consumer writes do not share a cache line. 128 and not 64, because processors fetch
    /// lines in pairs.
    private let indices: UnsafeMutableRawPointer

    private func index(_ number: Int) -> UnsafeMutablePointer<Atomic<Int>> {
        (indices + number * 128).assumingMemoryBound(to: Atomic<Int>.self)
    }
    /// Messages taken since the start. Only the consumer stores it.
    private var head: UnsafeMutablePointer<Atomic<Int>> { index(0) }
    /// Messages published since the start. Only the producer stores it.
    private var tail: UnsafeMutablePointer<Atomic<Int>> { index(1) }
    /// Bytes of elements published since the start. Only the producer adds to it: one number for
    /// both ends would be written by both.
    private var bytesIn: UnsafeMutablePointer<Atomic<Int>> { index(2) }
    /// Bytes of elements taken since the start. Only the consumer adds to it.
    private var bytesOut: UnsafeMutablePointer<Atomic<Int>> { index(3) }

    /// A channel of at most `bounds`.
    package init(name: String, bounds: ChannelBounds) {
        size = bounds.ringSlots
        elements = .allocate(capacity: size)
        times = .allocate(capacity: size)
        tags = .allocate(capacity: size)
        births = .allocate(capacity: size)
        entries = Self.entries(capacity: size)
        weights = Element.self is any HeapSized.Type ? .allocate(capacity: size) : nil
        indices = .allocate(byteCount: 4 * 128, alignment: 128)
        for number in 0..<4 {
            (indices + number * 128).initializeMemory(as: Int.self, repeating: 0, count: 1)
        }
        form = ElementForm.found()
        super.init(name: name, bounds: bounds, policy: .block)
    }

    private static func entries(capacity: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        memory.initialize(repeating: 0, count: capacity)
        return UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    deinit {
        let end = tail.pointee.load(ordering: .acquiring)
        // Neither end is left, but they may have run on other threads than this one.
        for position in head.pointee.load(ordering: .acquiring)..<end
        where tags[position & (size - 1)] == 0 {
            (elements + (position & (size - 1))).deinitialize(count: 1)
        }
        elements.deallocate()
        times.deallocate()
        tags.deallocate()
        births.deallocate()
        UnsafeMutableRawPointer(entries).deallocate()
        weights?.deallocate()
        indices.deallocate()
    }

    package var partName: String { "channel \(name)" }

    package var depth: Int {
        max(0, tail.pointee.load(ordering: .acquiring) - head.pointee.load(ordering: .acquiring))
    }

    package var queuedElements: Int {
        let start = head.pointee.load(ordering: .relaxed)
        return (start..<start + depth).count { tags[$0 & (size - 1)] == 0 }
    }

    /// The same count. A look at tags that are being taken meanwhile is as of some moment.
    package var publishedElements: Int { queuedElements }

    /// A blocking edge never drops.
    package var dropped: UInt64 { 0 }

    package var queuedBytes: ByteCount {
        guard weights != nil else { return ByteCount(of: depth, Element.self) }
        // The two are read one after the other, so that more may seem taken than was published.
        let waiting =
            bytesIn.pointee.load(ordering: .relaxed) - bytesOut.pointee.load(ordering: .relaxed)
        return ByteCount(max(0, waiting))
    }

    // MARK: The producer

    /// Moves as many messages from the front of `buffer` as there is room for; tells how many. Only
    /// the producer's thread. Never waits.
    ///
    /// `entry` is when they were ready, and `birth` when the oldest input behind them was taken in,
    /// both for measuring.
    func publish(from buffer: MessageBuffer<Element>, birth: UInt64, entry: UInt64) -> Int {
        var moved = 0
        var position = tail.pointee.load(ordering: .relaxed)
        // Acquires the consumer's release of `head`: the slots that it gave back may be written
        // again. The bound is in messages and may be less than the ring has slots.
        let free = bounds.messages - (position - head.pointee.load(ordering: .acquiring))
        assert(free >= 0, "\(-free) messages more than \(bounds.messages) wait on \(name)")
        let wanted = min(buffer.count, free)
        while moved < wanted {
            let slot = position & (size - 1)
            var stretch = min(wanted - moved, size - slot)
            if weights != nil {
                // The first message of an empty channel passes, however large it is.
                if depth(to: position) > 0, isFullInBytes { break }
                // One by one, since each may be the last for which there is room.
                stretch = 1
            }
            move(stretch, from: buffer, at: buffer.first + moved, to: slot)
            (births + slot).update(repeating: birth, count: stretch)
            for slot in slot..<slot + stretch { entries[slot].store(entry, ordering: .relaxed) }
            position += stretch
            moved += stretch
        }
        // Only the consumer moves the head, and only on: there may be more room by now, never less.
        assert(
            position - head.pointee.load(ordering: .relaxed) <= bounds.messages,
            "\(moved) messages more are too many for \(name), which holds \(bounds.messages)")
        if moved > 0 {
            // Once for all that were moved: it publishes their slots, and costs the consumer one
            // miss and not many.
            tail.pointee.store(position, ordering: .releasing)
            buffer.drop(moved)
        }
        return moved
    }

    /// Moves messages into slots that lie side by side, elements in runs between the control
    /// messages.
    private func move(
        _ count: Int, from buffer: MessageBuffer<Element>, at source: Int, to slot: Int
    ) {
        (times + slot).update(from: buffer.times + source, count: count)
        (tags + slot).update(from: buffer.tags + source, count: count)
        var done = 0
        while done < count {
            var run = done
            while run < count, tags[slot + run] == 0 { run += 1 }
            if let weights, run > done {
                weigh(buffer.elements + source + done, weights + slot + done)
            }
            (elements + slot + done).moveInitialize(
                from: buffer.elements + source + done, count: run - done)
            // Behind the run stands a control message, or the end.
            done = run + 1
        }
    }

    /// Messages before `position` that nobody has taken, those included that a publish which is
    /// under way has moved.
    private func depth(to position: Int) -> Int {
        position - head.pointee.load(ordering: .relaxed)
    }

    private var isFullInBytes: Bool { queuedBytes >= bounds.bytes }

    /// Remembers what an element weighs, since it may have changed in place by the time it is
    /// taken, and adds it to the sum.
    private func weigh(
        _ element: UnsafeMutablePointer<Element>, _ weight: UnsafeMutablePointer<UInt32>
    ) {
        let heap = (element.pointee as? any HeapSized)?.heapBytes ?? 0
        weight.initialize(to: UInt32(clamping: MemoryLayout<Element>.stride + heap))
        bytesIn.pointee.wrappingAdd(Int(weight.pointee), ordering: .relaxed)
    }

    // MARK: The consumer

    /// The longest run of elements from `offset` messages behind the head: at most `limit`, in
    /// slots side by side, without a control message. Empty where a control message stands. The
    /// consumer, within what it counted.
    func run(at offset: Int, limit: Int) -> (slot: Int, count: Int) {
        let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
        let maximum = min(limit, size - slot)
        assert(offset + limit <= depth, "\(offset + limit) messages of \(depth) on \(name)")
        var count = 0
        while count < maximum, tags[slot + count] == 0 { count += 1 }
        return (slot, count)
    }

    /// The control message `offset` messages behind the head; nil where an element stands. The
    /// consumer, within what it counted.
    func control(at offset: Int) -> Control? {
        assert(offset < depth, "message \(offset) of \(depth) on \(name) is looked at")
        let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
        return MessageTag(rawValue: tags[slot])?.control(time: times[slot])
    }

    /// When the oldest input behind the next message was taken in. The consumer, with depth > 0.
    package var nextBirth: UInt64 {
        births[head.pointee.load(ordering: .relaxed) & (size - 1)]
    }

    /// A message that is taken while another thread looks may be told once more, or a later one in
    /// its slot.
    package var oldestEntry: UInt64 {
        let first = head.pointee.load(ordering: .acquiring)
        guard tail.pointee.load(ordering: .acquiring) > first else { return 0 }
        return entries[first & (size - 1)].load(ordering: .relaxed)
    }

    /// Messages taken so far. The consumer.
    var taken: Int { head.pointee.load(ordering: .relaxed) }
    /// Messages written so far. The producer.
    var position: Int { tail.pointee.load(ordering: .relaxed) }

    /// Gives back the first `count` slots, whose elements were moved out or destroyed. The
    /// consumer, at the end of its turn.
    func free(_ count: Int) {
        assert(count >= 0, "\(count) slots of \(name) are given back")
        let start = head.pointee.load(ordering: .relaxed)
        precondition(
            count <= tail.pointee.load(ordering: .acquiring) - start,
            "\(count) slots of \(name) are given back and \(depth) messages wait")
        if let weights {
            var bytes = 0
            for position in start..<start + count where tags[position & (size - 1)] == 0 {
                bytes += Int(weights[position & (size - 1)])
            }
            bytesOut.pointee.wrappingAdd(bytes, ordering: .relaxed)
        }
        // Behind everything that the turn did with the slots: the producer acquires it before it
        // writes there. Whether the producer waits for it is asked in `Execution.wakeProducers`,
        // behind a fence.
        head.pointee.store(start + count, ordering: .releasing)
        changed()
    }

    package func digest(into hash: inout StableHash) {
        var writer = ByteWriter()
        for offset in 0..<depth {
            let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
            hash.combine(UInt64(tags[slot]))
            hash.combine(UInt64(bitPattern: times[slot]))
            if tags[slot] == 0, let form {
                digestElement(elements + slot, into: &hash, form: form, &writer)
            }
        }
    }

    package func save() -> Saved<SavedMessages<Element>> {
        var saved = SavedMessages<Element>()
        saved.position = taken
        for offset in 0..<depth {
            let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
            saved.tags.append(tags[slot])
            saved.times.append(times[slot])
            if tags[slot] == 0 { saved.elements.append(elements[slot]) }
        }
        return Saved(saved, bytes: saved.bytes)
    }

    package func restore(_ messages: SavedMessages<Element>) {
        changed()
        assert(depth == 0, "\(name) takes a saved state in and holds \(depth) messages")
        // At the position where it was: which slots lie side by side depends on it. No other thread
        // is there yet.
        head.pointee.store(messages.position, ordering: .relaxed)
        tail.pointee.store(messages.position, ordering: .relaxed)
        let buffer = MessageBuffer<Element>(capacity: max(1, messages.tags.count))
        buffer.append(messages)
        let moved = publish(from: buffer, birth: 0, entry: 0)
        precondition(
            moved == messages.tags.count,
            "\(name) has no room for \(messages.tags.count) saved messages: other bounds")
    }

    package func describeQueued(limit: Int) -> [String] {
        (0..<min(depth, limit)).map { offset in
            let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
            if let control = control(at: offset) { return "\(control)" }
            return "\(elements[slot])"
        }
    }
}
