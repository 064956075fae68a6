import Weir

/// The money for buying at other dealers what the shelves lack, shared by all items.
struct Budget: Codable, Equatable, Sendable {
    /// Cents.
    var left = Budget.opening
    var purchases = 0

    static let opening = 30_000
}

/// An item's shelf.
struct Shelf: Codable, Equatable, Sendable {
    /// What a shelf holds at most; what does not fit goes back to the supplier.
    static let room: Int32 = 60
    static let opening: Int32 = 12

    var onHand = Shelf.opening
    var short = 0

    mutating func fill(_ quantity: Int32) { onHand = min(Self.room, onHand + quantity) }

    mutating func take(_ quantity: Int32) -> Bool {
        guard onHand >= quantity else { return false }
        onHand -= quantity
        return true
    }
}

/// Sets goods aside for orders: from the item's shelf, else bought at another dealer.
struct Warehouse: Sendable {
    /// How a purchase looks at the budget.
    enum Race: String, CaseIterable, Sendable {
        /// As it was shipped: one access checks, a second one pays. Two subtasks that check at
        /// the same time, when there is money for one, both pay.
        case shipped
        /// One access does both.
        case fixed
    }

    let budget: SharedCell<Budget>
    let race: Race

    func take(
        _ event: consuming StockEvent, _ shelf: inout Shelf,
        _ context: inout OperatorContext<Reservation>
    ) {
        switch event.kind {
        case .restock:
            shelf.fill(event.quantity)
            let rebate = event.rebate
            if rebate > 0 {
                let left = budget.update { budget in
                    budget.left += rebate
                    return budget.left
                }
                context.log.info(
                    "rebate_granted",
                    ["cents": .integer(Int64(rebate)), "left": .integer(Int64(left))])
            }
        case .order:
            let isOnShelf = shelf.take(event.quantity)
            guard isOnShelf || buy(event, &context) else {
                shelf.short += 1
                context.log.info(
                    "stock_short",
                    ["order": .integer(Int64(event.order)), "item": .integer(Int64(event.item))])
                return
            }
            context.log.debug(
                "order_reserved",
                [
                    "order": .integer(Int64(event.order)), "item": .integer(Int64(event.item)),
                    "quantity": .integer(Int64(event.quantity)),
                ])
            context.emit(
                Reservation(
                    order: event.order, item: event.item, quantity: event.quantity,
                    orderedAt: event.orderedAt))
        }
    }

    /// Buys what the shelf lacks if there is money for it.
    private func buy(
        _ event: borrowing StockEvent, _ context: inout OperatorContext<Reservation>
    ) -> Bool {
        let price = Self.price(of: event.item, event.quantity)
        let isBought: Bool
        switch race {
        case .shipped:
            isBought = budget.read().left >= price
            if isBought { budget.update { $0.pay(price) } }
        case .fixed:
            isBought = budget.update { budget in
                guard budget.left >= price else { return false }
                budget.pay(price)
                return true
            }
        }
        let order = event.order
        if isBought {
            context.log.debug(
                "goods_bought", ["order": .integer(Int64(order)), "cents": .integer(Int64(price))])
        }
        return isBought
    }

    /// Cents: between 2 and 9 for a piece, by item.
    static func price(of item: Int32, _ quantity: Int32) -> Int {
        Int(quantity) * (200 + Int(item) * 37 % 700)
    }
}

extension Budget {
    mutating func pay(_ price: Int) {
        left -= price
        purchases += 1
    }
}
