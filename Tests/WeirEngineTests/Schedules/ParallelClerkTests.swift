import Testing
import WeirBase

@testable import WeirEngine

/// What a parallel run does beside its turns: rest points, its duration, and its end.
@Suite struct ParallelClerkTests {
    /// A run of two cells of which one is left behind, on two workers and without rest points.
    private func run(stopping: Bool = false) throws -> Execution {
        let pipeline = Pipeline("cells") { flow in
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
        var bind = BindOptions(seed: 1)
        bind.limit = 5
        var options = ParallelScheduler.Options(workers: 2)
        options.restInterval = 0
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .parallel(options))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        run.start()
        run.run()
        run.finish()
        return run.execution
    }

    @Test func `the end of a run without rest points is one for its conditions`() throws {
        #expect(try run().violations.first.map(\.invariant) == ["alike"])
    }

    @Test func `what a stop leaves is no state that conditions hold for`() throws {
        #expect(try run(stopping: true).violations.count == 0)
    }

    /// A run without an end of its own, for at most so long, on so many workers.
    private func run(
        _ pipeline: Pipeline, for duration: UInt64, workers: Int = 2, patience: UInt64? = nil
    ) throws -> Execution {
        var options = ParallelScheduler.Options(workers: workers)
        (options.restInterval, options.restSpacing) = (1_000_000, 1)
        // The clerk sleeps as long as nothing is due.
        (options.clerkInterval, options.duration) = (3_600_000_000_000, duration)
        if let patience { options.restPatience = patience }
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .parallel(options))
        setup.connections.sources = Array(repeating: nil, count: 2)
        setup.connections.storesInput = [false, false]
        setup.stopsOnViolation = true
        let run = try LiveRun(try pipeline.plan(), BindOptions(seed: 1), setup)
        run.start()
        run.run()
        run.finish()
        return run.execution
    }

    @Test func `a condition that is broken at a rest point stops a run that was asked to`() throws {
        let pipeline = Pipeline("cells") { flow in
            let (first, second) = (
                flow.sharedCell("first", initial: 0), flow.sharedCell("second", initial: 0)
            )
            flow.invariant("alike", on: first, and: second) { $0 == $1 }
            _ = flow.read("in", from: secondsOfTime).map("touch") { number in
                first.update { $0 += 1 }
                return number
            }
        }
        let execution = try run(pipeline, for: 5_000_000_000)
        #expect(execution.stopCause?.cause == .violation(invariant: "alike"))
        #expect(execution.violations.first.map(\.step) == execution.stopCause.map { [$0.step] })
    }

    @Test func `behind its duration a run ends its sources and drains, and not before`() throws {
        let pipeline = Pipeline("endless") { flow in
            _ = flow.read("in", from: secondsOfTime).filter("none") { _ in false }
        }
        let begun = MonotonicClock.nanoseconds()
        let execution = try run(pipeline, for: 20_000_000)
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
        _ = try run(pipeline, for: 5_000_000_000, patience: 1_000_000)
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
        var bind = BindOptions(seed: 1)
        bind.rate = 20
        var setup = LiveRun.Setup(
            started: Instant(nanoseconds: 0), schedule: .parallel(.init(workers: 2)))
        setup.connections.sources = Array(repeating: nil, count: 2)
        setup.connections.storesInput = [false, false]
        let run = try LiveRun(try pipeline.plan(), bind, setup)
        run.start()
        run.run()
        run.finish()
        #expect(late.count == 0, "nothing else ran while the turn lasted")
    }
}
