import Testing
import WeirBase

@testable import WeirEngine

/// What operators keep, put into other operators of the same kind.
@Suite struct SavablePartTests {
    /// A kind of operator that keeps something, made anew each time.
    enum Kind: String, CaseIterable {
        case keyed, timed, window, subtask

        var link: Link {
            switch self {
            case .keyed:
                KeyedProcess<Int, [Int], Int>(name: "keyed", initial: [], onTimer: nil)
                    .link(key: { (number: Int) in number % 3 }) { number, seen, context in
                        seen.append(number)
                        context.emit(seen.reduce(0, +))
                    }
            case .timed:
                KeyedProcess<Int, Int, Int>(
                    name: "timed", initial: 0,
                    onTimer: { key, count, context in context.emit(1_000 * key + count) }
                ).link(key: { (number: Int) in number % 3 }) { number, count, context in
                    count += number
                    context.setTimer(atEventTime: context.eventTime + .seconds(4))
                }
            case .window:
                TumblingWindow<Int, Int, [Int]>(
                    name: "window", width: .seconds(5), initial: [], late: nil
                ).link(key: { $0 % 3 }) { $0.append($1) }
            case .subtask:
                SubtaskProcess<Int, Int>(
                    name: "subtask", state: 0, onEnd: { sum, context in context.emit(sum) }
                ).link { (number: Int, sum: inout Int, context) in
                    sum += number
                    context.emit(sum)
                }
            }
        }

        /// A chain of one, which gives what it makes as text.
        var chain: any Played {
            switch self {
            case .keyed, .timed, .subtask: DrivenChain<Int, Int>([link])
            case .window: DrivenChain<Int, Pane<Int, [Int]>>([link])
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `an operator that takes saved state in goes on as the one that it was saved from`(
        kind: Kind
    ) throws {
        let first = kind.chain
        for second in 1...7 as ClosedRange<Int64> { first.take(Int(second) * 7, at: second) }
        first.advance(to: 5)
        let saved = first.subtask.savePart()
        #expect(saved.bytes > 0)
        _ = first.taken()
        for second in 8...9 as ClosedRange<Int64> { first.take(Int(second), at: second) }

        let other = kind.chain
        other.subtask.restorePart(saved)
        for second in 8...9 as ClosedRange<Int64> { other.take(Int(second), at: second) }
        #expect(other.subtask.freshDigest() == first.subtask.freshDigest())
        first.end()
        other.end()
        #expect(other.taken() == first.taken())
        #expect(other.subtask.freshDigest() == first.subtask.freshDigest())
    }

    @Test(arguments: Kind.allCases)
    func `saved state shares nothing with the operator that goes on`(kind: Kind) throws {
        let first = kind.chain
        first.take(1, at: 1)
        let before = first.subtask.freshDigest()
        let saved = first.subtask.savePart()
        first.take(2, at: 2)
        first.take(4, at: 9)
        first.advance(to: 8)
        let other = kind.chain
        other.subtask.restorePart(saved)
        #expect(other.subtask.freshDigest() == before)
    }

    @Test func `an inlet that had ended where it was saved does not hold up the end`() {
        func joined() -> DrivenChain<Int, Int> {
            DrivenChain<Int, Int>(inlets: 2, [Kind.keyed.link])
        }
        let first = joined()
        first.finish(port: 0)
        let other = joined()
        other.subtask.restorePart(first.subtask.savePart())
        other.pass(5, port: 1)
        #expect(other.taken() == "|5")
        other.finish(port: 1)
        #expect(other.taken() == "|end ]")
        #expect(other.subtask.isDone)
    }

    @Test func `an inlet that was silent where it was saved holds no watermark back`() {
        func joined() -> DrivenChain<Int, Int> {
            DrivenChain<Int, Int>(inlets: 2, [Kind.keyed.link])
        }
        let first = joined()
        let before = first.subtask.freshDigest()
        first.pass(.idle, port: 0)
        #expect(first.subtask.freshDigest() != before)
        let other = joined()
        other.subtask.restorePart(first.subtask.savePart())
        other.pass(5, port: 1)
        #expect(other.taken() == "|5")
    }

    @Test func `a subtask that is silent has another digest than one that speaks`() {
        let (silent, speaking) = (DrivenChain<Int, Int>([]), DrivenChain<Int, Int>([]))
        // Both have heard the same from their one inlet, and one of them fell silent by itself.
        for chain in [silent, speaking] { chain.pass(.idle) }
        #expect(silent.subtask.freshDigest() == speaking.subtask.freshDigest())
        speaking.subtask.becomeActive()
        #expect(silent.subtask.freshDigest() != speaking.subtask.freshDigest())
    }

    @Test func `what a subtask counted goes with its state`() {
        let counters = SubtaskCounters()
        let numbers = counters.saved.indices.map { UInt64($0) + 1 }
        counters.restore(numbers)
        #expect(counters.saved == numbers)
    }

    @Test func `rows that were handed over where a sink was saved count as written`() throws {
        let pipeline = Pipeline("rows", parallelism: 1) { flow in
            flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
        }
        let first = try HandExecution(pipeline)
        first.take("in/0", count: 3)
        first.take("rows/0", count: UInt32(first["rows/0"].inlets[0].waiting))
        let other = try HandExecution(pipeline)
        other.execution.restore(first.execution.save())
        let rows = try #require(other["rows/0"].outlets.first as? RowOutlet)
        #expect(rows.account == RowAccount(written: 3))
    }

    @Test func `state of another operator ends the process with both types named`() async throws {
        let ended = try await #require(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let saved = SavablePartTests.Kind.window.chain.subtask.savePart()
            SavablePartTests.Kind.keyed.chain.subtask.restorePart(saved)
        }
        let said = String(decoding: ended.standardErrorContent, as: UTF8.self)
        let words = said.split(separator: "\n").first { $0.contains(" keeps ") } ?? ""
        #expect(words.contains("keyed keeps WeirEngine.KeyedProcess<"), "\(said)")
        #expect(words.contains("was given WeirEngine.TumblingWindow<"), "\(said)")
        #expect(words.contains("the state of window"), "\(said)")
    }

    @Test func `a chain of another length ends the process`() async throws {
        await #expect(processExitsWith: .failure) {
            let saved = SavablePartTests.Kind.keyed.chain.subtask.savePart()
            let two = SavablePartTests.Kind.keyed
            DrivenChain<Int, Int>([two.link, two.link]).subtask.restorePart(saved)
        }
    }
}

/// A chain in one subtask, driven by hand, whatever it makes.
protocol Played {
    var subtask: Subtask { get }
    func take(_ element: Int, at second: Int64)
    func advance(to second: Int64)
    func end()
    func taken() -> String
}

extension DrivenChain: Played where Input == Int {
    func take(_ element: Int, at second: Int64) { send(element, at: second) }
    func end() { finish() }
    func advance(to second: Int64) {
        subtask.advance(to: Instant(nanoseconds: second * 1_000_000_000))
    }
}
