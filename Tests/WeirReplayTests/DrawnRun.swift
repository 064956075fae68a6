import Foundation
import Testing
import Weir
import WeirBase
import WeirTelemetry

@testable import WeirEngine
@testable import WeirTrace

/// A drawn run of a small pipeline with an edge that drops, windows, calls, timers, cells and
/// conditions over several stages, recorded to a trace. A drawn run is a function of its seed, so
/// that all that a replay says of it can be held against a file.
enum DrawnRun {
    static let pipeline = Pipeline("drawn", parallelism: 2) { flow in
        let budget = flow.sharedCell("budget", initial: 60)
        let seen = flow.keyedState(by: Int.self, initial: 0)
        flow.invariant("budget is never overdrawn", on: budget) { $0 >= 0 }
        flow.invariant("few are seen", on: budget, and: seen) { _, seen in seen.sum { $0 } < 60 }
        flow.invariant("not all are seen", on: budget, and: seen) { _, seen in
            seen.sum { $0 } < 150
        }
        let numbers = flow.read(
            "numbers",
            from: .generator(watermark: .boundedDisorder(.milliseconds(20))) { index, random in
                let late = random.below(5) == 0 ? random.below(90) : 0
                return (Int(index), Instant(milliseconds: Int64(index) * 5 - Int64(late)))
            })
        let counted = numbers.over(EdgeOptions(bounds: ChannelBounds(messages: 4)))
            .keyed { $0 % 5 }
            .process("count", state: seen, emitting: Int.self) { number, count, context in
                count += 1
                if number % 30 == 7 { context.log.notice("seen", ["n": .integer(Int64(number))]) }
                context.emit(number)
            }
        counted.over(EdgeOptions(bounds: ChannelBounds(messages: 3), policy: .dropOldest))
            .keyed { $0 % 3 }
            .process(
                "pay", state: 0, emitting: String.self,
                onTimer: { key, paid, context in context.emit("\(key) paid \(paid)") }
            ) { number, paid, context in
                guard budget.read() > 0 else { return }
                budget.update { $0 -= 2 }
                paid += 2
                if number % 4 == 0 {
                    context.setTimer(atProcessingTime: context.now + .microseconds(40))
                }
            }.write("paid") { $0 }
        counted.keyed { $0 % 2 }.window(.tumbling(.milliseconds(50)))
            .aggregate("sums", from: 0) { sum, number in sum += number }
            .write("panes") { "\($0.key) \($0.value)" }
        counted.callAsync(
            "ask", emitting: String.self, inFlight: 3, timeout: .milliseconds(2),
            call: { number, call in number % 7 == 0 ? nil : [UInt8(truncatingIfNeeded: call)] },
            complete: { number, answer, context in
                context.emit("\(number) \(answer.map { "\($0)" } ?? "none")")
            }
        ).write("answers") { $0 }
    }

    /// The trace of a run, for as long as `body` looks at it. `change` is given the header and all
    /// records before they are written.
    static func withTrace(
        seed: UInt64 = 5, limit: UInt64 = 160,
        _ change: (inout RunHeader, inout [RecordBatch]) -> Void = { _, _ in },
        _ body: (Trace) throws -> Void
    ) throws {
        let planned = try pipeline.plan(seed: seed)
        let (recorded, end) = try record(planned, seed: seed, limit: limit)
        var batches = recorded
        var header = header(planned.plan, seed: seed, limit: limit)
        change(&header, &batches)
        let path = NSTemporaryDirectory() + "weir-drawn-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        for batch in batches { try writer.consume(batch) }
        try writer.finish(end)
        try body(try Trace.open(path: path))
    }

    private static let started = Instant(nanoseconds: 1_700_000_000_000_000_000)

    private static func header(_ plan: Plan, seed: UInt64, limit: UInt64) -> RunHeader {
        var header = RunHeader(
            run: String(repeating: "0", count: 32), pipeline: pipeline.name,
            version: pipeline.version, plan: plan.hash.hexadecimal, seed: seed)
        (header.started, header.limit, header.logLevel) = (started, limit, "debug")
        header.sources = plan.sources.map {
            SourceInfo(name: $0.name, kind: "generator", location: "")
        }
        header.sinks = plan.sinks.map(\.name)
        header.subtasks = plan.subtasks.map { stage, index in
            SubtaskInfo(
                stage: plan.stages[stage].name, index: index, inlets: [], outlets: [],
                source: plan.stages[stage].source)
        }
        (header.cells, header.invariants) = (plan.cells, plan.invariants)
        return header
    }

    private static func record(
        _ planned: PlannedPipeline, seed: UInt64, limit: UInt64
    ) throws -> (batches: [RecordBatch], end: RunEnd) {
        let plan = planned.plan
        let lanes = LaneSet(
            layout: LaneLayout(
                workers: 1, workerSlots: 1 << 14, sources: plan.sources.map { _ in 0 },
                executors: 0))
        let sites = LogSites()
        let logLane = LogLane(capacity: 1 << 20, sites: sites)
        let memory = MemoryRecording()
        let recorder = Recorder(
            lanes: lanes, logLanes: [logLane], sites: sites, consumers: [memory],
            onFailure: { _, error in Issue.record(error) })
        let incidents = Guarded<[Incident]>([])
        var setup = LiveRun.Setup(started: started, schedule: .drawn(seed: seed))
        setup.connections.sources = plan.sources.map { _ in nil }
        setup.connections.sinks = try plan.sinks.map { _ in try DiscardSink().open() }
        setup.connections.storesInput = plan.sources.map { _ in false }
        (setup.lanes, setup.logLanes) = (lanes, [logLane])
        setup.onIncident = { incident in incidents.withLock { $0.append(incident) } }
        var options = BindOptions(seed: seed)
        (options.limit, options.logLevel) = (limit, .debug)
        let run = try LiveRun(planned, options, setup)
        run.start()
        recorder.start()
        run.run()
        run.finish()
        recorder.finish()
        var batches = memory.recorded
        batches[0].incidents = incidents.withLock { $0 }
        return (batches, end(of: run.execution))
    }

    private static func end(of execution: Execution) -> RunEnd {
        var end = RunEnd(
            cause: "finished", steps: execution.scheduler.stepCount,
            turns: execution.subtasks.reduce(.zero) { $0 + $1.turnCount },
            events: execution.subtasks.reduce(0) { $0 + $1.sourceTaken })
        let state = execution.stateDigest()
        end.stateDigest = state.whole.hexadecimal
        end.parts = zip(execution.partNames, state.parts).map {
            PartDigest(part: $0, digest: $1.hexadecimal)
        }
        end.sinks = execution.sinkDigests()
        return end
    }
}
