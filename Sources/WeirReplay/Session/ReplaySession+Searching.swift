package import WeirBase

import WeirEngine
package import WeirTelemetry
import WeirTrace

extension ReplaySession {
    /// How many steps are looked through in the first window before the playhead. Each further one
    /// is four times as large: what is near is found soon, and what is far away costs a few jumps.
    static let firstWindow: UInt64 = 512

    /// Runs forward and stops at the first step behind the playhead that is a candidate and for
    /// which `test` holds there; nil when there is none up to `limit`, where the session then is,
    /// or when the replay disagreed with its trace before, and is there.
    ///
    /// Candidates are told by the schedule alone, so that only these are run to and tested.
    ///
    /// - Throws: `ReplayInterrupted` where `onProgress` ended the way.
    package func search(
        through limit: Step, candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> Step? {
        while let next = try firstStep(after: position, through: limit, where: candidates) {
            let travel = try go(to: next)
            if travel.isInterrupted { throw ReplayInterrupted(step: next) }
            // Behind a disagreement nothing can be run, and so nothing found.
            if divergence != nil { return nil }
            if try test() { return next }
        }
        if try go(to: limit).isInterrupted { throw ReplayInterrupted(step: limit) }
        return nil
    }

    /// Goes back to the last candidate before the playhead for which `test` holds there; nil when
    /// there is none, and the session is where it was.
    ///
    /// Looks through windows before the playhead, the nearest first. In each it runs forward and
    /// remembers the last hit, since a test can only be made where the execution stands.
    package func searchBack(
        candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> Step? {
        let origin = position
        var end = origin
        var width = Self.firstWindow
        while end > 1 {
            let start = max(.first, end.earlier(by: width))
            assert(start < end, "a window from step \(start) to before \(end) ends no search")
            // A window without a candidate is passed over without running anything.
            if try firstStep(after: start.previous, through: end.previous, where: candidates) != nil
            {
                if try go(to: start.previous).isInterrupted { throw ReplayInterrupted(step: start) }
                var last: Step?
                while let hit = try search(
                    through: end.previous, candidates: candidates, test: test)
                {
                    last = hit
                }
                if let last {
                    if try go(to: last).isInterrupted { throw ReplayInterrupted(step: last) }
                    return last
                }
            }
            end = start
            width *= 4
        }
        // Nothing was found: the playhead is put back where the search began.
        try go(to: origin)
        return nil
    }

    // MARK: Events and logs

    /// The element of a source with this index, from 0, as text, and the step of the turn that took
    /// it, nil when none did; nil when there is no such element.
    ///
    /// Elements of files are the recorded lines, found by reading from the start.
    package func event(source: String, index: UInt64) throws -> (text: String, step: Step?)? {
        guard let sourceIndex = plan.planned.plan.sources.firstIndex(where: { $0.name == source }),
            let subtask = replica.execution.subtasks.first(where: { subtask in
                subtask.isSource
                    && plan.planned.plan.stages.first { $0.name == subtask.stage }?
                        .source == sourceIndex
            })
        else { return nil }
        var taken: UInt64 = 0
        // The turns of a source take its elements in order, so their counts add up to the index.
        let step = try firstStep(after: 0) { facts in
            guard facts.subtask == subtask.index, facts.kind == .input else { return false }
            taken += UInt64(facts.count)
            return taken > index
        }
        if let text = subtask.describeElement(index) {
            // A generator can make any element; those beyond its limit do not exist.
            return step == nil && index >= trace.header.limit ?? .max ? nil : (text, step)
        }
        guard let line = try line(of: sourceIndex, index) else { return nil }
        return (line, step)
    }

    /// The line of a source with this index, read from the input's beginning.
    private func line(of source: Int, _ index: UInt64) throws -> String? {
        let inputs = RecordedInputs(trace: trace, paths: plan.paths)
        var lines = LineAssembler()
        var passed: UInt64 = 0
        while true {
            assert(passed <= index, "line \(index) was passed over, \(passed) lines are behind")
            while lines.waiting == 0 {
                guard !lines.isEnded, lines.trouble == nil,
                    let block = try inputs.next(of: source)
                else { return nil }
                lines.take(block)
            }
            let text = lines.next { passed == index ? String(decoding: $0, as: UTF8.self) : nil }
            if let text { return text }
            passed += 1
        }
    }

    /// The recorded log records of turns up to `step` in the order of the run; `body` gets each,
    /// its statement and its rank, and returns false to end.
    package func logs(
        through step: Step, _ body: (LogRecord, LogSite, UInt64) throws -> Bool
    ) throws {
        let merge = try LogMerge(trace)
        while let (record, rank) = try merge.next(), record.step <= step {
            guard Int(record.site) < merge.sites.count else { continue }
            if try !body(record, merge.sites[Int(record.site)], rank) { return }
        }
    }
}
