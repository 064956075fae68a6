import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirReplay
@testable import WeirTrace

/// A schedule that is read by more pages than are kept, in any order.
@Suite struct PagesTests {
    /// Two steps for each page; more pages than are kept.
    private static let last = Step(2 * (ReplayBounds.maximumSchedulePages + 20))

    /// Pages over a file of their own, for as long as `body` looks at them.
    private func withPages(_ body: (SchedulePages) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "weir-pages-\(UUID().uuidString).mcap"
        defer { unlink(path) }
        let header = try shipped("overdrawn").header
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        for first in stride(from: 1, to: Self.last.count, by: 2) {
            var batch = RecordBatch()
            batch.schedule.steps = [first, first + 1].map { number in
                var note = StepNote(step: Step(number), kind: .timer)
                note.time = RunTime(number)
                return note
            }
            try writer.consume(batch)
        }
        try writer.finish(nil, rewriting: Rewriting(hasDied: true, lost: ""))
        try body(SchedulePages(try Trace.open(path: path)))
    }

    private func expect(_ step: Step, in pages: SchedulePages) throws {
        let note = try pages.note(step)
        #expect(note?.step == step && note?.time == RunTime(step.count), "step \(step)")
        pages.checkInvariants()
    }

    @Test func `each step is found forwards, backwards and in any order`() throws {
        try withPages { pages in
            for step in 1...Self.last { try expect(step, in: pages) }
            for step in (1...Self.last).reversed() { try expect(step, in: pages) }
            var random = SeededGenerator(seed: 5, stream: 1)
            for _ in 0..<200 {
                try expect(Step(1 + random.below(Self.last.count)), in: pages)
            }
        }
    }

    @Test func `there is no step before the first and none behind the last`() throws {
        try withPages { pages in
            #expect(try pages.note(0) == nil && pages.note(Self.last.next) == nil)
            try expect(Self.last, in: pages)
            #expect(try pages.note(Self.last.next) == nil)
            try expect(1, in: pages)
        }
    }

    @Test func `a page that was used is kept before one that was not`() throws {
        try withPages { pages in
            try expect(1, in: pages)
            let first = try #require(try pages.page(holding: 1))
            #expect(first.first == 1 && first.last == 2)
            #expect(first.note(2)?.step == 2 && first.note(3) == nil && first.note(0) == nil)
            for step in 1...Self.last {
                try expect(step, in: pages)
                try expect(2, in: pages)
            }
        }
    }

    @Test func `batches are given from the page of a step to the end`() throws {
        try withPages { pages in
            for step in [1, 2, 7, Self.last] as [Step] {
                let next = pages.batches(from: step)
                var found: [Step] = []
                while let batch = try next() { found += batch.steps.map(\.step) }
                let begin = step.isMultiple(of: 2) ? step.previous : step
                #expect(found == Array(begin...Self.last))
            }
        }
    }
}
