/// q3: auctions of category 10 with their sellers from three states, as soon as both are there.
struct LocalItemLoop: ~Copyable, BareLoop {
    private struct Seller {
        var words: PersonWords?
        var waiting: [Int64] = []
    }
    private var sellers = LoopTable(capacity: 1 << 16, initial: Seller())

    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        if event.isBid { return }
        if event.isPerson {
            // CA, ID and OR.
            guard 1...3 ~= event.wide else { return }
            let words = PersonWords(copy event)
            let seller = sellers[event.identity &+ lap.people]
            seller.pointee.words = words
            for auction in seller.pointee.waiting {
                rows.add(LocalItem(seller: words, auction: auction))
            }
            seller.pointee.waiting = []
        } else if event.first == 10 {
            let seller = sellers[event.party &+ lap.people]
            let auction = event.identity &+ lap.auctions
            if let words = seller.pointee.words {
                rows.add(LocalItem(seller: words, auction: auction))
            } else {
                seller.pointee.waiting.append(auction)
            }
        }
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {}
}

/// q4: for each category the average of its auctions' highest bids.
struct AveragePriceLoop: ~Copyable, BareLoop {
    private struct Auction {
        /// Nil where only bids came yet.
        var opens: Int64?
        var closes: Int64 = 0
        var category = 0
        var best: Int64 = -1
        /// Bids that came before their auction.
        var early: [(time: Int64, price: Int64)] = []
    }
    private var auctions = LoopTable(capacity: 1 << 14, initial: Auction())
    private var due = DueHeap()
    private var sums: InlineArray<5, Int64> = .init(repeating: 0)
    private var counts: InlineArray<5, Int64> = .init(repeating: 0)

    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        let time = event.dateTime &+ lap.time
        let key = event.identity &+ lap.auctions
        if event.isAuction {
            let auction = auctions[key]
            let closes = event.expires &+ lap.time
            auction.pointee.opens = time
            auction.pointee.closes = closes
            auction.pointee.category = event.first - 10
            for bid in auction.pointee.early where bid.time >= time && bid.time <= closes {
                auction.pointee.best = max(auction.pointee.best, bid.price)
            }
            auction.pointee.early = []
            due.add(closes, key)
        } else if event.isBid {
            let auction = auctions[key]
            if let opens = auction.pointee.opens {
                if time >= opens, time <= auction.pointee.closes {
                    auction.pointee.best = max(auction.pointee.best, event.price)
                }
            } else {
                if auction.pointee.early.isEmpty { due.add(time, key) }
                auction.pointee.early.append((time, event.price))
            }
        }
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {
        while let key = due.next(at: watermark) {
            guard let auction = auctions.find(key) else { continue }
            if auction.pointee.opens != nil {
                if auction.pointee.closes > watermark { continue }
                if auction.pointee.best >= 0 {
                    sums[auction.pointee.category] += auction.pointee.best
                    counts[auction.pointee.category] += 1
                }
                auctions.remove(key)
            } else {
                auction.pointee.early.removeAll { $0.time <= watermark }
                if let next = auction.pointee.early.map(\.time).min() {
                    due.add(next, key)
                } else {
                    auctions.remove(key)
                }
            }
        }
        guard watermark == .max else { return }
        for category in counts.indices where counts[category] > 0 {
            rows.add(
                CategoryAverage(
                    category: Int64(category + 10), average: sums[category] / counts[category]))
        }
    }
}
