import Synchronization
package import WeirBase
package import WeirTelemetry

/// What an edge does with an element that finds no room.
package enum EdgePolicy: String, Sendable {
    /// The producer keeps it and takes no turn until it is published.
    case block
    /// It is dropped and counted.
    case dropNewest
    /// The oldest element in the channel is dropped and counted.
    case dropOldest
    /// The run ends with an error.
    case fail
}

/// How large a channel may be.
package struct ChannelBounds: Equatable, Sendable {
    /// Messages on a blocking channel; elements on one that may drop.
    package var messages: Int
    /// Bytes of elements, as far as their types tell.
    package var bytes: Int

    package init(messages: Int, bytes: Int = 4 << 20) {
        self.messages = messages
        self.bytes = bytes
    }

    package static let standard = ChannelBounds(messages: 1_024)

    /// Slots of a ring for so many messages: a power of two.
    ///
    /// Where the ring's end meets its beginning, a slice of elements is cut.
    var ringSlots: Int {
        var slots = 1
        while slots < messages { slots *= 2 }
        return slots
    }
}

/// A type that can tell how many bytes it holds outside its own fields.
///
/// Channels are bounded in bytes by it; types that do not conform count their fields alone.
public protocol HeapSized {
    /// Bytes on the heap that belong to this value, roughly.
    var heapBytes: Int { get }
}

extension String: HeapSized {
    /// The UTF-8 bytes.
    public var heapBytes: Int { utf8.count }
}

extension Array: HeapSized {
    /// The elements' own fields.
    public var heapBytes: Int { count * MemoryLayout<Element>.stride }
}

/// A bounded queue between two subtasks: one producer, one consumer.
package typealias AnyChannel = ChannelBase & ChannelQueue

/// What all channels have: a name, bounds, a subtask at each end.
package class ChannelBase: @unchecked Sendable {
    // Unchecked: each member says which thread may use it; what both use is atomic or locked.

    package let name: String
    package let bounds: ChannelBounds
    package let policy: EdgePolicy
    /// The heaviest keys of a keyed edge into several subtasks; nil elsewhere.
    package internal(set) var keys: KeySketch?
    /// Set while the plan is bound, before the first turn. Safe: an execution keeps its subtasks as
    /// long as its channels.
    package internal(set) unowned(unsafe) var producer: Subtask?
    /// As for `producer`.
    package internal(set) unowned(unsafe) var consumer: Subtask?

    package init(name: String, bounds: ChannelBounds, policy: EdgePolicy) {
        self.name = name
        self.bounds = bounds
        self.policy = policy
    }

    /// What waits was changed by somebody else than the producer, in whose digest it is.
    @inline(__always)
    final func changed() { producer?.staleDigest() }
}

/// The messages of a channel.
package protocol ChannelQueue: SavablePart {
    /// Messages that wait to be taken. Any thread; exact for the consumer.
    var depth: Int { get }
    /// Elements that wait to be taken. At a rest point, in a replay, or after the last turn.
    var queuedElements: Int { get }
    /// Elements that wait to be taken. Any thread; of a run that lives, as of some moment.
    var publishedElements: Int { get }
    /// Bytes that wait to be taken. Any thread; approximate.
    var queuedBytes: Int { get }
    /// Elements dropped or evicted so far. Any thread.
    var dropped: UInt64 { get }
    /// When the oldest input behind the next message was taken in, monotonic nanoseconds; only for
    /// measuring, no turn sees it. The consumer, while something waits; 0 where it is not known.
    var nextBirth: UInt64 { get }
    /// When the message that waits longest came into the channel, nanoseconds of `TickClock`; 0
    /// when none waits. Any thread; only for measuring.
    var oldestEntry: UInt64 { get }
    /// The messages that wait, as text, for a debugger. At a rest point, or in a replay.
    func describeQueued(limit: Int) -> [String]
}

