import Weir

/// The sources and closures of `orders`, with what the parameters came to. Each property is made
/// when the pipeline is built, and captures only values: the shop's seed, the warehouse's cell, how
/// long to burn.
struct OrderStages: Sendable {
    /// The stages, for the parameter `slow`.
    static let names = [
        "orders", "payments", "cancellations", "restocks", "match", "reserve", "ship", "shipments",
    ]

    let shop: Shop
    let warehouse: Warehouse
    let slow: SlowStage

    /// One order after the other, in the order of their event times.
    var orders: Source<OrderEvent> {
        let (shop, burn) = (shop, slow.burn(of: "orders"))
        return .generator { index, _ in
            burn()
            let event = shop.order(index)
            return (event, event.time)
        }
    }

    /// A payment for each order, up to `Shop.maximumDelay` later; the watermark allows for just
    /// that.
    var payments: Source<OrderEvent> {
        let (shop, burn) = (shop, slow.burn(of: "payments"))
        return .generator(watermark: .boundedDisorder(Shop.maximumDelay)) { index, random in
            burn()
            let event = shop.payment(index, &random)
            return (event, event.time)
        }
    }

    /// The review desk's answer for each order, as late as payments.
    var cancellations: Source<OrderEvent> {
        let (shop, burn) = (shop, slow.burn(of: "cancellations"))
        return .generator(watermark: .boundedDisorder(Shop.maximumDelay)) { index, random in
            burn()
            let event = shop.review(index, &random)
            return (event, event.time)
        }
    }

    /// Deliveries, in the order of their event times.
    var restocks: Source<StockEvent> {
        let burn = slow.burn(of: "restocks")
        return .generator { index, random in
            burn()
            let event = Shop.restock(index, &random)
            return (event, event.orderedAt)
        }
    }

    /// What a stage with a state does with an element.
    typealias Body<Element, State, Output: Sendable> =
        @Sendable (
            consuming Element, inout State, inout OperatorContext<Output>
        ) throws -> Void

    /// Takes what is said about an order into the item's book. What became of it goes on, into the
    /// log, or nowhere yet.
    var match: Body<OrderEvent, OrderBook, StockEvent> {
        let burn = slow.burn(of: "match")
        return { event, book, context in
            burn()
            switch try book.take(event) {
            case .ready(let order, let time):
                context.emit(order, at: time)
            case .declined(let order):
                context.log.debug("payment_declined", ["order": .integer(Int64(order))])
            case .cancelled(let order):
                context.log.info("order_cancelled", ["order": .integer(Int64(order))])
            case nil:
                break
            }
        }
    }

    /// Takes goods from the item's shelf or has them fetched.
    var reserve: Body<StockEvent, Shelf, Reservation> {
        let (warehouse, burn) = (warehouse, slow.burn(of: "reserve"))
        return { event, shelf, context in
            burn()
            warehouse.take(event, &shelf, &context)
        }
    }

    /// Loads the region's truck.
    var ship: Body<Reservation, Truck, Shipment> {
        let burn = slow.burn(of: "ship")
        return { reservation, truck, context in
            burn()
            Truck.take(reservation, &truck, &context)
        }
    }

    /// A shipment as a row of the sink.
    var row: @Sendable (Shipment) -> String {
        let burn = slow.burn(of: "shipments")
        return { shipment in
            burn()
            return shipment.json
        }
    }
}
