import Synchronization
import Testing
import Weir
import WeirTesting

private struct Unwanted: Error, CustomStringConvertible {
    let description = "nine is not wanted"
}

private let numbers = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
}

@Suite struct SimulateTests {
    @Test func `what the engine does not control is told from the second run`() {
        let calls = Atomic<Int>(0)
        let pipeline = Pipeline("uncontrolled") { flow in
            flow.read("numbers", from: numbers).write("rows") { _ in
                "\(calls.wrappingAdd(1, ordering: .relaxed).newValue)"
            }
        }
        let error = #expect(throws: UnrepeatableRun.self) {
            try pipeline.simulate(seed: 4, limit: 3)
        }
        #expect(error?.description.contains("seed 4") == true)
    }

    @Test func `an operator's error is the run's failure`() throws {
        let pipeline = Pipeline("failing") { flow in
            flow.read("numbers", from: numbers)
                .map("check") { number in
                    if number == 9 { throw Unwanted() }
                    return number
                }
                .write("rows") { "\($0)" }
        }
        let run = try pipeline.simulate(seed: 1, limit: 20)
        #expect(run.failure?.contains("nine is not wanted") == true)
        #expect(try pipeline.simulate(seed: 1, limit: 9).failure == nil)
    }

    @Test(arguments: 0..<30)
    func `lines are the same however their bytes come`(seed: UInt64) throws {
        let pipeline = Pipeline("lengths") { flow in
            flow.read("lines", from: .text()).write("rows") { "\($0.utf8.count)" }
        }
        let text = "one\n\nthree, and further than a piece of sixty-one bytes is long, so that\r\n4"
        let run = try pipeline.simulate(seed: seed, inputs: ["lines": Array(text.utf8)])
        let rows = run.rows["rows"]?.compactMap { Int($0) }
        #expect(rows?.count == 4 && rows?.first == 3 && rows?.last == 1 && rows?[1] == 0)
    }

    @Test func `each of many keys has what it was given, by process and by window`() throws {
        // So many that their tables ask for memory ahead, and three elements of each.
        let keys = 30_000
        let pipeline = Pipeline("many", parallelism: 1) { flow in
            let byKey = flow.read("numbers", from: numbers).keyed { $0 &* 7_919 % keys }
            byKey.process("count", state: 0, emitting: Int.self) { number, seen, context in
                seen += 1
                if seen == 3 { context.emit(number % keys) }
            }
            .write("third") { "\($0)" }
            byKey.window(.tumbling(.seconds(1_000)))
                .aggregate("sum", from: 0) { sum, number in sum += number % keys }
                .write("sums") { "\($0.value)" }
        }
        let run = try pipeline.simulate(seed: 2, limit: UInt64(3 * keys))
        #expect(Set(run.rows["third"] ?? []).count == keys)
        #expect(run.rows["third"]?.count == keys)
        #expect(run.rows["sums"]?.compactMap { Int($0) }.sorted() == (0..<keys).map { 3 * $0 })
    }

    @Test func `what a process emits at the end is in the last window`() throws {
        let pipeline = Pipeline("sums") { flow in
            flow.read("numbers", from: numbers)
                .process(
                    "hold", state: [Int](), emitting: Int.self,
                    onEnd: { held, context in
                        for number in held { context.emit(number, at: Instant(milliseconds: 1)) }
                    }
                ) { number, held, _ in held.append(number) }
                .keyed { _ in 0 }
                .window(.tumbling(.seconds(1)))
                .aggregate("sum", from: 0) { $0 += $1 }
                .write("rows") { "\($0.value)" }
        }
        #expect(try pipeline.simulate(seed: 2, limit: 10).rows["rows"] == ["45"])
    }
}