/// A blocking channel: a ring with one producer and one consumer and no lock.
///
/// Elements, event times and tags lie in parallel arrays; the consumer's kernels work on the
/// ring's own slots, which are given back at the end of the turn. Appending and taking a counted
/// prefix commute, so neither is a step.
package final class Channel<Element>: ChannelBase, ChannelQueue, @unchecked Sendable {
    // Unchecked: as for `ChannelBase`.

    let elements: UnsafeMutablePointer<Element>
    let times: UnsafeMutablePointer<Int64>
    let tags: UnsafeMutablePointer<UInt8>
    /// When the oldest input behind each message was taken in, monotonic nanoseconds.
    private let births: UnsafeMutablePointer<UInt64>
    /// When each message came, for whoever watches too.
    private let entries: UnsafeMutablePointer<Atomic<UInt64>>
    private let weights: UnsafeMutablePointer<UInt32>?
    private let size: Int
    let form: ElementForm<Element>?

    /// 128 bytes apart, so that producer and consumer do not share a cache line.
    private let indices: UnsafeMutableRawPointer

    private func index(_ place: Int) -> UnsafeMutablePointer<Atomic<Int>> {
        (indices + place * 128).assumingMemoryBound(to: Atomic<Int>.self)
    }
    private var head: UnsafeMutablePointer<Atomic<Int>> { index(0) }
    private var tail: UnsafeMutablePointer<Atomic<Int>> { index(1) }
    private var bytesIn: UnsafeMutablePointer<Atomic<Int>> { index(2) }
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
        for place in 0..<4 {
            (indices + place * 128).initializeMemory(as: Int.self, repeating: 0, count: 1)
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

    package var publishedElements: Int { queuedElements }

    /// A blocking edge never drops.
    package var dropped: UInt64 { 0 }

    package var queuedBytes: Int {
        weights == nil
            ? depth * MemoryLayout<Element>.stride
            : max(
                0,
                bytesIn.pointee.load(ordering: .relaxed)
                    - bytesOut.pointee.load(ordering: .relaxed))
    }

    // MARK: The producer

    /// Moves as many messages from the front of `buffer` as there is room; tells how many.
    ///
    /// They came at `entry`, and the oldest input behind them was taken in at `birth`.
    func publish(from buffer: inout MessageBuffer<Element>, birth: UInt64, entry: UInt64) -> Int {
        var moved = 0
        var position = tail.pointee.load(ordering: .relaxed)
        #if WEIR_PROBES
            if Probe.has(.mergeInQueue) { mergeIntoQueue(&buffer, position) }
        #endif
        let wanted = buffer.count
        let free = bounds.messages - (position - head.pointee.load(ordering: .acquiring))
        while moved < wanted, moved < free {
            if moved + depthBefore(position, moved) > 0, isFullInBytes { break }
            let source = buffer.first + moved
            let slot = position & (size - 1)
            if buffer.tags[source] == 0 {
                if let weights { weigh(buffer.elements + source, weights + slot) }
                (elements + slot).moveInitialize(from: buffer.elements + source, count: 1)
            }
            times[slot] = buffer.times[source]
            tags[slot] = buffer.tags[source]
            births[slot] = birth
            entries[slot].store(entry, ordering: .relaxed)
            position += 1
            moved += 1
        }
        if moved > 0 {
            tail.pointee.store(position, ordering: .releasing)
            buffer.drop(moved)
        }
        return moved
    }

    private func depthBefore(_ position: Int, _ moved: Int) -> Int {
        weights == nil ? 0 : position - head.pointee.load(ordering: .relaxed)
    }

    private var isFullInBytes: Bool { weights != nil && queuedBytes >= bounds.bytes }

    private func weigh(
        _ element: UnsafeMutablePointer<Element>, _ weight: UnsafeMutablePointer<UInt32>
    ) {
        let heap = (element.pointee as? any HeapSized)?.heapBytes ?? 0
        let bytes = UInt32(clamping: MemoryLayout<Element>.stride + heap)
        weight.initialize(to: bytes)
        bytesIn.pointee.wrappingAdd(Int(bytes), ordering: .relaxed)
    }

    #if WEIR_PROBES
        private func mergeIntoQueue(_ buffer: inout MessageBuffer<Element>, _ position: Int) {
            let isWatermark = MessageTag.watermark.rawValue
            let last = (position - 1) & (size - 1)
            guard position > head.pointee.load(ordering: .acquiring), buffer.count > 0,
                tags[last] == isWatermark, buffer.tags[buffer.first] == isWatermark
            else { return }
            times[last] = buffer.times[buffer.first]
            buffer.drop(1)
        }
    #endif

    // MARK: The consumer

    /// The longest run of elements from `offset` messages behind the head: at most `limit`, at one
    /// place in memory, without a control message; empty where a control message stands.
    func run(at offset: Int, limit: Int) -> (slot: Int, count: Int) {
        let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
        let most = min(limit, size - slot)
        var count = 0
        while count < most, tags[slot + count] == 0 { count += 1 }
        return (slot, count)
    }

    func control(at offset: Int) -> Control? {
        let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
        return MessageTag(rawValue: tags[slot])?.control(time: times[slot])
    }

    /// When the oldest input behind the next message was taken in. The consumer, with depth > 0.
    package var nextBirth: UInt64 {
        births[head.pointee.load(ordering: .relaxed) & (size - 1)]
    }

    /// A message that is taken while another thread looks may be told once more.
    package var oldestEntry: UInt64 {
        let first = head.pointee.load(ordering: .acquiring)
        guard tail.pointee.load(ordering: .acquiring) > first else { return 0 }
        return entries[first & (size - 1)].load(ordering: .relaxed)
    }

    /// Messages taken so far. The consumer.
    var taken: Int { head.pointee.load(ordering: .relaxed) }

    /// Gives back `count` slots whose elements were moved out.
    func free(_ count: Int) {
        let start = head.pointee.load(ordering: .relaxed)
        if let weights {
            var bytes = 0
            for position in start..<start + count where tags[position & (size - 1)] == 0 {
                bytes += Int(weights[position & (size - 1)])
            }
            bytesOut.pointee.wrappingAdd(bytes, ordering: .relaxed)
        }
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
        head.pointee.store(messages.position, ordering: .relaxed)
        tail.pointee.store(messages.position, ordering: .relaxed)
        var buffer = MessageBuffer<Element>(capacity: max(1, messages.tags.count))
        buffer.append(messages)
        _ = publish(from: &buffer, birth: 0, entry: 0)
        buffer.deallocate()
    }

    package func describeQueued(limit: Int) -> [String] {
        (0..<min(depth, limit)).map { offset in
            let slot = (head.pointee.load(ordering: .relaxed) + offset) & (size - 1)
            if let control = control(at: offset) { return "\(control)" }
            return "\(elements[slot])"
        }
    }
}
