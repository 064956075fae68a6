import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Conditions on cells, on keys and over several parts of the state: when they are looked at, and
/// how often one that stays broken is told.
@Suite struct ConditionTests {
    /// Counts each letter, with a condition that none comes more than once; `z` sets the count of
    /// `a` back. In turns as large as they may be.
    private func counted(_ diagram: String) throws -> MarbleRun {
        var setup = MarbleRun.Setup()
        setup.isOfWholeTurns = true
        return try MarbleRun([diagram], setup) { flow, streams in
            let counts = flow.keyedState(by: String.self, initial: 0)
            flow.invariant("once", on: counts) { _, count in count < 2 }
            return streams[0].keyed { $0 == "z" ? "a" : $0 }
                .process("count", state: counts, emitting: String.self) { letter, count, _ in
                    count = letter == "z" ? 0 : count + 1
                }
        }
    }

    @Test func `every key that a turn touched is looked at, and not the first alone`() throws {
        // One turn takes all three: `b` is its first key, and `a` the one that is broken.
        #expect(try counted("(baa)|").outcome.violations.map(\.invariant) == ["once"])
    }

    @Test func `a condition on a key is told where it begins to fail, and armed again`() throws {
        // At the second letter, and at the second one behind that which sets the count back.
        let steps = try counted("aaaazaaaa|").outcome.violations.map(\.step)
        #expect(steps.count == 2 && steps[0] < steps[1])
    }

    @Test func `a condition finds a key in whichever subtask has it`() {
        func table(_ key: Int, _ value: Int) -> KeyedTable<Int, Int> {
            let table = KeyedTable<Int, Int>()
            _ = table.value(of: key, hash: Canonical.hash(key)) { value }
            return table
        }
        let entries = KeyedEntries(tables: [table(1, 10), table(2, 20), table(3, 30)])
        #expect([1, 2, 3, 4].map { entries[$0] } == [10, 20, 30, nil])
        #expect(entries.count == 3 && entries.sum { $0 } == 60)
    }

    @Test func `a condition over two states is told where it begins to fail, and armed again`()
        throws
    {
        let hand = try HandExecution(
            Pipeline("two", parallelism: 1) { flow in
                let first = flow.sharedCell("first", initial: 0)
                let second = flow.sharedCell("second", initial: 0)
                flow.invariant("alike", on: first, and: second) { $0 == $1 }
                _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                    // Apart behind elements 0 and 1, alike behind 2, and apart again behind 3.
                    if number != 2 { first.update { $0 += 1 } }
                    if number == 2 { second.update { $0 = 2 } }
                    return number
                }
            })
        let told = (0..<4).map { _ in
            hand.take("touch/0", count: 1)
            return hand.execution.checkAtRest()
        }
        #expect(told == [["alike"], [], [], ["alike"]])
    }

    @Test func `a condition that was broken before a snapshot is not told again behind it`() throws
    {
        let pipeline = Pipeline("cells", parallelism: 1) { flow in
            let cell = flow.sharedCell("cell", initial: 0)
            flow.invariant("never touched", on: cell) { $0 == 0 }
            _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                cell.update { $0 += 1 }
                return number
            }
        }
        let hand = try HandExecution(pipeline)
        hand.take("touch/0", count: 1)
        #expect(hand.execution.violations.count == 1)
        let other = try HandExecution(pipeline)
        other.execution.restore(hand.execution.save())
        // Its steps go on behind those that were taken.
        while other.scheduler.stepCount < hand.scheduler.stepCount {
            _ = other.scheduler.nextStep()
        }
        other.take("touch/0", count: 1)
        #expect(other.execution.violations.count == 1)
    }

    @Test func `a condition over two states that was broken before a snapshot is told no more`()
        throws
    {
        let pipeline = Pipeline("two", parallelism: 1) { flow in
            let first = flow.sharedCell("first", initial: 0)
            let second = flow.sharedCell("second", initial: 0)
            flow.invariant("alike", on: first, and: second) { $0 == $1 }
            _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                first.update { $0 += 1 }
                return number
            }
        }
        let hand = try HandExecution(pipeline)
        hand.take("touch/0", count: 1)
        hand.execution.lookAtRest(step: 2, time: 0)
        #expect(hand.execution.violations.count == 1)
        let other = try HandExecution(pipeline)
        other.execution.restore(hand.execution.save())
        #expect(other.execution.violations.first == hand.execution.violations.first)
        #expect(other.execution.checkAtRest() == [])
    }

    @Test func `a condition is asked for the keys that the turn itself touched`() throws {
        let asked = Guarded<[Int]>([])
        let hand = try HandExecution(
            Pipeline("asked", parallelism: 1) { flow in
                let counts = flow.keyedState(by: Int.self, initial: 0)
                flow.invariant("any", on: counts) { key, _ in
                    asked.withLock { $0.append(key) }
                    return true
                }
                _ = flow.read("in", from: secondsOfTime).keyed { $0 / 2 }
                    .process("count", state: counts, emitting: Int.self) { _, _, _ in }
            })
        hand.take("in/0", count: 6)
        // The first three numbers with their watermarks, and then the others: keys come in a row.
        hand.take("count/0", count: 6)
        #expect(asked.withLock { $0 } == [0, 1])
        hand.take("count/0", count: 6)
        #expect(asked.withLock { $0 } == [0, 1, 1, 2])
    }
}
