import Weir

/// The truck of one region, loaded until it is full or its time has come. The state of a key of
/// `ship`: `take` is called for each parcel, `timeOut` when event time reaches a deadline.
struct Truck: Codable, Equatable, Sendable {
    /// The maximum of parcels.
    static let room = 40
    /// A truck leaves at the latest so long after its first parcel was reserved.
    static let patience = Duration.seconds(2)

    private(set) var parcels: [Reservation] = []
    /// When it leaves at the latest; nil while it is empty.
    private(set) var deadline: Instant?
    /// When its latest parcel was reserved: parcels come in no order between items.
    private var latest = Instant.distantPast
    /// How often it left.
    private(set) var tours = 0

    /// The region that an order goes to.
    static func region(of order: Int) -> Int { order % Shop.regions }

    /// Loads a parcel. The first one sets the timer; the last one that fits sends the truck off.
    @Sendable
    static func take(
        _ reservation: consuming Reservation, _ truck: inout Truck,
        _ context: inout OperatorContext<Shipment>
    ) {
        let region = region(of: reservation.order)
        truck.parcels.append(reservation)
        truck.latest = max(truck.latest, context.eventTime)
        if truck.parcels.count == room {
            truck.leave(region, at: truck.latest, &context)
        } else if truck.parcels.count == 1 {
            let deadline = context.eventTime + patience
            truck.deadline = deadline
            context.setTimer(atEventTime: deadline)
        }
    }

    /// The timer of a truck that left full says nothing to the next one.
    @Sendable
    static func timeOut(
        _ region: Int, _ truck: inout Truck, _ context: inout OperatorContext<Shipment>
    ) {
        guard let deadline = truck.deadline, deadline <= context.eventTime else { return }
        truck.leave(region, at: deadline, &context)
    }

    /// Emits a shipment for each parcel, and begins anew with an empty truck. No shipment is
    /// earlier than its parcel's reservation.
    private mutating func leave(
        _ region: Int, at time: Instant, _ context: inout OperatorContext<Shipment>
    ) {
        context.log.info(
            "truck_departed",
            ["region": .integer(Int64(region)), "parcels": .integer(Int64(parcels.count))])
        let shippedAt = max(time, latest)
        for parcel in parcels {
            context.log.debug("order_shipped", ["order": .integer(Int64(parcel.order))])
            context.emit(Shipment(reservation: parcel, shippedAt: shippedAt), at: shippedAt)
        }
        parcels.removeAll(keepingCapacity: true)
        deadline = nil
        latest = .distantPast
        tours += 1
    }
}
