import Testing
import WeirBase

@testable import WeirEngine

/// What a parallel run does beside its turns: rest points, its duration, and its end.
@Suite struct ParallelClerkTests {
    /// Runs a pipeline on two workers until it ends.
    private func run(
        _ pipeline: Pipeline, limit: UInt64? = nil, rate: Double? = nil,
        stopsOnViolation: Bool = false,
        _ change: (inout ParallelScheduler.Options) -> Void = { _ in }
    ) throws -> Execution {
        var bind = BindOptions(seed: 1)
        (bind.limit, bind.rate) = (limit, rate)
        var options = ParallelScheduler.Options(workers: 2)
        change(&options)
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .parallel(options))
        // As many as the pipelines here have at most.
        setup.connections.sources = Array(repeating: nil, count: 2)
        setup.connections.storesInput = [false, false]
        setup.stopsOnViolation = stopsOnViolation
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        run.start()
        run.run()
        run.finish()
        return run.execution
    }

    /// Two cells of which one is left behind.
    private func cells(stopping: Bool = false) -> Pipeline {
        Pipeline("cells") { flow in
            let (first, second) = (
                flow.sharedCell("first", initial: 0), flow.sharedCell("second", initial: 0)
            )
            flow.invariant("alike", on: first, and: second) { $0 == $1 }
            _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                first.update { $0 += 1 }
                if stopping { TurnContext.current?.execution.stop(.abandoned, step: .max) }
                return number
            }
        }
    }

    @Test func `the end of a run without rest points is one for its conditions`() throws {
        let execution = try run(cells(), limit: 5) { $0.restInterval = 0 }
        #expect(execution.violations.first.map(\.invariant) == ["alike"])
    }

    @Test func `what a stop leaves is no state that conditions hold for`() throws {
        let execution = try run(cells(stopping: true), limit: 5) { $0.restInterval = 0 }
        #expect(execution.violations.count == 0)
    }

    /// Many rest points, and an end at that duration.
    private func resting(
        _ duration: UInt64, patience: UInt64? = nil
    ) -> (inout ParallelScheduler.Options) -> Void {
        { options in
            (options.restInterval, options.restSpacing) = (1_000_000, 1)
            // The clerk sleeps as long as nothing is due.
            (options.clerkInterval, options.duration) = (3_600_000_000_000, duration)
            if let patience { options.restPatience = patience }
        }
    }

    @Test func `a condition that is broken at a rest point stops a run that was asked to`() throws {
        let execution = try run(cells(), stopsOnViolation: true, resting(5_000_000_000))
        #expect(execution.stopCause?.cause == .violation(invariant: "alike"))
        #expect(execution.violations.first.map(\.step) == execution.stopCause.map { [$0.step] })
    }

    @Test func `behind its duration a run ends its sources and drains, and not before`() throws {
        let pipeline = Pipeline("endless") { flow in
            _ = flow.read("in", from: secondsOfTime).filter("none") { _ in false }
        }
        let begun = MonotonicClock.nanoseconds()
        let execution = try run(pipeline, resting(20_000_000))
        let lasted = MonotonicClock.nanoseconds() - begun
        #expect(execution.isFinished && execution.stopCause == nil)
        #expect(lasted >= 20_000_000 && lasted < 3_000_000_000)
    }

    @Test func `a rest point for which a turn lasts too long is given up, and others go on`() throws
    {
        let (turns, late) = (Tally(), Tally())
        let pipeline = Pipeline("patient") { flow in
            _ = flow.read("fast", from: secondsOfTime).map("counting") { number in
                turns.add()
                return number
            }
            _ = flow.read("slow", from: secondsOfTime).map("waiting") { number in
                guard number == 0 else { return number }
                // Long enough for a rest point to be asked for; then others have to go on.
                let begun = MonotonicClock.nanoseconds()
                while MonotonicClock.nanoseconds() < begun + 10_000_000 {}
                let before = turns.count
                while turns.count == before {
                    if MonotonicClock.nanoseconds() > begun + 2_000_000_000 {
                        late.add()
                        break
                    }
                }
                TurnContext.current?.execution.end()
                return number
            }
        }
        _ = try run(pipeline, resting(5_000_000_000, patience: 1_000_000))
        #expect(late.count == 0, "nothing else ran while the rest point was waited for")
    }

    @Test func `a source with a rate goes on beside a turn that suddenly takes long`() throws {
        let (turns, late) = (Tally(), Tally())
        let pipeline = Pipeline("sudden") { flow in
            // The first in the plan is the first of those that are due at once, so that its next
            // element is due only while the other's turn lasts.
            _ = flow.read("fast", from: secondsOfTime).map("counting") { number in
                turns.add()
                return number
            }
            _ = flow.read("slow", from: secondsOfTime).map("waiting") { number in
                guard number == 3 else { return number }
                let (begun, before) = (MonotonicClock.nanoseconds(), turns.count)
                while turns.count == before {
                    if MonotonicClock.nanoseconds() > begun + 2_000_000_000 {
                        late.add()
                        break
                    }
                }
                TurnContext.current?.execution.end()
                return number
            }
        }
        _ = try run(pipeline, rate: 20)
        #expect(late.count == 0, "nothing else ran while the turn lasted")
    }
}
