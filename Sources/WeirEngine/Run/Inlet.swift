package import WeirBase
import WeirTelemetry

/// The reading end of a channel, in one subtask.
package class Inlet {
    package let channel: any AnyChannel
    /// Elements of the running turn: messages that are not control messages.
    var elements = 0
    /// Elements taken in all turns that ended.
    var totalElements: UInt64 = 0

    init(channel: any AnyChannel) { self.channel = channel }

    /// Messages that a turn could take now.
    package var waiting: Int { channel.depth }
    /// The lock of a channel that may drop; taking is part of its step.
    var lock: Monitor? { nil }
    /// Moves `count` messages out under the lock; only channels that may drop.
    func takeOut(_ count: Int) {}
    /// Elements that a turn which did not run yet took out.
    var elementsAhead: Int { 0 }
    /// Takes `count` messages through the chain, controls through the subtask.
    func process(_ count: Int, port: Int, _ subtask: Subtask) {}
}

/// The reading end of a blocking channel; kernels work on the ring's own slots.
package final class BlockingInlet<Element>: Inlet {
    private let ring: Channel<Element>

    package init(ring: Channel<Element>) {
        self.ring = ring
        super.init(channel: ring)
    }

    override func process(_ count: Int, port: Int, _ subtask: Subtask) {
        var done = 0
        elements = 0
        while done < count {
            if let control = ring.control(at: done) {
                if !subtask.hasFailed { subtask.receive(control, port: port) }
                done += 1
                continue
            }
            let run = ring.run(at: done, limit: min(count - done, subtask.sliceLimit))
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
        ring.free(count)
        #if WEIR_PROBES
            Probe.at(.taking)
        #endif
    }
}

/// The reading end of a channel that may drop; what it takes is moved out under the lock.
package final class DroppingInlet<Element>: Inlet {
    private let target: DroppingChannel<Element>
    private var taken = MessageBuffer<Element>()

    package init(target: DroppingChannel<Element>) {
        self.target = target
        super.init(channel: target)
    }

    deinit { taken.deallocate() }

    override var lock: Monitor? { target.lock }

    override func takeOut(_ count: Int) { target.take(count, into: &taken) }

    override func process(_ count: Int, port: Int, _ subtask: Subtask) {
        elements = taken.process(count, port: port, subtask)
    }
}

extension MessageBuffer {
    /// Takes the first `count` messages through a subtask; tells how many were elements.
    ///
    /// `seam` says where they lay in a ring, the first one behind `position` others, and cuts
    /// slices where that ring began anew.
    mutating func process(
        _ count: Int, port: Int, _ subtask: Subtask, seam: (position: Int, every: Int)? = nil
    ) -> Int {
        var done = 0
        var taken = 0
        while done < count {
            let place = first + done
            if let control = MessageTag(rawValue: tags[place])?.control(time: times[place]) {
                if !subtask.hasFailed { subtask.receive(control, port: port) }
                done += 1
                continue
            }
            var run = 1
            var most = min(count - done, subtask.sliceLimit)
            if let seam {
                most = min(most, seam.every - (seam.position + done) % seam.every)
            }
            while run < most, tags[place + run] == 0 { run += 1 }
            taken += run
            if subtask.hasFailed {
                (elements + place).deinitialize(count: run)
                subtask.counters.drop(UInt64(run), .stopped)
            } else {
                var slice = ElementSlice(
                    elements: UnsafeMutableRawPointer(elements + place), times: times + place,
                    count: run)
                subtask.chain.run(&slice, from: 0)
            }
            done += run
        }
        drop(count)
        return taken
    }
}

/// What one inlet of a subtask said last of event time.
package struct InletTime {
    package let channel: any AnyChannel
    package let watermark: Instant
    /// What comes by it has nothing to say for a while: it holds nobody back.
    package let isIdle: Bool
    package let isEnded: Bool
}
