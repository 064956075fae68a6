import Weir

/// The queries that bring together persons, auctions and bids.
enum JoinQueries {
    /// q3: auctions of category 10 with their sellers from Oregon, Idaho and California, as soon as
    /// both are there.
    static func localItems(_ events: DataStream<AuctionEvent>) -> DataStream<LocalItem> {
        events
            .filter("local") { event in
                event.isPerson ? 1...3 ~= event.wide : event.isAuction && event.first == 10
            }
            .keyed { $0.isPerson ? $0.identity : $0.party }
            .process("join", state: Seller(), emitting: LocalItem.self) { event, seller, context in
                if event.isPerson {
                    let words = PersonWords(event)
                    seller.words = words
                    for auction in seller.waiting {
                        context.emit(LocalItem(seller: words, auction: auction))
                    }
                    seller.waiting = []
                } else if let words = seller.words {
                    context.emit(LocalItem(seller: words, auction: event.identity))
                } else {
                    seller.waiting.append(event.identity)
                }
            }
    }

    /// A person, and the auctions that came before them.
    struct Seller: Codable, Equatable, Sendable {
        var words: PersonWords?
        var waiting: [Int64] = []
    }

    /// q4: for each category the average of its auctions' highest bids.
    static func averagePrices(_ events: DataStream<AuctionEvent>) -> DataStream<CategoryAverage> {
        events.filter("offers") { !$0.isPerson }
            .keyed(by: \.identity)
            .process(
                "close", state: AuctionPrice(), emitting: ClosedAuction.self,
                onTimer: { _, auction, context in auction.timeOut(&context) }
            ) { event, auction, context in
                auction.take(event, &context)
            }
            .keyed(by: \.category)
            .process(
                "average", state: Average(), emitting: CategoryAverage.self,
                onTimer: { category, average, context in
                    context.emit(
                        CategoryAverage(category: category, average: average.sum / average.count))
                }
            ) { closed, average, context in
                // What is asked for is each category's last average: it is told at the end of
                // input, which is later than any time.
                if average.count == 0 { context.setTimer(atEventTime: .distantFuture) }
                average.sum += closed.price
                average.count += 1
            }
    }

    /// An auction that is over: its category and its highest bid.
    struct ClosedAuction: Codable, Equatable, Sendable {
        var category: Int64
        var price: Int64
    }

    struct Average: Codable, Equatable, Sendable {
        var sum: Int64 = 0
        var count: Int64 = 0
    }

    /// What is known of an auction: its bids may come before it does.
    struct AuctionPrice: Codable, Equatable, Sendable {
        struct EarlyBid: Codable, Equatable, Sendable {
            var time: Int64
            var price: Int64
        }
        /// Nil until the auction came, and when it is over.
        var opens: Int64?
        var closes: Int64 = 0
        var category: Int64 = 0
        var best: Int64?
        var early: [EarlyBid] = []

        mutating func take(
            _ event: AuctionEvent, _ context: inout OperatorContext<ClosedAuction>
        ) {
            if event.isAuction {
                (opens, closes) = (event.dateTime, event.expires)
                category = Int64(event.first)
                for bid in early where event.dateTime <= bid.time && bid.time <= closes {
                    best = max(best ?? 0, bid.price)
                }
                early = []
                context.setTimer(atEventTime: Instant(milliseconds: closes))
            } else if let opens {
                if opens <= event.dateTime, event.dateTime <= closes {
                    best = max(best ?? 0, event.price)
                }
            } else {
                early.append(EarlyBid(time: event.dateTime, price: event.price))
                context.setTimer(atEventTime: Instant(milliseconds: event.dateTime))
            }
        }

        /// The watermark has passed the auction's end, or an early bid that no auction can come for
        /// any more.
        mutating func timeOut(_ context: inout OperatorContext<ClosedAuction>) {
            let time = context.eventTime
            if opens != nil {
                guard Instant(milliseconds: closes) <= time else { return }
                if let best { context.emit(ClosedAuction(category: category, price: best)) }
                self = AuctionPrice()
            } else {
                early.removeAll { Instant(milliseconds: $0.time) <= time }
            }
        }
    }
}
