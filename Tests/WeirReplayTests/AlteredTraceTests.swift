import Testing
import WeirBase
import WeirReplay
import WeirTelemetry
import WeirTrace

@testable import Gallery

/// What a replay says of a trace that was changed in one thing which no turn's note has.
@Suite struct AlteredTraceTests {
    private let trace: Trace
    /// The violation that the run found.
    private let violation: Incident
    private let lastStep: Step

    init() throws {
        trace = try shipped("overdrawn")
        violation = try #require(try trace.firstFailure())
        lastStep = try trace.lastStep()
    }

    /// The difference of a replay of the trace with this changed in it.
    private func difference(
        _ change: (inout RecordBatch) -> Void = { _ in },
        end changeEnd: (inout RunEnd) -> Void = { _ in }
    ) throws -> Divergence? {
        var found: Divergence?
        try withRewritten(trace, change, end: changeEnd) { trace in
            found = try ReplayRun(trace, orders, ReplayRun.Options()).run().divergence
        }
        return found
    }

    @Test func `a trace that was written again and not changed differs in nothing`() throws {
        #expect(try difference() == nil)
    }

    @Test func `another number of elements at the end is a difference`() throws {
        let events = try #require(trace.end).events
        let found = try difference(end: { $0.events += 1 })
        #expect(found?.expected == "\(events + 1) elements" && found?.got == "\(events) elements")
    }

    @Test func `rows in another order at the end are a difference of their sink`() throws {
        let sink = try #require(trace.end?.sinks.first).sink
        let found = try difference(end: { $0.sinks[0].ordered = $0.sinks[0].unordered })
        #expect(found?.subtask == "sink \(sink)")
    }

    @Test(arguments: [1, -1] as [Int32])
    func `another number of accesses at a turn's end is a difference`(more: Int32) throws {
        var turn: Step?
        let found = try difference({ batch in
            guard turn == nil,
                let index = batch.schedule.ends.firstIndex(where: { $0.accesses > 0 })
            else { return }
            turn = batch.schedule.ends[index].step
            let accesses = Int32(batch.schedule.ends[index].accesses)
            batch.schedule.ends[index].accesses = UInt32(accesses + more)
        })
        #expect(found?.expected.hasSuffix(" accesses to cells") == true && found?.step == turn)
    }

    @Test func `another number of messages on any outlet is a difference of the turn`() throws {
        var turn: Step?
        let found = try difference({ batch in
            guard turn == nil,
                let end = batch.schedule.ends.first(where: { $0.emitted.count > 1 })
            else { return }
            turn = end.step
            // On its last outlet.
            batch.schedule.emitted[end.emitted.upperBound - 1] += 1
        })
        #expect(found?.expected.hasPrefix("emitted ") == true && found?.step == turn)
    }

    @Test func `another final state of one part is a difference of that part`() throws {
        let part = try #require(trace.end?.parts?.last).part
        let found = try difference(end: { end in
            end.parts = end.parts?.map {
                $0.part == part ? PartDigest(part: part, digest: "none") : $0
            }
        })
        #expect(found?.subtask.hasPrefix(part) == true)
    }

    @Test func `a violation that the replay finds once less is a difference`() throws {
        let found = try difference({ batch in
            batch.incidents += batch.incidents.filter { $0 == violation }
        })
        #expect(found?.expected == violation.message && found?.got == "nothing")
    }

    @Test func `a violation that only the replay finds is a difference`() throws {
        let found = try difference({ $0.incidents.removeAll { $0 == violation } })
        #expect(found?.step == violation.step)
        #expect(found?.expected == "nothing" && found?.got == violation.message)
    }

    @Test func `a violation at the last step is missed as any other`() throws {
        let found = try difference({ batch in
            for incident in batch.incidents where incident == violation {
                var later = incident
                (later.step, later.message) = (lastStep, "later")
                batch.incidents.append(later)
            }
        })
        #expect(found?.step == lastStep && found?.expected == "later")
    }

    /// The log records of the trace, in the order of the run.
    private func records() throws -> [LogRecord] {
        var records: [LogRecord] = []
        let logs = trace.logs()
        while let batch = try logs.next() { records += batch.records }
        return records.sorted(by: LogRecord.precedes)
    }

    private func lastRecord() throws -> LogRecord { try #require(try records().last) }

    @Test func `a log line that only the replay makes is a difference`() throws {
        let last = try lastRecord()
        let found = try difference({ batch in
            for index in batch.logs.indices { batch.logs[index].records.removeAll { $0 == last } }
        })
        #expect(found?.step == last.step && found?.expected == "log no line")
    }

    @Test func `a log line of the last step that only the trace has is a difference`() throws {
        let last = try lastRecord()
        let found = try difference({ batch in
            for index in batch.logs.indices where batch.logs[index].records.contains(last) {
                var later = last
                later.step = lastStep
                later.ordinal += 1
                batch.logs[index].records.append(later)
            }
        })
        #expect(found?.step == lastStep && found?.got == "no such line")
    }

    @Test func `as many log lines as were lost may be missing and no more`() throws {
        let last = try lastRecord()
        let before = try #require(try records().last { $0.step < last.step })
        let found = try difference({ batch in
            for index in batch.logs.indices {
                // One of the two found no room, says the trace.
                if batch.logs[index].records.contains(last) { batch.logs[index].lost += 1 }
                batch.logs[index].records.removeAll { $0 == last || $0 == before }
            }
        })
        #expect(found?.step == last.step && found?.expected == "log no line")
    }

    @Test func `what is logged is part of a replay's digest`() throws {
        let first = try #require(try records().first)
        func digest(_ level: LogLevel?) throws -> UInt64 {
            var options = ReplayRun.Options()
            (options.logLevel, options.through) = (level, first.step.later(by: 20))
            return try ReplayRun(trace, orders, options).run().digest
        }
        #expect(try digest(nil) != digest(.critical))
    }

    // MARK: What a session makes of incidents

    /// A bookmark at the step of the violation.
    private var bookmark: Incident {
        Incident(
            step: violation.step, kind: .bookmark, name: "look here", message: "", time: 0)
    }

    @Test func `a bookmark before the failure is not taken for it`() throws {
        let change = { (batch: inout RecordBatch) in
            guard batch.incidents.contains(violation) else { return }
            var early = bookmark
            early.step = 1
            batch.incidents.insert(early, at: 0)
        }
        try withRewritten(trace, change) { trace in
            let session = try ReplaySession(trace, orders, ReplaySession.Options())
            #expect(session.failureStep == violation.lookStep)
        }
    }

    @Test func `a bookmark does not hide what the replay finds at its step`() throws {
        let change = { (batch: inout RecordBatch) in
            guard let index = batch.incidents.firstIndex(of: violation) else { return }
            batch.incidents[index] = bookmark
        }
        try withRewritten(trace, change) { trace in
            let session = try ReplaySession(trace, orders, ReplaySession.Options())
            try session.go(to: session.lastStep)
            #expect(session.incidents.map(\.name) == ["look here", violation.name])
        }
    }
}
