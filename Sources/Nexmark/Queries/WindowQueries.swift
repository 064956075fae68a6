import Weir

/// The queries over windows of event time.
enum WindowQueries {
    private static let size = Duration.seconds(10)
    private static let slide = Duration.seconds(2)

    /// q5: of ten seconds, every two, the auctions with the most bids. Each auction's bids are
    /// counted by stretches of two seconds, and five stretches are a window.
    static func hotItems(_ events: DataStream<AuctionEvent>) -> DataStream<HotItem> {
        events.filter("bids") { $0.isBid }.map("auctions") { $0.identity }
            .keyed { $0 }
            .window(.tumbling(slide))
            .aggregate("counts", from: 0 as Int64) { count, _ in count += 1 }
            .keyed { _ in 0 }
            .process(
                "hottest", state: HotWindow(), emitting: HotItem.self,
                onTimer: { _, window, context in window.close(&context) }
            ) { pane, window, context in
                window.take(pane, &context)
            }
    }

    /// The bids of each auction in the stretches of two seconds that an open window may have.
    struct HotWindow: Codable, Equatable, Sendable {
        struct Count: Codable, Equatable, Sendable {
            var auction: Int64
            var bids: Int64
        }
        struct Stretch: Codable, Equatable, Sendable {
            /// In milliseconds since 1970.
            var start: Int64
            var counts: [Count]
        }
        /// By their starts.
        var stretches: [Stretch] = []

        private static let stretchesOfWindow = 5
        private static let slide: Int64 = 2_000

        mutating func take(
            _ pane: Pane<Int64, Int64>, _ context: inout OperatorContext<HotItem>
        ) {
            let start = pane.start.milliseconds
            let count = Count(auction: pane.key, bids: pane.value)
            if let last = stretches.indices.last, stretches[last].start == start {
                stretches[last].counts.append(count)
                return
            }
            if let index = stretches.firstIndex(where: { $0.start == start }) {
                stretches[index].counts.append(count)
                return
            }
            let index = stretches.firstIndex { $0.start > start } ?? stretches.count
            stretches.insert(Stretch(start: start, counts: [count]), at: index)
            // Every window that the stretch is a part of.
            for number in 1...Self.stretchesOfWindow {
                context.setTimer(
                    atEventTime: Instant(milliseconds: start + Int64(number) * Self.slide)
                        - .nanoseconds(1))
            }
        }

        /// The window that ends now: its counts are added up, and what no later one has is
        /// forgotten.
        mutating func close(_ context: inout OperatorContext<HotItem>) {
            let end = (context.eventTime + .nanoseconds(1)).milliseconds
            let start = end - Int64(Self.stretchesOfWindow) * Self.slide
            var sums: [Int64: Int64] = [:]
            for stretch in stretches where start <= stretch.start && stretch.start < end {
                for count in stretch.counts { sums[count.auction, default: 0] += count.bids }
            }
            let highest = sums.values.max() ?? 0
            for auction in sums.filter({ $0.value == highest }).keys.sorted() {
                context.emit(
                    HotItem(auction: auction, bids: highest, windowStart: start, windowEnd: end))
            }
            stretches.removeAll { $0.start <= start }
        }
    }

    /// q7: of ten seconds the bids with the highest price.
    static func highestBids(_ events: DataStream<AuctionEvent>) -> DataStream<HighestBid> {
        events.filter("bids") { $0.isBid }
            .keyed { _ in 0 }
            .window(.tumbling(size))
            .aggregate("highest", from: [HighestBid]()) { best, event in
                if let highest = best.first?.price {
                    if event.price < highest { return }
                    if event.price > highest { best.removeAll(keepingCapacity: true) }
                }
                best.append(HighestBid(event))
            }
            .flatMap("each") { $0.value }
    }

    /// q8: of ten seconds those who registered and put something up for auction.
    static func newSellers(_ events: DataStream<AuctionEvent>) -> DataStream<NewSeller> {
        events.filter("people") { !$0.isBid }
            .keyed { $0.isPerson ? $0.identity : $0.party }
            .window(.tumbling(size))
            .aggregate("sellers", from: Seller()) { seller, event in
                if event.isPerson { seller.words = PersonWords(event) } else { seller.sells = true }
            }
            .filter("new") { $0.value.sells && $0.value.words != nil }
            .flatMap("row") { pane in
                pane.value.words.map { words in
                    [
                        NewSeller(
                            person: pane.key, words: words, windowStart: pane.start.milliseconds)
                    ]
                } ?? []
            }
    }

    /// A person in one window.
    struct Seller: Codable, Equatable, Sendable {
        var words: PersonWords?
        var sells = false
    }
}
