import Weir

/// The closures of `orders`, with what the parameters came to.
struct OrderStages: Sendable {
    static let names = [
        "orders", "payments", "cancellations", "restocks", "match", "reserve", "ship", "shipments",
    ]

    let shop: Shop
    let warehouse: Warehouse
    let slow: SlowStage

    var orders: Source<OrderEvent> {
        let (shop, burn) = (shop, slow.burn(of: "orders"))
        return .generator { index, _ in
            burn()
            let event = shop.order(index)
            return (event, event.time)
        }
    }

    var payments: Source<OrderEvent> {
        let (shop, burn) = (shop, slow.burn(of: "payments"))
        return .generator(watermark: .boundedDisorder(Shop.longestDelay)) { index, random in
            burn()
            let event = shop.payment(index, &random)
            return (event, event.time)
        }
    }

    var cancellations: Source<OrderEvent> {
        let (shop, burn) = (shop, slow.burn(of: "cancellations"))
        return .generator(watermark: .boundedDisorder(Shop.longestDelay)) { index, random in
            burn()
            let event = shop.review(index, &random)
            return (event, event.time)
        }
    }

    var restocks: Source<StockEvent> {
        let burn = slow.burn(of: "restocks")
        return .generator { index, random in
            burn()
            let event = Shop.restock(index, &random)
            return (event, event.orderedAt)
        }
    }

    typealias Body<Element, State, Output: Sendable> =
        @Sendable (
            consuming Element, inout State, inout OperatorContext<Output>
        ) throws -> Void

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

    var reserve: Body<StockEvent, Shelf, Reservation> {
        let (warehouse, burn) = (warehouse, slow.burn(of: "reserve"))
        return { event, shelf, context in
            burn()
            warehouse.take(event, &shelf, &context)
        }
    }

    var ship: Body<Reservation, Truck, Shipment> {
        let burn = slow.burn(of: "ship")
        return { reservation, truck, context in
            burn()
            Truck.take(reservation, &truck, &context)
        }
    }

    var row: @Sendable (Shipment) -> String {
        let burn = slow.burn(of: "shipments")
        return { shipment in
            burn()
            return shipment.json
        }
    }
}
