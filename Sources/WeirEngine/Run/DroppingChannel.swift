package import WeirBase
import DequeModule
import Synchronization

/// What became of a stretch of messages offered to an edge that may drop.
///
/// One byte each in a note: the outcome in the upper two bits, how many in the lower six.
package struct DropRun: Equatable, Sendable {
    package enum Outcome: UInt8, Sendable {
        /// A control message: merged with its like, never dropped.
        case control = 0
        /// An element that found room.
        case accepted = 1
        /// An element that found none and was dropped.
        case dropped = 2
        /// An element for which the oldest was dropped.
        case evicting = 3
    }

    package static let maximumLength = 63

    /// Packs outcomes into runs.
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

    /// Unpacks runs; nil when a run has no length.
    package static func unpack(_ runs: some Sequence<UInt8>) -> [Outcome]? {
        var outcomes: [Outcome] = []
        for run in runs {
            guard let outcome = Outcome(rawValue: run >> 6), run & 63 > 0 else { return nil }
            outcomes.append(contentsOf: repeatElement(outcome, count: Int(run & 63)))
        }
        return outcomes
    }
}

/// A channel that may drop: publishing and taking happen under its lock, each as a step.
///
/// Between two elements it holds at most one watermark, one idle or active, and one end: control
/// messages merge under the lock and are never dropped.
package final class DroppingChannel<Element>: ChannelBase, ChannelQueue, @unchecked Sendable {
    // Unchecked: `queue` belongs to who holds `lock`; the counts are atomic.

    /// The most messages in one publish step; a note has room for their runs.
    static var maximumOffer: Int { 256 }

    let lock = Monitor()
    private(set) var queue = MessageBuffer<Element>()
    private var elementCount = 0
    private let depthNow = Atomic<Int>(0)
    private let droppedNow = Atomic<UInt64>(0)
    /// When each message of `queue` came; for measuring only.
    private var entries = Deque<UInt64>()
    private let oldestNow = Atomic<UInt64>(0)
    let form: ElementForm<Element>?

    override package init(name: String, bounds: ChannelBounds, policy: EdgePolicy) {
        precondition(policy != .block, "a blocking edge has a ring")
        form = ElementForm.found()
        super.init(name: name, bounds: bounds, policy: policy)
    }

    deinit { queue.deallocate() }

    package var partName: String { "channel \(name)" }
    package var depth: Int { depthNow.load(ordering: .acquiring) }
    package var queuedElements: Int { elementCount }
    // Nobody computes with the lock in hand.
    package var publishedElements: Int { lock.withLock { elementCount } }
    /// Not measured behind an edge that may drop.
    package var nextBirth: UInt64 { 0 }
    package var oldestEntry: UInt64 { oldestNow.load(ordering: .relaxed) }
    package var dropped: UInt64 { droppedNow.load(ordering: .relaxed) }
    package var queuedBytes: Int { depth * MemoryLayout<Element>.stride }

    /// What would become of the first `count` messages of `buffer`; nil at the first that a `fail`
    /// edge has no room for. The lock is held.
    func decide(_ buffer: MessageBuffer<Element>, _ count: Int) -> [DropRun.Outcome]? {
        var outcomes: [DropRun.Outcome] = []
        outcomes.reserveCapacity(count)
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

    /// Carries out what was decided; the messages leave `buffer`. The lock is held.
    /// They came at `entry`.
    func apply(
        _ outcomes: [DropRun.Outcome], to buffer: inout MessageBuffer<Element>, entry: UInt64
    ) {
        for outcome in outcomes {
            let source = buffer.first
            switch outcome {
            case .control:
                let control = MessageTag(rawValue: buffer.tags[source])?
                    .control(time: buffer.times[source])
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
        depthNow.store(queue.count, ordering: .releasing)
        noteOldest()
    }

    private func noteOldest() {
        assert(entries.count == queue.count, "\(entries.count) times of \(queue.count) messages")
        oldestNow.store(entries.first ?? 0, ordering: .relaxed)
    }

    private func remove(at index: Int) {
        entries.remove(at: index - queue.first)
        queue.remove(at: index)
    }

    private func append(_ buffer: MessageBuffer<Element>, _ source: Int) {
        queue.append(
            moving: buffer.elements + source, times: buffer.times + source, count: 1)
        elementCount += 1
    }

    private func evictOldest() {
        for index in queue.first..<queue.end where queue.tags[index] == 0 {
            remove(at: index)
            elementCount -= 1
            mergeNeighbours()
            return
        }
    }

    /// Adds a control message; an earlier one of its class behind the last element goes.
    private func merge(_ control: Control) {
        removeEarlier(like: MessageTag(control), before: queue.end)
        queue.append(control)
    }

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

    /// After an element went, two stretches of control messages may have met.
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

    private static func isAlike(_ left: UInt8, _ right: UInt8) -> Bool {
        func kind(_ tag: UInt8) -> UInt8 { tag == MessageTag.active.rawValue ? 2 : tag }
        return kind(left) == kind(right)
    }

    /// Moves the first `count` messages out. The lock is held.
    func take(_ count: Int, into taken: inout MessageBuffer<Element>) {
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
        queue.append(state.queue)
        entries = Deque(repeating: 0, count: queue.count)
        elementCount = state.queue.elements.count
        depthNow.store(queue.count, ordering: .releasing)
        droppedNow.store(state.dropped, ordering: .relaxed)
    }

    package func describeQueued(limit: Int) -> [String] { queue.described(limit: limit) }
}
