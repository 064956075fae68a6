import Foundation
import Testing
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirApp

/// What `inspect` says of a trace.
@Suite struct TraceFactsTests {
    @Test func `a run without an end lasted until its last step, in nanoseconds`() throws {
        let path = NSTemporaryDirectory() + "weir-facts-\(UUID().uuidString).mcap"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var header = RunHeader(
            run: String(repeating: "1", count: 32), pipeline: "orders", version: "1",
            plan: "00112233aabbccdd", seed: 7)
        header.subtasks = [SubtaskInfo(stage: "read", index: 0, inlets: [], outlets: [], source: 0)]
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        var batch = RecordBatch()
        // The newest time is not that of the last step.
        for (step, time) in [(1, 250), (2, 1_234_567), (3, 900)] as [(Step, RunTime)] {
            var note = StepNote(step: step, kind: .idle)
            note.time = time
            batch.schedule.steps.append(note)
        }
        try writer.consume(batch)
        let facts = try TraceFacts(Trace.open(path: path))
        #expect(facts.steps == 3 && facts.duration == 1_234_567_000)
        #expect(facts.json.contains("\"duration_ns\":1234567000,"))
    }
}
