import Testing
import Weir
import WeirBase
import WeirEngine
import WeirReplay

/// Which elements lie in one slice decides how far a chain's operators are when one of them
/// fails: a replay cuts slices where the run's ring began anew.
@Suite struct SeamTests {
    private struct Failure: Error {}

    /// A stage of two operators: the first counts, the second fails at an element.
    private static func failing(at fatal: Int) -> Pipeline {
        Pipeline("failing") { flow in
            flow.read(
                "numbers",
                from: Source<Int>.generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
                }
            )
            .keyed { $0 % 2 }
            .process("count", state: 0, emitting: Int.self) { number, count, context in
                count += 1
                context.emit(number)
            }
            .map("fail") { number in
                if number == fatal { throw Failure() }
                return number
            }
            .write("rows")
        }
    }

    @Test(arguments: [2_040, 2_047, 2_050, 2_060, 2_080, 2_110])
    func `a failed turn behind the ring's seam ends in the recorded state`(fatal: Int) throws {
        var failed = 0
        for seed in 0..<8 as Range<UInt64> {
            let run = try RecordedRun(
                Self.failing(at: fatal), seed: seed, limit: 3_000, workers: 0)
            let replay = try run.replay()
            #expect(replay.divergence == nil, "seed \(seed)")
            #expect(replay.state == run.state, "seed \(seed)")
            failed += run.hasFailed ? 1 : 0
        }
        #expect(failed == 8)
    }
}
