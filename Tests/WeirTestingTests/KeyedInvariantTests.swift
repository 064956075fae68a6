import Testing
import Weir
import WeirEngine
import WeirTesting

private let numbers = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
}

/// Conditions on the keyed state of one stage, and over that of two.
@Suite struct KeyedInvariantTests {
    /// Takes one piece from the number's shelf; the numbers in `refills` fill it up again.
    private func shelves(pieces: Int, refills: Set<Int> = []) -> Pipeline {
        Pipeline("shelves") { flow in
            let shelves = flow.keyedState(by: Int.self, initial: pieces)
            flow.invariant("no shelf is below zero", on: shelves) { _, left in left >= 0 }
            flow.read("numbers", from: numbers)
                .keyed { $0 % 7 }
                .process("take", state: shelves, emitting: Int.self) { number, left, context in
                    left = refills.contains(number) ? pieces : left - 1
                    context.emit(left)
                }
                .write("rows") { "\($0)" }
        }
    }

    /// Counts in two stages; at the numbers in `jumps` the second one's count changes by so much.
    private func shop(jumps: [Int: Int]) -> Pipeline {
        Pipeline("shop") { flow in
            let ordered = flow.keyedState(by: Int.self, initial: 0)
            let shipped = flow.keyedState(by: Int.self, initial: 0)
            flow.invariant("only orders ship", on: ordered, and: shipped) { ordered, shipped in
                shipped.sum { $0 } <= ordered.sum { $0 }
            }
            flow.read("numbers", from: numbers)
                .keyed { $0 % 7 }
                .process("order", state: ordered, emitting: Int.self) { number, count, context in
                    count += 1
                    context.emit(number)
                }
                .keyed { $0 % 5 }
                .process("ship", state: shipped, emitting: Int.self) { number, count, context in
                    count += 1 + jumps[number, default: 0]
                    context.emit(number)
                }
                .write("rows") { "\($0)" }
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `conditions that hold are never found broken`(seed: UInt64) throws {
        let kept = try shelves(pieces: 200).simulate(seed: seed, limit: 1_000)
        #expect(kept.violations.isEmpty, "reproduce: seed \(seed)")
        let sold = try shop(jumps: [:]).simulate(seed: seed, limit: 1_000)
        #expect(sold.violations.isEmpty, "reproduce: seed \(seed)")
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `a condition on a cell is found each time it begins not to hold`(seed: UInt64) throws {
        let pipeline = Pipeline("waves", parallelism: 1) { flow in
            let level = flow.sharedCell("level", initial: 0)
            flow.invariant("level is low", on: level) { $0 < 3 }
            flow.read("numbers", from: numbers)
                .map("set") { number in
                    level.update { $0 = number % 5 }
                    return number
                }
                .write("rows") { "\($0)" }
        }
        // 0 1 2 3 4, twenty times: from 3 on it does not hold, and at 0 it does again.
        #expect(try pipeline.simulate(seed: seed, limit: 100).violations.count == 20)
        #expect(try pipeline.simulate(seed: seed, limit: 98).violations.count == 19)
    }

    @Test func `a condition on a key is found once, until it holds again`() throws {
        // Each of seven shelves runs out once; the refilled one, that of 2,100, twice: far apart,
        // since a turn that sees both would see neither.
        let run = try shelves(pieces: 100, refills: [2_100]).simulate(seed: 3, limit: 4_000)
        #expect(run.violations.count == 8)
        #expect(run.violations.allSatisfy { $0.subtask.hasPrefix("take/") })
        let keys = run.logs.filter { $0.message == "invariant_violated" }
            .compactMap { $0.fields["place"] }
        #expect(keys.filter { $0 == .text("key 0") }.count == 2)
        #expect(keys.filter { $0 == .text("key 6") }.count == 1)
    }

    @Test(arguments: [0, 2])
    func `a condition on a key is found again at the steps of the same turns`(
        workers: Int
    ) throws {
        let run = try RecordedRun(
            shelves(pieces: 100, refills: [2_100]), seed: 5, limit: 4_000, workers: workers)
        #expect(run.violations.count == 8)
        #expect(Set(run.violations.map(\.step)).isSubset(of: run.steps(.input)))
        let replay = try run.replay()
        #expect(replay.divergence == nil)
        #expect(replay.violations == run.violations)
    }

    @Test func `a condition over two stages is found once, until it holds again`() throws {
        let jumps = [500: 1_000_000, 1_500: -1_000_000, 2_500: 1_000_000]
        let run = try shop(jumps: jumps).simulate(seed: 4, limit: 4_000)
        #expect(run.violations.map(\.invariant) == ["only orders ship", "only orders ship"])
    }

    @Test func `a simulated run's replay finds it at the same step`() throws {
        let run = try RecordedRun(
            shop(jumps: [500: 1_000_000]), seed: 9, limit: 2_000, workers: 0)
        #expect(run.violations.count == 1)
        let replay = try run.replay()
        #expect(replay.divergence == nil)
        #expect(replay.violations == run.violations)
    }

    @Test func `a parallel run finds it at a rest point, its replay where it begins`() throws {
        let run = try RecordedRun(
            shop(jumps: [500: 1_000_000]), seed: 9, limit: 60_000, workers: 2)
        let found = try #require(run.violations.first)
        let rests = run.steps(.rest)
        #expect(run.violations.count == 1 && rests.contains(found.step))
        let before = rests.last { $0 < found.step } ?? 0
        let replay = try run.replay()
        #expect(replay.divergence == nil && replay.violations.count == 1)
        let begun = try #require(replay.violations.first)
        #expect(begun.step > before && begun.step <= found.step)
    }

    @Test func `a run too short for rest points is looked at when it ends`() throws {
        let pipeline = shop(jumps: [5: 1_000])
        var options = RunOptions()
        options.limit = 10
        let run = try pipeline.runInParallel(seed: 1, workers: 2, options)
        #expect(run.violations.map(\.invariant) == ["only orders ship"])
    }

    @Test func `a cell and a keyed state are looked at together`() throws {
        let pipeline = Pipeline("budget") { flow in
            let budget = flow.sharedCell("budget", initial: 1_000)
            let spent = flow.keyedState(by: Int.self, initial: 0)
            flow.invariant("money is kept", on: budget, and: spent) { left, spent in
                left + spent.sum { $0 } == 1_000 && (spent[3] ?? 0) >= 0 && spent.count <= 7
            }
            flow.read("numbers", from: numbers)
                .keyed { $0 % 7 }
                .process("spend", state: spent, emitting: Int.self) { number, spent, context in
                    budget.update { $0 -= 1 }
                    if number != 150 { spent += 1 }
                    context.emit(number)
                }
                .write("rows") { "\($0)" }
        }
        #expect(try pipeline.simulate(seed: 2, limit: 150).violations.isEmpty)
        #expect(try pipeline.simulate(seed: 2, limit: 300).violations.count == 1)
    }

    @Test func `a keyed state belongs to one operator`() {
        func pipeline(_ uses: Int) -> Pipeline {
            Pipeline("uses") { flow in
                let counts = flow.keyedState(by: Int.self, initial: 0)
                var stream = flow.read("numbers", from: numbers)
                for use in 0..<uses {
                    stream = stream.keyed { $0 }
                        .process("count\(use)", state: counts, emitting: Int.self) { _, _, _ in }
                }
                stream.write("rows") { "\($0)" }
            }
        }
        #expect(throws: Never.self) { try pipeline(1).plan() }
        let none = #expect(throws: PlanError.self) { try pipeline(0).plan() }
        #expect(none?.description.contains("no operator has") == true)
        let two = #expect(throws: PlanError.self) { try pipeline(2).plan() }
        #expect(two?.description.contains("count0 and count1") == true)
    }
}
