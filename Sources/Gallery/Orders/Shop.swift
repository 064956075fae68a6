import Weir

/// What the four sources of `orders` say, all of it made from the run's seed and an index.
///
/// Order `n`, its payment and the review desk's answer are made in three sources that know nothing
/// of each other: each draws the order's item and quantity again from the same numbers. So there is
/// nothing to share between threads, and any part of a run can be made again by itself.
struct Shop: Sendable {
    /// Items in the shop; also the number of keys of `match` and `reserve`.
    static let items = 200
    /// Regions that trucks go to; the number of keys of `ship`.
    static let regions = 12
    /// Event time between two orders: two thousand a second, as the usual rate.
    static let interval = Duration.microseconds(500)
    /// The first order's event time: 2026-01-01T08:00:00Z.
    static let opening = Instant(nanoseconds: 1_767_254_400_000_000_000)
    /// Payments and answers come this much later at most, so that they are out of order.
    static let maximumDelay = Duration.milliseconds(500)
    /// One restock in so many brings a rebate with it.
    static let rebateInterval: UInt64 = 10_000
    /// What a rebate is, in cents: forty couriers.
    static let rebate = 40_000

    let seed: UInt64

    /// Order number `index`, the same whichever source asks.
    func order(_ index: UInt64) -> OrderEvent {
        var random = SeededGenerator(seed: seed, stream: index)
        return OrderEvent(
            kind: .order, order: Int(clamping: index), item: Int32(random.below(Self.items)),
            quantity: Int32(1 + random.below(5)), time: Self.time(of: index))
    }

    /// Three of a hundred payments are declined.
    func payment(_ index: UInt64, _ random: inout SeededGenerator) -> OrderEvent {
        var event = order(index)
        event.kind = random.below(100) < 3 ? .declined : .paid
        event.time = event.time + Self.delay(&random)
        return event
    }

    /// The review desk cancels four of a hundred orders and lets the others through.
    func review(_ index: UInt64, _ random: inout SeededGenerator) -> OrderEvent {
        var event = order(index)
        event.kind = random.below(100) < 4 ? .cancelled : .cleared
        event.time = event.time + Self.delay(&random)
        return event
    }

    /// A little more is delivered than is bought.
    static func restock(_ index: UInt64, _ random: inout SeededGenerator) -> StockEvent {
        StockEvent(
            kind: .restock, order: Int(clamping: index), item: Int32(random.below(items)),
            quantity: Int32(1 + random.below(5)),
            rebate: index % rebateInterval == rebateInterval - 1 ? rebate : 0,
            orderedAt: time(of: index))
    }

    private static func time(of index: UInt64) -> Instant {
        // Beyond the year 2261 all orders come at once.
        let (time, overflow) = Int64(clamping: index)
            .multipliedReportingOverflow(by: interval.wholeNanoseconds)
        return opening + .nanoseconds(overflow ? Int64.max : time)
    }

    /// 20 to 500 ms.
    private static func delay(_ random: inout SeededGenerator) -> Duration {
        .microseconds(Int64(20_000 + random.below(480_000)))
    }
}

/// Something that happened to one order: what the three sources of `match` say.
struct OrderEvent: Codable, Equatable, Sendable {
    enum Kind: UInt8, Codable, Sendable {
        case order, paid, declined, cleared, cancelled
    }

    var kind: Kind
    var order: Int
    var item: Int32
    var quantity: Int32
    var time: Instant
}

/// Something that happens to an item's stock: an order that is paid for and cleared, or a restock.
struct StockEvent: Codable, Equatable, Sendable {
    enum Kind: UInt8, Codable, Sendable {
        case order, restock
    }

    var kind: Kind
    /// The order's number, or the restock's.
    var order: Int
    var item: Int32
    var quantity: Int32
    /// Cents that a restock brings with it.
    var rebate = 0
    var orderedAt: Instant
}

/// Goods that are set aside for an order.
struct Reservation: Codable, Equatable, Sendable {
    var order: Int
    var item: Int32
    var quantity: Int32
    var orderedAt: Instant
}

/// A row of the shipments.
struct Shipment: Codable, Equatable, Sendable {
    var reservation: Reservation
    var shippedAt: Instant

    /// One JSON object, keys in the order that the contract names.
    var json: String {
        var text = JSONText()
        text.beginObject()
        text.member("order", reservation.order)
        text.member("item", "item-\(reservation.item)")
        text.member("quantity", reservation.quantity)
        text.member("ordered_at", reservation.orderedAt.rfc3339(digits: 6))
        text.member("shipped_at", shippedAt.rfc3339(digits: 6))
        text.endObject()
        return text.string
    }
}
