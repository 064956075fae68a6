import Weir

/// The queries that keep nothing.
enum StatelessQueries {
    /// q0: every bid as it came.
    static func passed(_ events: DataStream<AuctionEvent>) -> DataStream<PassedBid> {
        events.filter("bids") { $0.isBid }.map("passed") { PassedBid($0) }
    }

    /// q1: every bid with its price times 0.908, exactly.
    static func converted(_ events: DataStream<AuctionEvent>) -> DataStream<ConvertedBid> {
        events.filter("bids") { $0.isBid }.map("converted") { ConvertedBid($0) }
    }

    /// q1hop: the rows of q1, exchanged by their auction.
    static func exchanged(_ events: DataStream<AuctionEvent>) -> DataStream<ConvertedBid> {
        converted(events).keyed { $0.auction }.map("exchanged") { $0 }
    }

    /// q2: the bids on one in 123 auctions.
    static func selected(_ events: DataStream<AuctionEvent>) -> DataStream<SelectedBid> {
        events.filter("some") { $0.isBid && $0.identity % 123 == 0 }
            .map("selected") { SelectedBid(auction: $0.identity, price: $0.price) }
    }
}
