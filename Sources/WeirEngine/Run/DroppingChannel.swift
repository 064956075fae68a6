package import WeirBase
import DequeModule
import Synchronization

/// What became of a stretch of messages offered to an edge that may drop.
///
/// A publish step notes the outcome of each message, as runs of equal ones. One byte for each run:
/// the outcome in the upper two bits, how many in the lower six.
package struct DropRun: Equatable, Sendable {
    /// What becomes of one message. The raw values are those in the trace.
    package enum Outcome: UInt8, Sendable {
        /// A control message: merged with its like and never dropped.
        case control = 0
        /// An element that found room.
        case accepted = 1
        /// An element that found no room and was dropped.
        case dropped = 2
        /// An element that found no room and took that of the oldest, which was dropped.
        case evicting = 3
    }

    /// The maximum length of a run: what six bits hold. A longer stretch is several runs.
    package static let maximumLength = 63

    /// Packs outcomes into runs. 256 messages whose outcomes alternate take 256 bytes, and the note
    /// has room for those.
    package static func pack(_ outcomes: [Outcome]) -> [UInt8] {
        var runs: [UInt8] = []
        for outcome in outcomes {
            if let last = runs.last, last >> 6 == outcome.rawValue, last & 63 < maximumLength {
                runs[runs.count - 1] = last + 1
            } else {
                runs.append(outcome.rawValue << 6 | 1)
            }
        }
        return runs
    }

    /// Unpacks runs; nil when a run has no length, which no writer makes.
    package static func unpack(_ runs: some Sequence<UInt8>) -> [Outcome]? {
        var outcomes: [Outcome] = []
        for run in runs {
            guard let outcome = Outcome(rawValue: run >> 6), run & 63 > 0 else { return nil }
            outcomes.append(contentsOf: repeatElement(outcome, count: Int(run & 63)))
        }
        return outcomes
    }
}

