/// q0: every bid as it came.
struct PassLoop: BareLoop {
    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        guard event.isBid else { return }
        rows.add(PassedBid(copy event, lap))
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {}
}

/// q1: every bid with its price times 0.908, exactly.
struct ConvertLoop: BareLoop {
    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        guard event.isBid else { return }
        rows.add(ConvertedBid(copy event, lap))
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {}
}

/// q2: the bids on one in 123 auctions.
struct SelectLoop: BareLoop {
    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        guard event.isBid, (event.identity &+ lap.auctions) % 123 == 0 else { return }
        rows.add(SelectedBid(auction: event.identity &+ lap.auctions, price: event.price))
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {}
}
