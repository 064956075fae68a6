import Testing
import Weir
import WeirTesting

@testable import Gallery

@Suite struct OrdersTests {
    private func run(
        seed: UInt64, _ race: String, limit: UInt64 = 500, level: LogLevel = .info
    ) throws -> PipelineRun {
        var options = RunOptions()
        options.settings = ["race": race]
        options.limit = limit
        options.logLevel = level
        return try orders.simulate(seed: seed, options)
    }

    private func numbers(_ run: PipelineRun, _ message: String) -> [Int64] {
        run.logs.filter { $0.message == message }.compactMap {
            if case .integer(let order) = $0.fields["order"] { order } else { nil }
        }
    }

    /// The orders that are paid for and let through, made again from the seed alone.
    private func wanted(seed: UInt64, limit: UInt64) -> Set<Int64> {
        let shop = Shop(seed: seed)
        let (payments, reviews) = (
            seed ^ StableHash.of("payments"), seed ^ StableHash.of("cancellations")
        )
        return Set(
            (0..<limit).filter { index in
                var first = SeededGenerator(seed: payments, stream: index)
                var second = SeededGenerator(seed: reviews, stream: index)
                return shop.payment(index, &first).kind == .paid
                    && shop.review(index, &second).kind == .cleared
            }.map { Int64($0) })
    }

    @Test(arguments: 0..<10)
    func `each paid order that is not cancelled ships once or is short`(seed: UInt64) throws {
        let run = try run(seed: seed, "shipped", level: .debug)
        #expect(run.lostLogs == 0 && run.failure == nil && run.elements == 2_000)
        let shipped = numbers(run, "order_shipped")
        let short = numbers(run, "stock_short")
        #expect((shipped + short).sorted() == wanted(seed: seed, limit: 500).sorted())
        #expect(run.rows["shipments"]?.count == shipped.count)
        #expect(numbers(run, "order_reserved").sorted() == shipped.sorted())
        let given = numbers(run, "order_cancelled") + numbers(run, "payment_declined")
        #expect(Set(given).count == given.count && given.count + shipped.count + short.count == 500)
    }

    @Test func `a row has its keys in the contract's order`() throws {
        let rows = try run(seed: 1, "fixed", limit: 50).rows["shipments"] ?? []
        let form = try Regex(
            #"\{"order":\d+,"item":"item-\d+","quantity":[1-5],"#
                + #""ordered_at":"2026-01-01T08:00:00\.\d{6}Z","#
                + #""shipped_at":"2026-01-01T08:00:0\d\.\d{6}Z"\}"#)
        #expect(!rows.isEmpty && rows.allSatisfy { $0.wholeMatch(of: form) != nil })
    }

    @Test func `a budget that is looked at and paid from in one access is never overdrawn`() throws
    {
        for seed in 0..<60 as Range<UInt64> {
            let run = try run(seed: seed, "fixed", limit: 400)
            #expect(
                run.violations.isEmpty,
                "weir run orders --workers 0 --rate max --limit 400 --set race=fixed --seed \(seed)"
            )
        }
    }

    @Test(arguments: 0..<8)
    func `an order is short only when there is no money for one tour more`(seed: UInt64) throws {
        // With one subtask the records are in the order of the accesses.
        var options = RunOptions()
        options.settings = ["race": "fixed"]
        (options.limit, options.parallelism, options.logLevel) = (500, 1, .debug)
        let run = try orders.simulate(seed: seed, options)
        var left = Int64(Budget.opening)
        var tours = 0
        for record in run.logs {
            switch (record.message, record.fields["cents"]) {
            case ("goods_fetched", .integer(let cents)): (left, tours) = (left - cents, tours + 1)
            case ("rebate_granted", .integer(let cents)):
                left += cents
                #expect(record.fields["left"] == .integer(left))
            case ("stock_short", _): #expect(left < Budget.fee)
            default: break
            }
        }
        #expect(tours > 0 && left >= 0)
    }

