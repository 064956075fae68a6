import Synchronization
import Weir

/// The events of a run, made before it starts.
final class AuctionMemory: Sendable {
    /// `count` events, in the order in which they come.
    nonisolated(unsafe) let events: UnsafeMutablePointer<AuctionEvent>
    let count: Int

    init(seed: UInt64, count: Int, order: AuctionOrder) {
        let workload = AuctionWorkload(seed: seed)
        self.count = count
        events = .allocate(capacity: count)
        var index = 0
        for number in AuctionNumbers(of: workload, count: UInt64(count), order: order) {
            (events + index).initialize(to: workload.event(number))
            index += 1
        }
        precondition(index == count, "\(index) of \(count) events were made")
    }

    deinit { events.deallocate() }

    /// What memory holds events of, for as long as somebody needs it.
    private struct Known {
        var seed: UInt64
        var count: Int
        var order: AuctionOrder
        weak var memory: AuctionMemory?
    }
    private static let known = Mutex<Known?>(nil)

    /// The same events as by `init`, those that were made last if they are still there: a query's
    /// runs and its bare loop read the same ones.
    static func shared(seed: UInt64, count: Int, order: AuctionOrder) -> AuctionMemory {
        known.withLock { known in
            if let last = known, last.seed == seed, last.count == count, last.order == order,
                let memory = last.memory
            {
                return memory
            }
            let memory = AuctionMemory(seed: seed, count: count, order: order)
            known = Known(seed: seed, count: count, order: order, memory: memory)
            return memory
        }
    }

    /// Adds the events with these indices to a batch; behind the last one the next lap begins.
    @inline(__always)
    func fill(_ indices: Range<UInt64>, _ batch: inout SourceBatch<AuctionEvent>) {
        if indices.upperBound <= UInt64(count) {
            for index in Int(indices.lowerBound)..<Int(indices.upperBound) {
                batch.append(events[index], at: Instant(milliseconds: events[index].dateTime))
            }
            return
        }
        var (number, offset) = Int(indices.lowerBound).quotientAndRemainder(dividingBy: count)
        var lap = Lap(number, events: count)
        for _ in indices {
            if offset == count {
                (number, offset) = (number + 1, 0)
                lap = Lap(number, events: count)
            }
            let event = events[offset].moved(by: lap)
            batch.append(event, at: Instant(milliseconds: event.dateTime))
            offset += 1
        }
    }
}

extension AuctionEvent {
    /// The event as it is in another lap.
    @inline(__always)
    func moved(by lap: Lap) -> AuctionEvent {
        var event = self
        event.dateTime &+= lap.time
        if isPerson {
            event.identity &+= lap.people
        } else {
            event.identity &+= lap.auctions
            event.party &+= lap.people
            event.expires &+= isAuction ? lap.time : 0
        }
        return event
    }
}
