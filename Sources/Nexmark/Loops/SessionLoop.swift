/// q11: each bidder's sessions; bids at most ten seconds apart belong to one.
struct SessionLoop: ~Copyable, BareLoop {
    private struct Session {
        var first: Int64
        var last: Int64
        var bids: Int64

        @inline(__always)
        func touches(_ first: Int64, _ last: Int64) -> Bool {
            bids > 0 && first <= self.last + SessionLoop.gap
                && self.first <= last + SessionLoop.gap
        }
    }
    private struct Bidder {
        var session = Session(first: 0, last: 0, bids: 0)
        /// Further ones that are open at the same time, which is rare.
        var more: [Session] = []
    }
    private static let gap: Int64 = 10_000
    private var bidders = LoopTable(capacity: 1 << 14, initial: Bidder())
    private var due = DueHeap()

    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        guard event.isBid else { return }
        let (key, time) = (event.party &+ lap.people, event.dateTime &+ lap.time)
        let bidder = bidders[key]
        if bidder.pointee.more.isEmpty {
            if bidder.pointee.session.bids == 0 {
                bidder.pointee.session = Session(first: time, last: time, bids: 1)
                due.add(time + Self.gap - 1, key)
                return
            }
            if bidder.pointee.session.touches(time, time) {
                bidder.pointee.session.bids += 1
                if time > bidder.pointee.session.last {
                    bidder.pointee.session.last = time
                } else if time < bidder.pointee.session.first {
                    bidder.pointee.session.first = time
                }
                return
            }
        }
        join(time, to: bidder, key)
    }

    /// A bid beside the open session: it may begin another one, or make one of two.
    @inline(never)
    private mutating func join(
        _ time: Int64, to bidder: UnsafeMutablePointer<Bidder>, _ key: Int64
    ) {
        var joined = Session(first: time, last: time, bids: 1)
        var kept: [Session] = []
        for session in [bidder.pointee.session] + bidder.pointee.more where session.bids > 0 {
            guard session.touches(joined.first, joined.last) else {
                kept.append(session)
                continue
            }
            joined = Session(
                first: min(session.first, joined.first), last: max(session.last, joined.last),
                bids: session.bids + joined.bids)
        }
        if joined.bids == 1 { due.add(time + Self.gap - 1, key) }
        kept.append(joined)
        keep(kept, of: bidder)
    }

    private func keep(_ sessions: [Session], of bidder: UnsafeMutablePointer<Bidder>) {
        let sorted = sessions.sorted { $0.first < $1.first }
        bidder.pointee.session = sorted[0]
        bidder.pointee.more = Array(sorted.dropFirst())
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {
        while let key = due.next(at: watermark) {
            guard let bidder = bidders.find(key) else { continue }
            let open = [bidder.pointee.session] + bidder.pointee.more
            let ended = open.prefix { $0.last + Self.gap - 1 <= watermark }
            for session in ended {
                rows.add(
                    BidderSession(
                        bidder: key, bids: session.bids, first: session.first,
                        end: session.last + Self.gap))
            }
            let rest = open.dropFirst(ended.count)
            guard let first = rest.first else {
                bidders.remove(key)
                continue
            }
            keep(Array(rest), of: bidder)
            due.add(first.last + Self.gap - 1, key)
        }
    }
}