    @Test(arguments: 0..<4)
    func `a shelf gives what it began with and what was delivered, and no more`(
        seed: UInt64
    ) throws {
        let run = try run(seed: seed, "fixed", level: .debug)
        var room: [Int64: Int64] = [:]
        for index in 0..<500 as Range<UInt64> {
            var random = SeededGenerator(seed: seed ^ StableHash.of("restocks"), stream: index)
            let delivery = Shop.restock(index, &random)
            room[Int64(delivery.item), default: Int64(Shelf.opening)] += Int64(delivery.quantity)
        }
        let fetched = Set(numbers(run, "goods_fetched"))
        var given: [Int64: Int64] = [:]
        for record in run.logs where record.message == "order_reserved" {
            if case .integer(let order) = record.fields["order"], !fetched.contains(order),
                case .integer(let item) = record.fields["item"],
                case .integer(let quantity) = record.fields["quantity"]
            {
                given[item, default: 0] += quantity
            }
        }
        for (item, quantity) in given { #expect(quantity <= room[item] ?? Int64(Shelf.opening)) }
        #expect(given.values.contains { $0 > Shelf.opening }, "deliveries are given out")
    }

    @Test func `a budget that is paid from in a second access is overdrawn for some seeds`() throws
    {
        var violating = 0
        for seed in 0..<40 as Range<UInt64> {
            let run = try run(seed: seed, "shipped")
            if let violation = run.violations.first {
                violating += 1
                #expect(violation.invariant == "budget is never overdrawn")
                #expect(violation.subtask.hasPrefix("reserve/"))
            }
        }
        #expect((1..<40).contains(violating))
    }

    @Test func `one seed gives one run and another seed another`() throws {
        // Each simulation is run twice and compared already; this is across calls.
        let first = try run(seed: 7, "shipped")
        #expect(try run(seed: 7, "shipped") == first)
        #expect(try run(seed: 8, "shipped").rows != first.rows)
    }

    @Test func `which orders are wanted does not depend on the schedule`() throws {
        var options = RunOptions()
        options.limit = 2_000
        options.logLevel = .debug
        let run = try orders.runInParallel(seed: 5, workers: 2, options)
        let all = numbers(run, "order_shipped") + numbers(run, "stock_short")
        #expect(run.lostLogs == 0)
        #expect(all.sorted() == wanted(seed: 5, limit: 2_000).sorted())
    }

    @Test(arguments: OrderStages.names)
    func `every stage can be made slow`(stage: String) throws {
        let quick = try run(seed: 2, "shipped", limit: 40)
        let slow = try orders.simulate(
            seed: 2, settings: ["slow": "\(stage):1"], limit: 40)
        #expect(slow.rows == quick.rows)
    }

    @Test func `the names of the stages are those of the plan`() throws {
        let planned = try orders.plan()
        #expect(Set(planned.plan.stages.map(\.name)) == Set(OrderStages.names))
    }

    @Test(arguments: [
        ("slow", "pack:5"), ("slow", "match"), ("slow", "match:-1"), ("slow", "match:1000001"),
        ("slow", ""), ("race", "x"),
    ])
    func `a value that cannot be used is refused with what can`(name: String, value: String) {
        let error = #expect(throws: PlanError.self) {
            try orders.simulate(seed: 1, settings: [name: value], limit: 1)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(name == "slow" ? "match, reserve, ship" : "shipped or fixed"))
    }
}

@Suite struct OrderBookTests {
    private func event(_ kind: OrderEvent.Kind, _ order: Int, at time: Int64) -> OrderEvent {
        OrderEvent(
            kind: kind, order: order, item: 3, quantity: 2, time: Instant(nanoseconds: time))
    }

    @Test func `an order leaves the book whole, whoever comes last`() throws {
        let events = [event(.order, 1, at: 5), event(.paid, 1, at: 9), event(.cleared, 1, at: 7)]
        let ready = OrderBook.Outcome.ready(
            StockEvent(
                kind: .order, order: 1, item: 3, quantity: 2, orderedAt: Instant(nanoseconds: 5)),
            at: Instant(nanoseconds: 9))
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            var book = OrderBook()
            #expect(try book.take(events[order[0]]) == nil)
            #expect(try book.take(events[order[1]]) == nil)
            #expect(try book.take(events[order[2]]) == ready)
            #expect(book.waiting.isEmpty)
        }
    }

    @Test func `a cancelled order is cancelled even when its payment was declined`() throws {
        var book = OrderBook()
        #expect(try book.take(event(.declined, 1, at: 1)) == nil)
        #expect(try book.take(event(.cancelled, 1, at: 1)) == nil)
        #expect(try book.take(event(.order, 1, at: 1)) == .cancelled(order: 1))
    }

    @Test func `a book has room for so many orders`() throws {
        var book = OrderBook()
        for order in 0..<OrderBook.maximumWaiting { _ = try book.take(event(.paid, order, at: 1)) }
        #expect(throws: BookFull(item: 3)) { try book.take(event(.paid, -1, at: 1)) }
        #expect(try book.take(event(.order, 5, at: 1)) == nil)
    }
}
