import WeirBase

/// What a slot of a channel holds: an element, or a control message.
///
/// A byte in a column of its own, so that the length of a run of elements is found by looking at
/// these bytes alone. The raw values are part of digests and so of the trace's form: they must not
/// change.
enum MessageTag: UInt8 {
    case element = 0
    case watermark = 1
    case idle = 2
    case active = 3
    case end = 4

    /// The tag of a control message.
    init(_ control: Control) {
        switch control {
        case .watermark: self = .watermark
        case .idle: self = .idle
        case .active: self = .active
        case .end: self = .end
        }
    }

    /// The control message that a slot with this tag and time holds; nil where it holds an element.
    func control(time: Int64) -> Control? {
        switch self {
        case .element: nil
        case .watermark: .watermark(Instant(nanoseconds: time))
        case .idle: .idle
        case .active: .active
        case .end: .end
        }
    }
}

/// How the canonical form of a channel's elements is made, for digests and samples. Absent where
/// the elements are not `Encodable`; digests then cover only their number, tags and times.
package struct ElementForm<Element>: @unchecked Sendable {
    // Unchecked: both closures capture a type and nothing else.

    /// Writes the canonical form of the element at an address.
    let write: (UnsafeRawPointer, inout ByteWriter) -> Void
    /// Adds the element at an address to a sample; tells about how many bytes it fills.
    let sample: (UnsafeRawPointer, inout SampleHash) -> Int
}

extension ElementForm {
    /// The form of an element type that is found to be `Encodable` at run time; nil where it is
    /// not.
    static func found() -> ElementForm? {
        (Element.self as? any Encodable.Type).map { make($0) }
    }

    /// `Coded` is the element's own type, known to be `Encodable`.
    private static func make<Coded: Encodable>(_ type: Coded.Type) -> ElementForm {
        assert(type == Element.self, "elements of \(Element.self) are coded as \(type)")
        return ElementForm(
            write: { element, writer in
                Canonical.encode(
                    element.assumingMemoryBound(to: Coded.self).pointee, into: &writer)
            },
            sample: { element, hash in
                hash.combine(element: element.assumingMemoryBound(to: Coded.self).pointee)
            })
    }
}

/// Messages as values, in order, for a snapshot.
package struct SavedMessages<Element> {
    var tags: [UInt8] = []
    var times: [Int64] = []
    /// The elements, in the order of those of the tags that say so.
    var elements: [Element] = []
    /// How many messages of their channel were taken before them. A ring's slices depend on it.
    var position = 0

    /// About how many bytes they take: a tag and a time, 9 bytes, for each, and the elements'
    /// fields.
    var bytes: ByteCount { tags.count * 9 + ByteCount(of: elements.count, Element.self) }
}

/// Messages in order, growing: a subtask's unpublished output, or what a taker moved out of a
/// channel.
///
/// Elements, event times and tags lie in three parallel arrays, as in a ring. Live messages are
/// those from `first` up to `end`; slots before `first` were moved out of, and are used again once
/// the buffer is empty or grows. It has no bound of its own: what a turn takes and what its
/// closures emit is bounded (`EngineBounds.maximumTurnMessages`,
/// `EngineBounds.maximumEmittedBytes`), what an operator makes of its state by the state, and no
/// turn is taken while something is unpublished. One thread at a time.
///
/// A class whose variables lie behind a constant pointer: in code that does not know the element's
/// type a generic struct is looked up for each call, and a class's variables are checked for
/// exclusive access.
final class MessageBuffer<Element> {
    private struct Room {
        var elements: UnsafeMutableRawPointer
        var times: UnsafeMutablePointer<Int64>
        var tags: UnsafeMutablePointer<UInt8>
        var first = 0
        var end = 0
        var capacity: Int

        init(_ elements: UnsafeMutableRawPointer, capacity: Int) {
            self.elements = elements
            self.capacity = capacity
            times = .allocate(capacity: capacity)
            tags = .allocate(capacity: capacity)
        }

        func deallocate() {
            elements.deallocate()
            times.deallocate()
            tags.deallocate()
        }
    }

    private let storage = UnsafeMutablePointer<Room>.allocate(capacity: 1)

