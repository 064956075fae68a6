import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import Gallery
@testable import WeirReplay

/// What a replay makes of a run that died in the middle of turns.
@Suite struct DiedRunTests {
    private let run: DiedRun
    /// An access at which another turn is open, too.
    private let access: Step

    init() throws {
        let run = try DiedRun()
        self.run = run
        access = try #require(
            run.notes.first { note in
                note.kind == .access && run.inFlight(at: note.step).count > 1
            }
        ).step
    }

    @Test func `everything agreed up to the first of the turns in flight`() throws {
        let inFlight = run.inFlight(at: access)
        try run.dies(at: access) { trace in
            let report = try ReplayRun(trace, orders, ReplayRun.Options()).run()
            #expect(report.divergence == nil)
            #expect(report.inFlight.map(\.step) == inFlight)
            #expect(report.reservation?.agreed == inFlight[0].previous)
            #expect(report.reservation?.last == access)
            #expect(report.reservation?.reason == "the run died and noted no end")
        }
    }

    @Test func `a turn that died at an access stands before it, and its value is not written`()
        throws
    {
        let whole = try ReplaySession(run.whole, orders, ReplaySession.Options())
        // An access that changed its cell.
        try whole.go(to: try #require(whole.failureStep))
        let written = try #require(try whole.lastWrite(whole.cells[0].id))
        try whole.go(to: written.previous)
        let before = "\(whole.cells[0].value)"
        try whole.go(to: written)
        let after = "\(whole.cells[0].value)"
        try run.dies(at: written) { trace in
            let session = try ReplaySession(trace, orders, ReplaySession.Options())
            #expect(session.diedInTurns && session.lastStep == written)
            try session.go(to: written)
            #expect("\(session.cells[0].value)" == before && before != after)
            let turn = try #require(try session.facts(of: written)).turn
            #expect(session.openTurns.contains { $0.turn == turn && $0.next == .nothing })
        }
    }

    @Test func `turns in flight run on to their ends where that is wanted, the first one first`()
        throws
    {
        try run.dies(at: access) { trace in
            var ranOn: [Step] = []
            var options = ReplayRun.Options()
            options.onRunningOn = { ranOn.append($0) }
            let report = try ReplayRun(trace, orders, options).run()
            #expect(ranOn.first == run.inFlight(at: access).first)
            #expect(Set(ranOn) == Set(run.inFlight(at: access)))
            #expect(report.inFlight.isEmpty && report.divergence == nil)
        }
    }

    @Test func `a run that ended died in no turn`() throws {
        let session = try ReplaySession(run.whole, orders, ReplaySession.Options())
        #expect(!session.diedInTurns)
    }

    @Test func `a rest point in the middle of a turn is a divergence`() throws {
        try withRewritten(run.whole) { batch in
            for index in batch.schedule.steps.indices
            where batch.schedule.steps[index].step == access {
                batch.schedule.steps[index].kind = .rest
            }
        } _: { trace in
            let found = try ReplayRun(trace, orders, ReplayRun.Options()).run().divergence
            #expect(found?.step == access)
            #expect(found?.expected == "no open turn at a rest point")
        }
    }

    @Test func `what is logged later belongs to turns that were open or come`() throws {
        var (settled, isOpen, isEarly) = (Step.start, false, false)
        var options = ReplayRun.Options()
        options.onOpenTurns = { settled = $0 }
        options.onLogs = { records, _ in
            isEarly = isEarly || records.contains { $0.step < settled }
            isOpen = isOpen || records.contains { $0.step < access }
        }
        _ = try ReplayRun(run.whole, orders, options).run()
        #expect(settled > access && isOpen && !isEarly)
    }
}
