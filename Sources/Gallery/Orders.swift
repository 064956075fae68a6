import Weir

/// A shop: orders, payments, the review desk's cancellations and restocks become shipments.
///
/// `match` brings together what three sources say about an order, `reserve` takes it from its
/// item's shelf or has a courier fetch it, and `ship` loads a truck for each region. Couriers are
/// paid from one budget that all subtasks of `reserve` share, and there lies a race: as it was
/// shipped, looking at the budget and paying are two accesses, so that two subtasks can both find
/// money that is enough for one.
///
/// The race is what this pipeline is for. With `race=shipped` the invariant breaks in some runs and
/// not in others, which is what recording and replaying are there to explain; `race=fixed` is the
/// same pipeline without it. The limit and the rate keep a run that is started without any flags to
/// fifty seconds.
let orders = Pipeline(
    "orders", version: "1", summary: "Orders, payments, cancellations, restocks to shipments",
    parallelism: 2,
    parameters: [
        Parameter("race", default: "shipped", "shipped, or fixed: how the budget is spent"),
        Parameter("slow", default: "none", "STAGE:MICROSECONDS that each element takes longer"),
    ],
    defaultLimit: 100_000, defaultRate: 2_000
) { flow in
    guard let race = Warehouse.Race(rawValue: flow.parameter("race")) else {
        flow.refuse("race=\(PrintableText.escaped(flow.parameter("race"))) is not shipped or fixed")
        return
    }
    // A stage can be made slow from the command line, so that a person sees on the screen what a
    // bottleneck looks like.
    let slow: SlowStage
    do {
        slow = try SlowStage(flow.parameter("slow"), stages: OrderStages.names)
    } catch {
        flow.refuse("\(error)")
        return
    }
    let budget = flow.sharedCell("budget", initial: Budget())
    flow.invariant("budget is never overdrawn", on: budget) { $0.left >= 0 }

    let stages = OrderStages(
        shop: Shop(seed: flow.seed), warehouse: Warehouse(budget: budget, race: race), slow: slow)
    flow.read("orders", from: stages.orders)
        .union(
            flow.read("payments", from: stages.payments),
            flow.read("cancellations", from: stages.cancellations)
        )
        .keyed { Int($0.item) }
        // Keyed by item, as everything that `match` and `reserve` keep is an item's; a truck has
        // the orders of a region, whatever they hold.
        .process("match", state: OrderBook(), emitting: StockEvent.self, stages.match)
        .union(flow.read("restocks", from: stages.restocks))
        .keyed { Int($0.item) }
        .process("reserve", state: Shelf(), emitting: Reservation.self, stages.reserve)
        .keyed { Truck.region(of: $0.order) }
        .process(
            "ship", state: Truck(), emitting: Shipment.self, onTimer: Truck.timeOut, stages.ship
        )
        .write("shipments", to: DiscardSink(), stages.row)
}
