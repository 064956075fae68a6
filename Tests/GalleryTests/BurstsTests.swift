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

    @Test func `a key is usual after four windows, and sixteen lines are the fewest of a burst`() {
        for (windows, lines, isBurst) in [(3, 16, false), (4, 15, false), (4, 16, true)] {
            var bursts = Bursts()
            for _ in 0..<windows { _ = bursts.take(1, of: "a", times: 4) }
            let usual = bursts.take(lines, of: "a", times: 4)
            #expect((usual != nil) == isBurst, "\(lines) lines after \(windows) windows")
        }
    }

    @Test func `what is usual moves an eighth of the way to each new count`() {
        var bursts = Bursts()
        var average = 8_000
        _ = bursts.take(8, of: "a", times: 4)
        for count in [8, 16, 0, 100, 3] {
            _ = bursts.take(count, of: "a", times: 4)
            average += (count * 1_000 - average) / 8
            #expect(bursts.keys["a"]?.average == average)
        }
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

    @Test func `a truck leaves with its last parcel, empty, and has made one tour more`() throws {
        let pipeline = Pipeline("trucks") { flow in
            flow.read(
                "reservations",
                from: .generator { index, _ in
                    let order = Shop.regions * Int(index)
                    let at = Instant(nanoseconds: Int64(index))
                    return (Reservation(order: order, item: 0, quantity: 1, orderedAt: at), at)
                }
            )
            .keyed { Truck.region(of: $0.order) }
            .process("ship", state: Truck(), emitting: Shipment.self, onTimer: Truck.timeOut) {
                Truck.take($0, &$1, &$2)
                $2.log.info("loaded", ["text": .text("\($1.parcels.count) \($1.tours)")])
            }
            .write("shipments") { "\($0.shippedAt)" }
        }
        let run = try pipeline.simulate(seed: 1, limit: 90)
        let loads = run.logs.filter { $0.message == "loaded" }.map { $0.fields["text"] }
        #expect(loads == (1...90).map { .text("\($0 % 40) \($0 / 40)") })
    }
}

@Suite struct SlowStageTests {
    private func slow(_ text: String) throws -> SlowStage {
        try SlowStage(text, stages: ["match", "ship"])
    }

    @Test func `a stage burns the time that it is given, and the others none`() throws {
        #expect(try slow("ship:300").burn(of: "ship").nanoseconds == 300_000)
        #expect(try slow("ship:300").burn(of: "match").nanoseconds == 0)
        #expect(try slow("none").burn(of: "ship").nanoseconds == 0)
        let before = TickClock.nanoseconds()
        try slow("ship:300").burn(of: "ship")()
        // What it computes can only take longer.
        #expect(TickClock.nanoseconds() - before >= 300_000)
    }

    @Test(arguments: ["ship:0", "match:1000000"])
    func `a time within the bounds is taken`(text: String) throws {
        #expect(try "\(slow(text).stage ?? ""):\(slow(text).microseconds)" == text)
    }

    @Test(arguments: ["ship:1000001", "ship:-1", "ship", "ship:", "ship:5:3", ":5", "pack:5", ""])
    func `what is no stage and time is refused`(text: String) {
        #expect(throws: SlowStage.Refusal.self) { try slow(text) }
    }
}