/// A channel that may drop: publishing and taking happen under its lock, and each is a step.
///
/// Whether an element is dropped depends on what the consumer had taken by then, so the order of
/// the two operations must be in the trace. The producer's outlet gets the lock from the
/// scheduler's `beginExclusive`, which takes the step's number under it, then calls `decide`, notes
/// the outcomes and calls `apply`. The consumer's turn locks, counts again, takes its number and
/// its note, and calls `take`; then it lets go and runs. In a replay there is no lock, and `apply`
/// gets the outcomes that the trace has.
///
/// Its bound is in elements. Control messages are never dropped, since a lost end would keep the
/// reader waiting for ever; they are bounded by merging instead: between two elements there is at
/// most one watermark, one of idle and active, and one end.
package final class DroppingChannel<Element>: ChannelBase, ChannelQueue, @unchecked Sendable {
    // Unchecked: `queue`, `elementCount` and `entries` belong to who holds `lock` (in a replay: the
    // baton); the counts for other threads are atomic.

    /// The maximum number of messages in one publish step: as many as a note has room for the runs
    /// of, if each message is a run of its own. Larger output takes several steps.
    static var maximumOffer: Int { 256 }

    let lock = ConditionLock()
    let queue = MessageBuffer<Element>()
    private var elementCount = 0
    /// The queue's length, for whoever has no lock: the consumer's look, and who watches.
    private let depthNow = Atomic<Int>(0)
    /// Elements dropped or evicted since the start.
    private let droppedNow = Atomic<UInt64>(0)
    /// When each message of `queue` came, nanoseconds of `TickClock`, in the same order; for
    /// measuring only.
    private var entries = Deque<UInt64>()
    /// The first of `entries` for whoever has no lock; 0 when nothing waits.
    private let oldestNow = Atomic<UInt64>(0)
    let form: ElementForm<Element>?

    override package init(name: String, bounds: ChannelBounds, policy: EdgePolicy) {
        precondition(policy != .block, "a blocking edge has a ring")
        form = ElementForm.found()
        super.init(name: name, bounds: bounds, policy: policy)
    }

    package var partName: String { "channel \(name)" }
    package var depth: Int { depthNow.load(ordering: .acquiring) }
    package var queuedElements: Int { elementCount }
    /// Messages whose coming is known; all that wait.
    var entryCount: Int { entries.count }
    /// Under the lock, which is held for moments only: no closure of a user's runs inside it.
    package var publishedElements: Int { lock.withLock { elementCount } }
    /// Not measured behind an edge that may drop: the way of what was dropped has no end.
    package var nextBirth: UInt64 { 0 }
    package var oldestEntry: UInt64 { oldestNow.load(ordering: .relaxed) }
    package var dropped: UInt64 { droppedNow.load(ordering: .relaxed) }
    package var queuedBytes: ByteCount { ByteCount(of: depth, Element.self) }

    /// What would become of the first `count` messages of `buffer`; nil at the first element that a
    /// `fail` edge has no room for. Changes nothing. The lock is held.
    func decide(_ buffer: MessageBuffer<Element>, _ count: Int) -> [DropRun.Outcome]? {
        var outcomes: [DropRun.Outcome] = []
        outcomes.reserveCapacity(count)
        assert(count <= buffer.count, "\(count) messages are offered of \(buffer.count)")
        // Goes up with what is accepted. An element that evicts another one leaves it as it is.
        var elements = elementCount
        for offset in 0..<count {
            if buffer.tags[buffer.first + offset] != 0 {
                outcomes.append(.control)
            } else if elements < bounds.messages {
                elements += 1
                outcomes.append(.accepted)
            } else {
                switch policy {
                case .dropNewest: outcomes.append(.dropped)
                case .dropOldest: outcomes.append(.evicting)
                case .fail: return nil
                case .block: preconditionFailure("a blocking edge has a ring")
                }
            }
        }
        return outcomes
    }

    /// Carries out what was decided; the messages leave `buffer`. They were ready at `entry`,
    /// nanoseconds of `TickClock`. The lock is held.
    func apply(
        _ outcomes: [DropRun.Outcome], to buffer: MessageBuffer<Element>, entry: UInt64
    ) {
        precondition(
            outcomes.count <= buffer.count,
            "\(outcomes.count) outcomes for \(buffer.count) messages to \(name)")
        for outcome in outcomes {
            let source = buffer.first
            assert(
                (outcome == .control) == (buffer.tags[source] != MessageTag.element.rawValue),
                "a message of kind \(buffer.tags[source]) to \(name) is \(outcome)")
            switch outcome {
            case .control:
                let control = MessageTag(rawValue: buffer.tags[source])?
                    .control(time: buffer.times[source])
                // Merging takes an earlier message and its time out, so that one time is added for
                // it as for any other.
                if let control { merge(control) }
                entries.append(entry)
            case .accepted:
                append(buffer, source)
                entries.append(entry)
            case .dropped:
                (buffer.elements + source).deinitialize(count: 1)
                droppedNow.wrappingAdd(1, ordering: .relaxed)
            case .evicting:
                evictOldest()
                append(buffer, source)
                entries.append(entry)
                droppedNow.wrappingAdd(1, ordering: .relaxed)
            }
            buffer.drop(1)
        }
        // Once for the whole publish. The consumer's look is made again under the lock, so that
        // nothing depends on this order but how soon it looks.
        depthNow.store(queue.count, ordering: .releasing)
        noteOldest()
    }

    /// Lets those without the lock know when the oldest message came.
    private func noteOldest() {
        assert(entries.count == queue.count, "\(entries.count) times of \(queue.count) messages")
        oldestNow.store(entries.first ?? 0, ordering: .relaxed)
    }

    /// Takes a message and its time out of the middle. `index` is one of the buffer's, whose first
    /// message need not be at 0.
    private func remove(at index: Int) {
        entries.remove(at: index - queue.first)
        queue.remove(at: index)
    }

    private func append(_ buffer: MessageBuffer<Element>, _ source: Int) {
        queue.append(
            moving: buffer.elements + source, times: buffer.times + source, count: 1)
        elementCount += 1
        assert(
            elementCount <= bounds.messages,
            "\(elementCount) elements on \(name), at most \(bounds.messages)")
    }

    /// Drops the element that waits longest; control messages before it stay.
    private func evictOldest() {
        for index in queue.first..<queue.end where queue.tags[index] == 0 {
            remove(at: index)
            elementCount -= 1
            mergeNeighbours()
            return
        }
        assertionFailure("\(name) is full of \(elementCount) elements and holds none")
    }

    /// Adds a control message; an earlier one of its class that no element follows goes, since
    /// nothing was said between the two.
    private func merge(_ control: Control) {
        removeEarlier(like: MessageTag(control), before: queue.end)
        queue.append(control)
    }

    /// Takes out the last control message of the same class that lies behind the last element
    /// before `end`. There is at most one.
    private func removeEarlier(like tag: MessageTag, before end: Int) {
        var index = end - 1
        while index >= queue.first, queue.tags[index] != 0 {
            if Self.isAlike(queue.tags[index], tag.rawValue) {
                remove(at: index)
                return
            }
            index -= 1
        }
    }

    /// After an element went, two stretches of control messages may have met: of each class only
    /// the later message stays.
    private func mergeNeighbours() {
        var index = queue.end - 1
        while index > queue.first {
            if queue.tags[index] != 0 {
                var earlier = index - 1
                while earlier >= queue.first, queue.tags[earlier] != 0 {
                    if Self.isAlike(queue.tags[earlier], queue.tags[index]) {
                        remove(at: earlier)
                        index -= 1
                    }
                    earlier -= 1
                }
            }
            index -= 1
        }
    }

    /// Whether two control messages are of one class. Idle and active are: the later of the two
    /// says how it is.
    private static func isAlike(_ left: UInt8, _ right: UInt8) -> Bool {
        func kind(_ tag: UInt8) -> UInt8 { tag == MessageTag.active.rawValue ? 2 : tag }
        return kind(left) == kind(right)
    }

    /// Moves the first `count` messages out; there must be as many. The lock is held.
    func take(_ count: Int, into taken: MessageBuffer<Element>) {
        precondition(count <= queue.count, "\(count) messages of \(queue.count) on \(name)")
        for index in queue.first..<queue.first + count {
            if let control = MessageTag(rawValue: queue.tags[index])?
                .control(time: queue.times[index])
            {
                taken.append(control)
            } else {
                taken.append(moving: queue.elements + index, times: queue.times + index, count: 1)
                elementCount -= 1
            }
        }
        queue.drop(count)
        assert(
            0...queue.count ~= elementCount,
            "\(name) counts \(elementCount) elements among \(queue.count) messages")
        entries.removeFirst(count)
        depthNow.store(queue.count, ordering: .releasing)
        noteOldest()
        changed()
    }

    package func digest(into hash: inout StableHash) {
        queue.digest(into: &hash, form: form)
    }

    package struct Snapshot {
        fileprivate var queue: SavedMessages<Element>
        fileprivate var dropped: UInt64
    }

    package func save() -> Saved<Snapshot> {
        let messages = queue.saved()
        return Saved(Snapshot(queue: messages, dropped: dropped), bytes: messages.bytes)
    }

    package func restore(_ state: Snapshot) {
        changed()
        assert(queue.count == 0, "\(name) takes a saved state in and holds \(queue.count) messages")
        queue.append(state.queue)
        // When they came is not saved: a replay measures nothing.
        entries = Deque(repeating: 0, count: queue.count)
        elementCount = state.queue.elements.count
        depthNow.store(queue.count, ordering: .releasing)
        droppedNow.store(state.dropped, ordering: .relaxed)
    }

    package func describeQueued(limit: Int) -> [String] { queue.described(limit: limit) }
}
