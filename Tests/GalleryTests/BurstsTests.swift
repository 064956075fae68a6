import Testing
import Weir
import WeirTesting

@testable import Gallery

@Suite struct BurstsTests {
    /// A key that came once in each of the windows that make it known.
    private func known(_ key: String, _ bursts: inout Bursts) {
        for _ in 0..<Bursts.knownAfter { _ = bursts.take(1, of: key, times: 4) }
    }

    @Test func `as many lines as a burst needs are one, and one less is none`() {
        for (count, isBurst) in [(Bursts.minimumLines - 1, false), (Bursts.minimumLines, true)] {
            var bursts = Bursts()
            known("a", &bursts)
            let usual = bursts.take(count, of: "a", times: 4)
            #expect((usual != nil) == isBurst, "\(count)")
        }
    }

    @Test func `a key is known after its windows, and before anything is usual`() {
        var bursts = Bursts()
        for window in 1...Bursts.knownAfter {
            let usual = bursts.take(window == Bursts.knownAfter ? 400 : 1, of: "a", times: 4)
            #expect(usual == nil)
        }
        let usual = bursts.take(4_000, of: "a", times: 4)
        #expect(usual != nil)
    }

    @Test func `so many keys are watched and no more, and those go on`() {
        var bursts = Bursts()
        for number in 0...Bursts.maximumKeys { known("\(number)", &bursts) }
        #expect(bursts.keys.count == Bursts.maximumKeys)
        let beyond = bursts.take(100, of: "\(Bursts.maximumKeys)", times: 4)
        let watched = bursts.take(100, of: "0", times: 4)
        #expect(beyond == nil && watched == 1)
    }
}

@Suite struct ShopTests {
    @Test func `the budget is that of four tours, and none of them was made`() {
        #expect(Budget().left == 4 * Budget.fee && Budget().tours == 0)
    }

    @Test func `a shelf takes no more than it has room for`() {
        var shelf = Shelf()
        shelf.fill(Shelf.room - Shelf.opening)
        #expect(shelf.onHand == Shelf.room)
        shelf.fill(1)
        #expect(shelf.onHand == Shelf.room)
    }

    @Test func `a shelf gives what it has and not a piece more`() {
        var shelf = Shelf()
        let isTooMuchGiven = shelf.take(Shelf.opening + 1)
        #expect(!isTooMuchGiven && shelf.onHand == Shelf.opening)
        let isAllGiven = shelf.take(Shelf.opening)
        #expect(isAllGiven && shelf.onHand == 0)
    }

    @Test(arguments: 0..<20)
    func `the timer of a truck that left full leaves the next truck alone`(seed: UInt64) throws {
        // A truck that is full at once sets a timer for 2.0 s. Of the next truck the parcels of
        // 1.0 s and 2.5 s belong together. In between, one of another region lets time pass.
        let milliseconds = Array(repeating: 0, count: Truck.room) + [1_000, 2_200, 2_500, 9_000]
        let pipeline = Pipeline("trucks") { flow in
            flow.read(
                "reservations",
                from: .generator { index, _ in
                    let index = Int(index)
                    let at = Instant(nanoseconds: Int64(milliseconds[index]) * 1_000_000)
                    let other = index == Truck.room + 1 ? 1 : 0
                    let reservation = Reservation(
                        order: Shop.regions * index + other, item: 0, quantity: 1, orderedAt: at)
                    return (reservation, at)
                }
            )
            .keyed { Truck.region(of: $0.order) }
            .process(
                "ship", state: Truck(), emitting: Shipment.self, onTimer: Truck.timeOut, Truck.take
            )
            .write("shipments") { "\($0.reservation.order / Shop.regions) \($0.shippedAt)" }
        }
        let run = try pipeline.simulate(seed: seed, limit: UInt64(milliseconds.count))
        let times = (run.rows["shipments"] ?? []).map { $0.split(separator: " ") }
            .reduce(into: [:]) { $0[Int($1[0])] = $1[1] }
        #expect(times.count == milliseconds.count)
        #expect(times[Truck.room] == times[Truck.room + 2], "\(times)")
    }
}
