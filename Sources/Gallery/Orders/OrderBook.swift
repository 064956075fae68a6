import Weir

/// The orders of one item that still wait for their payment or the review desk's answer.
///
/// Each order is named once by each of three sources, in any order; with the third it leaves the
/// book. What comes out depends on the orders alone and not on who came first. A subtask of `match`
/// has one for each item. It takes an event by a binary search and a move within the array, which
/// is short as long as the sources keep up with each other.
struct OrderBook: Codable, Equatable, Sendable {
    /// What is known of one order so far; nil stands for what nobody said yet.
    struct Entry: Codable, Equatable, Sendable {
        var order: Int
        var quantity: Int32 = 0
        var orderedAt: Instant?
        var isPaid: Bool?
        var isCancelled: Bool?
        /// The latest of the event times.
        var time: Instant
    }

    /// What became of an order that is whole.
    enum Outcome: Equatable, Sendable {
        case ready(StockEvent, at: Instant)
        case declined(order: Int)
        case cancelled(order: Int)
    }

    /// The maximum of orders of one item. A source that runs that far ahead of the others is an
    /// error, and no reason to fill the memory.
    static let maximumWaiting = 1 << 16

    /// By order, ascending.
    private(set) var waiting: [Entry] = []

    /// Takes an event; gives the order's outcome when it was the last one missing.
    ///
    /// - Throws: `BookFull` where the order is new and there is no room for it.
    mutating func take(_ event: OrderEvent) throws -> Outcome? {
        let index = self.index(of: event.order)
        if index == waiting.count || waiting[index].order != event.order {
            guard waiting.count < Self.maximumWaiting else { throw BookFull(item: event.item) }
            waiting.insert(Entry(order: event.order, time: event.time), at: index)
        }
        waiting[index].time = max(waiting[index].time, event.time)
        switch event.kind {
        case .order:
            waiting[index].orderedAt = event.time
            waiting[index].quantity = event.quantity
        case .paid: waiting[index].isPaid = true
        case .declined: waiting[index].isPaid = false
        case .cleared: waiting[index].isCancelled = false
        case .cancelled: waiting[index].isCancelled = true
        }
        let entry = waiting[index]
        guard let orderedAt = entry.orderedAt, let isPaid = entry.isPaid,
            let isCancelled = entry.isCancelled
        else { return nil }
        waiting.remove(at: index)
        if isCancelled { return .cancelled(order: entry.order) }
        if !isPaid { return .declined(order: entry.order) }
        let event = StockEvent(
            kind: .order, order: entry.order, item: event.item, quantity: entry.quantity,
            orderedAt: orderedAt)
        return .ready(event, at: entry.time)
    }

    /// The index of an order, or the one at which it belongs.
    private func index(of order: Int) -> Int {
        var range = 0..<waiting.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if waiting[middle].order < order {
                range = middle + 1..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }
}

/// One of the sources is too far ahead of the others.
struct BookFull: Error, Equatable, CustomStringConvertible {
    let item: Int32
    var description: String {
        "more than \(OrderBook.maximumWaiting) orders of item-\(item) wait for a payment or a "
            + "review; run with a --rate, so that the sources keep up with each other"
    }
}
