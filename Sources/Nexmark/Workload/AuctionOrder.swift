/// In which order the events of the workload come.
enum AuctionOrder: String, CaseIterable, Sendable {
    /// By their numbers, and so by their times.
    case inorder
    /// By their times and a delay of less than four seconds that is drawn for each: no event comes
    /// behind a watermark that stays four seconds back.
    case shuffled
}

/// The numbers of the first events of a workload in the order in which they come.
///
/// The shuffled order is that of (time + delay, number). Since no delay is as long as
/// `AuctionWorkload.maximumDelay`, everything that comes in one millisecond is known as soon as
/// event time is there: the events wait by the millisecond, in as many places as a delay is long,
/// and no more than those of four seconds are held at once, 40,000.
struct AuctionNumbers: Sequence, IteratorProtocol {
    private let workload: AuctionWorkload
    private let count: UInt64
    private let order: AuctionOrder
    /// The next event that was not looked at.
    private var unseen: UInt64 = 0
    /// Events that wait, by the millisecond in which they come, in turn.
    private var waiting: [[UInt64]]
    /// The millisecond since the start whose events are given now, and how many of them were.
    private var millisecond: UInt64 = 0
    private var given = 0

    init(of workload: AuctionWorkload, count: UInt64, order: AuctionOrder) {
        (self.workload, self.count, self.order) = (workload, count, order)
        let slots = order == .shuffled ? Int(AuctionWorkload.maximumDelay) : 0
        waiting = Array(repeating: [], count: slots)
    }

    mutating func next() -> UInt64? {
        if order == .inorder {
            guard unseen < count else { return nil }
            defer { unseen += 1 }
            return unseen
        }
        while true {
            look()
            let slot = Int(millisecond % AuctionWorkload.maximumDelay)
            if given < waiting[slot].count {
                defer { given += 1 }
                return waiting[slot][given]
            }
            // The last events come up to a whole delay behind the last one's time.
            let end = count / AuctionWorkload.eventsPerMillisecond + AuctionWorkload.maximumDelay
            if unseen == count, millisecond > end { return nil }
            waiting[slot].removeAll(keepingCapacity: true)
            (millisecond, given) = (millisecond + 1, 0)
        }
    }

    /// Puts all events of this millisecond where they come.
    private mutating func look() {
        while unseen < count, unseen / AuctionWorkload.eventsPerMillisecond <= millisecond {
            let comes = unseen / AuctionWorkload.eventsPerMillisecond + workload.delay(of: unseen)
            waiting[Int(comes % AuctionWorkload.maximumDelay)].append(unseen)
            unseen += 1
        }
    }
}
