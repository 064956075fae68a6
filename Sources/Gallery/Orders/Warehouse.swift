import Weir

/// The money for couriers who fetch from other branches what the shelves lack, for all items. It is
/// a shared cell: every access is a step of the run.
struct Budget: Codable, Equatable, Sendable {
    /// Cents.
    var left = Budget.opening
    /// How often a courier was paid.
    var tours = 0

    /// What there is at the start: four tours.
    static let opening = 4_000
    /// What a courier's tour costs, whatever it fetches.
    static let fee = 1_000
}

/// An item's shelf, the state of a key of `reserve`.
struct Shelf: Codable, Equatable, Sendable {
    /// What a shelf holds at most, in pieces; what does not fit goes back to the supplier.
    static let room: Int32 = 60
    /// What is on it at the start.
    static let opening: Int32 = 12

    var onHand = Shelf.opening
    /// How many orders it could not serve.
    var short = 0

    /// A delivery.
    mutating func fill(_ quantity: Int32) { onHand = min(Self.room, onHand + quantity) }

    /// Takes goods off; false, and nothing is taken, where there are not enough.
    mutating func take(_ quantity: Int32) -> Bool {
        guard onHand >= quantity else { return false }
        onHand -= quantity
        return true
    }
}

/// Sets goods aside for orders: from the item's shelf, else by a courier from another branch. It
/// has no state of its own: a shelf is a key's, and the budget is a cell.
struct Warehouse: Sendable {
    /// How a courier is paid.
    enum Race: String, CaseIterable, Sendable {
        /// As it was shipped: one access checks, a second one pays. Two subtasks that check at
        /// the same time, when there is money for one, both pay.
        case shipped
        /// One access does both.
        case fixed
    }

    let budget: SharedCell<Budget>
    let race: Race

    /// A delivery fills the shelf and may bring a rebate. An order takes from the shelf or has a
    /// courier fetch; where neither is possible it is logged and goes no further.
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
            guard isOnShelf || fetch(event, &context) else {
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

    /// Has a courier fetch what the shelf lacks if there is money for it.
    private func fetch(
        _ event: borrowing StockEvent, _ context: inout OperatorContext<Reservation>
    ) -> Bool {
        let fee = Budget.fee
        let isFetched: Bool
        switch race {
        case .shipped:
            // The race: between these two accesses another subtask may pay, and both have seen
            // enough money.
            isFetched = budget.read().left >= fee
            if isFetched { budget.update { $0.pay(fee) } }
        case .fixed:
            isFetched = budget.update { budget in
                guard budget.left >= fee else { return false }
                budget.pay(fee)
                return true
            }
        }
        let order = event.order
        if isFetched {
            context.log.debug(
                "goods_fetched", ["order": .integer(Int64(order)), "cents": .integer(Int64(fee))])
        }
        return isFetched
    }
}

extension Budget {
    /// Pays a courier, whether or not there is money.
    mutating func pay(_ fee: Int) {
        left -= fee
        tours += 1
    }
}
