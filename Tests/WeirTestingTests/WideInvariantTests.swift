import Testing
import Weir
import WeirTesting

/// Conditions over two cells, checked where no turn is open.
struct WideInvariantTests {
    /// Moves each element's amount from one account to another, in two accesses.
    private func transfers(losing lost: Int) -> Pipeline {
        Pipeline("transfers") { flow in
            let from = flow.sharedCell("from", initial: 10_000)
            let to = flow.sharedCell("to", initial: 0)
            flow.invariant("money is kept", on: from, and: to) { $0 + $1 == 10_000 }
            flow.read(
                "amounts",
                from: .generator { index, _ in (Int(index), Instant(milliseconds: Int64(index))) }
            )
            .keyed { $0 % 7 }
            .process("move", state: 0, emitting: Int.self) { amount, _, context in
                from.update { $0 -= 1 }
                if amount != lost { to.update { $0 += 1 } }
                context.emit(amount)
            }
            .write("moved") { "\($0)" }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a condition that holds between turns is never found broken`(seed: UInt64) throws {
        let run = try transfers(losing: -1).simulate(seed: seed, limit: 300)
        #expect(run.violations.isEmpty, "reproduce: seed \(seed)")
    }

    @Test func `a condition that begins to fail is found once`() throws {
        let run = try transfers(losing: 150).simulate(seed: 1, limit: 300)
        #expect(run.violations.map(\.invariant) == ["money is kept"])
    }
}
