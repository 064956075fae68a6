package import WeirBase
import WeirTelemetry

/// The reading end of a channel, in one subtask.
///
/// A look asks `waiting`. A turn then calls `takeOut` where the channel has a lock, and `process`,
/// which takes the counted messages through the chain in slices and control messages through the
/// subtask, in their order. Only the thread that has claimed the subtask uses it.
package class Inlet {
    package let channel: any AnyChannel
    /// How many elements the running turn took: its messages that are no control messages.
    var elements = 0
    /// Elements taken in all turns that ended.
    var totalElements: UInt64 = 0

    init(channel: any AnyChannel) { self.channel = channel }

    /// Messages that a turn could take now.
    package var waiting: Int { channel.depth }
    /// The lock of a channel that may drop, where taking is part of the turn's step; nil where
    /// taking needs none.
    var lock: ConditionLock? { nil }
    /// Moves `count` messages out under the lock. Only does something for channels that may drop.
    func takeOut(_ count: Int) {}
    /// Elements that were taken out for a turn which did not run yet; in a replay only. The books
    /// count them as queued.
    var elementsAhead: Int { 0 }
    /// Takes `count` messages through the chain, controls through the subtask as coming from inlet
    /// `port`. Behind a failure the rest is taken, destroyed and counted as stopped: the turn's
    /// note says that it took them.
    func process(_ count: Int, port: Int, _ subtask: Subtask) {}
}

/// The reading end of a blocking channel. Kernels work in place on the ring's own slots, which are
/// given back once, at the end of the turn.
package final class BlockingInlet<Element>: Inlet {
    private let ring: Channel<Element>

    package init(ring: Channel<Element>) {
        self.ring = ring
        super.init(channel: ring)
    }

    override func process(_ count: Int, port: Int, _ subtask: Subtask) {
        // Beyond them lies what was taken long ago: memory without an element.
        precondition(
            count <= ring.depth, "\(subtask.name) takes \(count) of \(ring.depth) messages")
        var done = 0
        elements = 0
        while done < count {
            if let control = ring.control(at: done) {
                if !subtask.hasFailed { subtask.receive(control, port: port) }
                done += 1
                continue
            }
            // Up to the next control message, the ring's end or a full slice, so that the elements
            // lie side by side.
            let run = ring.run(at: done, limit: min(count - done, subtask.sliceLimit))
            // Where no control message stands an element does, so that each round goes on.
            assert(run.count > 0, "a turn of \(subtask.name) stands still at message \(done)")
            elements += run.count
            if subtask.hasFailed {
                (ring.elements + run.slot).deinitialize(count: run.count)
                subtask.counters.drop(UInt64(run.count), .stopped)
            } else {
                var slice = ElementSlice(
                    elements: UnsafeMutableRawPointer(ring.elements + run.slot),
                    times: ring.times + run.slot, count: run.count)
                subtask.chain.run(&slice, from: 0)
            }
            done += run.count
        }
        assert(done == count, "\(subtask.name) took \(done) messages, its choice says \(count)")
        ring.free(count)
        Probe.at(.taking)
    }
}

/// The reading end of a channel that may drop.
///
/// What a turn takes is moved out under the lock: the channel may evict or move what it holds while
/// the turn runs.
package final class DroppingInlet<Element>: Inlet {
    private let target: DroppingChannel<Element>
    private let taken = MessageBuffer<Element>()

    package init(target: DroppingChannel<Element>) {
        self.target = target
        super.init(channel: target)
    }

    override var lock: ConditionLock? { target.lock }

    override func takeOut(_ count: Int) { target.take(count, into: taken) }

    override func process(_ count: Int, port: Int, _ subtask: Subtask) {
        elements = taken.process(count, port: port, subtask)
        assert(taken.count == 0, "a turn of \(subtask.name) leaves \(taken.count) that it took")
    }
}

extension MessageBuffer {
    /// Takes the first `count` messages through a subtask; tells how many were elements.
    ///
    /// `seam` says where they lay in a run's ring, the first one behind `position` others, and cuts
    /// slices where that ring, of `every` slots, began anew. Without it only control messages and
    /// full slices cut.
    func process(
        _ count: Int, port: Int, _ subtask: Subtask, seam: (position: Int, every: Int)? = nil
    ) -> Int {
        precondition(
            count <= self.count, "\(subtask.name) takes \(count) of \(self.count) messages")
        var done = 0
        var taken = 0
        while done < count {
            let index = first + done
            if let control = MessageTag(rawValue: tags[index])?.control(time: times[index]) {
                if !subtask.hasFailed { subtask.receive(control, port: port) }
                done += 1
                continue
            }
            var run = 1
            var maximum = min(count - done, subtask.sliceLimit)
            if let seam {
                // As many as lay before the ring's end.
                maximum = min(maximum, seam.every - (seam.position + done) % seam.every)
            }
            while run < maximum, tags[index + run] == 0 { run += 1 }
            taken += run
            if subtask.hasFailed {
                (elements + index).deinitialize(count: run)
                subtask.counters.drop(UInt64(run), .stopped)
            } else {
                var slice = ElementSlice(
                    elements: UnsafeMutableRawPointer(elements + index), times: times + index,
                    count: run)
                subtask.chain.run(&slice, from: 0)
            }
            done += run
        }
        assert(done == count, "\(subtask.name) took \(done) messages, its choice says \(count)")
        drop(count)
        return taken
    }
}

/// What one inlet of a subtask said last of event time, for a person who asks why a watermark
/// stands.
package struct InletTime {
    package let channel: any AnyChannel
    package let watermark: Instant
    /// Whether what comes by it has nothing to say for a while, so that it holds nobody back.
    package let isIdle: Bool
    /// Whether nothing comes by it any more.
    package let isEnded: Bool
}