    /// The elements, one for each of `capacity` slots. A slot that holds a control message has
    /// none.
    var elements: UnsafeMutablePointer<Element> {
        storage.pointee.elements.assumingMemoryBound(to: Element.self)
    }
    /// The event time of each slot's element, or the instant of its watermark, nanoseconds since
    /// 1970.
    var times: UnsafeMutablePointer<Int64> { storage.pointee.times }
    /// What each slot holds, as a `MessageTag`.
    var tags: UnsafeMutablePointer<UInt8> { storage.pointee.tags }
    /// The slot of the first message.
    var first: Int { storage.pointee.first }
    /// The slot behind the last message.
    var end: Int { storage.pointee.end }
    private var capacity: Int { storage.pointee.capacity }

    init(capacity: Int = 128) {
        storage.initialize(to: Self.room(capacity))
    }

    private static func room(_ capacity: Int) -> Room {
        Room(
            UnsafeMutableRawPointer(UnsafeMutablePointer<Element>.allocate(capacity: capacity)),
            capacity: capacity)
    }

    deinit {
        for index in first..<end where tags[index] == 0 {
            (elements + index).deinitialize(count: 1)
        }
        storage.pointee.deallocate()
        storage.deallocate()
    }

    /// Messages in it: elements and control messages.
    var count: Int { end - first }
    /// Messages that the memory has room for.
    var room: Int { capacity }

    /// Messages that are elements. Looks at all tags.
    var elementCount: Int { (first..<end).count { tags[$0] == 0 } }

    /// Bytes of the elements, as far as their types tell. Looks at all of them where they hold more
    /// than their fields.
    var bytes: ByteCount {
        guard Element.self is any HeapSized.Type else { return ByteCount(of: count, Element.self) }
        return (first..<end).reduce(.zero) { bytes, index in
            guard tags[index] == 0 else { return bytes }
            let heap = (elements[index] as? any HeapSized)?.heapBytes ?? 0
            // As a ring weighs it.
            return bytes + ByteCount(UInt32(clamping: MemoryLayout<Element>.stride + heap))
        }
    }

    /// The first messages as text, for a person.
    func described(limit: Int) -> [String] {
        (first..<end).prefix(limit).map { index in
            if let control = MessageTag(rawValue: tags[index])?.control(time: times[index]) {
                return "\(control)"
            }
            return "\(elements[index])"
        }
    }

    /// Moves the first `count` messages behind those of another buffer. There must be as many.
    func move(_ count: Int, into other: MessageBuffer) {
        precondition(count <= self.count, "\(count) messages of \(self.count)")
        for index in first..<first + count {
            if let control = MessageTag(rawValue: tags[index])?.control(time: times[index]) {
                other.append(control)
            } else {
                other.append(moving: elements + index, times: times + index, count: 1)
            }
        }
        drop(count)
    }

    /// Adds an element with its event time, nanoseconds since 1970.
    func append(_ element: consuming Element, time: Int64) {
        if end == capacity { makeRoom(1) }
        (elements + end).initialize(to: element)
        times[end] = time
        tags[end] = MessageTag.element.rawValue
        storage.pointee.end += 1
    }

    /// Moves `count` elements in with their event times. The source's slots are uninitialized
    /// afterwards.
    func append(
        moving source: UnsafeMutablePointer<Element>, times from: UnsafeMutablePointer<Int64>,
        count: Int
    ) {
        if end + count > capacity { makeRoom(count) }
        assert(end + count <= capacity, "no room was made for \(count) messages")
        (elements + end).moveInitialize(from: source, count: count)
        (times + end).update(from: from, count: count)
        (tags + end).update(repeating: MessageTag.element.rawValue, count: count)
        storage.pointee.end += count
    }

    /// Adds a control message. The time's slot has a watermark's instant, and 0 for the others, so
    /// that equal messages have equal bytes in a digest.
    func append(_ control: Control) {
        if end == capacity { makeRoom(1) }
        if case .watermark(let instant) = control {
            times[end] = instant.nanoseconds
        } else {
            times[end] = 0
        }
        tags[end] = MessageTag(control).rawValue
        storage.pointee.end += 1
    }

