import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// A shipped run, cut off as if its process had died behind a step.
struct DiedRun {
    let whole: Trace
    /// Each turn's subtask and the last step that was noted of it, by the turn's step.
    private(set) var turns: [Step: (subtask: SubtaskIndex, last: Step)] = [:]
    private(set) var notes: [StepNote] = []

    init() throws {
        whole = try shipped("overdrawn")
        try whole.forEachSchedule { batch in notes += batch.steps }
        for note in notes {
            if note.kind.beginsTurn { turns[note.step] = (note.subtask, note.step) }
            if note.kind == .access || note.kind == .publish { turns[note.turn]?.last = note.step }
        }
    }

    /// The turns that are open behind a step, in order.
    func open(behind step: Step) -> [Step] {
        turns.filter { $0.key <= step && step < $0.value.last }.keys.sorted()
    }

    /// The turns that are in flight where the run dies in the middle of a step.
    func inFlight(at step: Step) -> [Step] {
        turns.filter { $0.key <= step && step <= $0.value.last }.keys.sorted()
    }

    /// The trace of the run that died in the middle of a step, for as long as `body` looks at it.
    func dies(at step: Step, _ body: (Trace) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "weir-died-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        let gone = inFlight(at: step)
        let writer = try TraceWriter(path: path, header: whole.header, overwrite: false)
        let batches = whole.batches()
        while var batch = try batches.next() {
            batch.schedule.steps.removeAll { $0.step > step }
            batch.schedule.ends.removeAll { $0.step > step || gone.contains($0.step) }
            (batch.logs, batch.incidents) = ([], [])
            try writer.consume(batch)
        }
        let flights = gone.map { TurnInFlight(step: $0, subtask: turns[$0]?.subtask ?? 0) }
        try writer.finish(
            nil,
            rewriting: Rewriting(
                hasDied: true, lost: "", telemetryKnownBefore: 1, inFlight: flights))
        try body(try Trace.open(path: path))
    }
}