    /// Replaces the watermark at the end by a later one. The last message must be a watermark.
    func replaceLast(watermark: Instant) {
        precondition(end > first && tags[end - 1] == MessageTag.watermark.rawValue)
        assert(watermark.nanoseconds >= times[end - 1], "a watermark goes back to \(watermark)")
        times[end - 1] = watermark.nanoseconds
    }

    /// Forgets the first `count` messages, whose elements were moved out: they are not destroyed
    /// here.
    func drop(_ count: Int) {
        storage.pointee.first += count
        precondition(first <= end)
        // An empty buffer begins anew at the front, which is the usual case and keeps it from
        // growing.
        if first == end {
            storage.pointee.first = 0
            storage.pointee.end = 0
        }
    }

    /// Takes the message at `index` out of the middle and closes the gap; an element is destroyed.
    /// Costs a move of everything behind it.
    func remove(at index: Int) {
        precondition(first <= index && index < end, "message \(index) of \(first)..<\(end)")
        // Only elements are initialized: a control message's slot among the elements holds nothing.
        if tags[index] == 0 { (elements + index).deinitialize(count: 1) }
        // One by one, since slots of control messages among them hold no element to be moved.
        for later in index + 1..<max(index + 1, end) {
            if tags[later] == 0 {
                (elements + later - 1).moveInitialize(from: elements + later, count: 1)
            }
            times[later - 1] = times[later]
            tags[later - 1] = tags[later]
        }
        storage.pointee.end -= 1
        if first == end {
            storage.pointee.first = 0
            storage.pointee.end = 0
        }
    }

    /// Moves everything to the front of larger, or as large, arrays that have room for `needed`
    /// more.
    private func makeRoom(_ needed: Int) {
        let live = count
        var size = capacity
        // At least half is free afterwards, so that as many messages come before the next move as
        // are moved now: moving costs a constant for each message.
        while size < 2 * (live + needed) { size *= 2 }
        var room = Self.room(size)
        let newElements = room.elements.assumingMemoryBound(to: Element.self)
        for index in 0..<live {
            if tags[first + index] == 0 {
                (newElements + index).moveInitialize(from: elements + first + index, count: 1)
            }
            room.times[index] = times[first + index]
            room.tags[index] = tags[first + index]
        }
        assert(live + needed <= size, "\(size) messages are no room for \(live + needed)")
        room.end = live
        storage.pointee.deallocate()
        storage.pointee = room
    }

    /// The messages as values; the buffer keeps its own.
    func saved() -> SavedMessages<Element> {
        var saved = SavedMessages<Element>()
        for index in first..<end {
            saved.tags.append(tags[index])
            saved.times.append(times[index])
            if tags[index] == 0 { saved.elements.append(elements[index]) }
        }
        return saved
    }

    /// Adds saved messages behind what is there.
    func append(_ saved: SavedMessages<Element>) {
        var element = saved.elements.startIndex
        for (tag, time) in zip(saved.tags, saved.times) {
            if let control = MessageTag(rawValue: tag)?.control(time: time) {
                append(control)
            } else {
                append(saved.elements[element], time: time)
                element += 1
            }
        }
        assert(element == saved.elements.endIndex, "saved elements without a message")
    }

    /// Adds the messages to a digest: tag, time, and an element's canonical form where it has one.
    func digest(into hash: inout StableHash, form: ElementForm<Element>?) {
        var writer = ByteWriter()
        for index in first..<end {
            hash.combine(UInt64(tags[index]))
            hash.combine(UInt64(bitPattern: times[index]))
            guard tags[index] == 0, let form else { continue }
            digestElement(elements + index, into: &hash, form: form, &writer)
        }
    }
}

/// Adds one element's canonical form to a digest. `writer` is lent to be used again, so that a
/// digest of many elements does not allocate for each.
func digestElement<Element>(
    _ element: UnsafeMutablePointer<Element>, into hash: inout StableHash,
    form: ElementForm<Element>, _ writer: inout ByteWriter
) {
    writer.removeAll()
    form.write(element, &writer)
    hash.combine(bytes: writer.bytes)
}
