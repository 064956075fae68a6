import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// A trace whose recorded end was changed, with every checksum mended, is not found identical.
struct AlteredEndTests {
    private let weir: Weir
    private let trace: Trace
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        trace = try Trace.open(path: Weir.repository + "/traces/orders/overdrawn.mcap")
    }

    /// Writes the trace again with its end, incidents and logs as `change` leaves them.
    private func rewrite(
        end change: (inout RunEnd) -> Void = { _ in },
        batch alter: (inout RecordBatch) -> Void = { _ in }
    ) throws {
        var end = try #require(trace.end)
        change(&end)
        let writer = try TraceWriter(
            path: scratch.file("t.mcap"), header: trace.header, overwrite: true)
        let batches = trace.batches()
        while var batch = try batches.next() {
            alter(&batch)
            try writer.consume(batch)
        }
        try writer.finish(end)
        #expect(try weir("check", "t.mcap").code == 0)
    }

    private func expectDivergence(_ what: String) throws {
        let verify = try weir("replay", "t.mcap", "--verify")
        #expect(verify.code == 3 && verify.output.hasPrefix("diverged "), "\(what): \(verify)")
    }

    @Test func `written again as it was it is identical`() throws {
        try rewrite()
        let verify = try weir("replay", "t.mcap", "--verify")
        #expect(verify.code == 0 && verify.output.hasPrefix("identical: steps 586"), "\(verify)")
        #expect(verify.output.contains("final state of 11 subtasks and 1 cell, 1 violation"))
    }

    @Test(arguments: ["steps", "turns", "events"])
    func `another count`(count: String) throws {
        try rewrite(end: { end in
            switch count {
            case "steps": end.steps = end.steps.next
            case "turns": end.turns = TurnCount(end.turns.rawValue - 1)
            default: end.events += 1
            }
        })
        try expectDivergence(count)
    }

    @Test func `another digest of any part, and of them all`() throws {
        let parts = try #require(trace.end?.parts)
        for index in parts.indices {
            try rewrite(end: { $0.parts?[index].digest = "0123456789abcdef" })
            let verify = try weir("replay", "t.mcap", "--verify")
            #expect(verify.code == 3, "\(parts[index]): \(verify)")
            #expect(verify.output.contains(" of \(parts[index].part)"), "\(verify)")
        }
        try rewrite(end: { $0.stateDigest = "0123456789abcdef" })
        try expectDivergence("the whole state")
        try rewrite(end: { $0.parts?[0].part = "nobody/0" })
        try expectDivergence("the name of a part")
    }

    @Test func `other rows of a sink`() throws {
        try rewrite(end: { $0.sinks[0].rows += 1 })
        try expectDivergence("a row more")
        try rewrite(end: { $0.sinks[0].ordered = "0123456789abcdef" })
        try expectDivergence("rows in another order")
        try rewrite(end: { $0.sinks[0].unordered = "0123456789abcdef" })
        try expectDivergence("other rows")
        try rewrite(end: { $0.sinks = [] })
        try expectDivergence("no sink")
    }

    @Test func `a violation that is elsewhere, has another name, is missing or made up`() throws {
        try rewrite(batch: { batch in
            for index in batch.incidents.indices {
                batch.incidents[index].step = batch.incidents[index].step.next
            }
        })
        try expectDivergence("a violation at another step")
        try rewrite(batch: { batch in
            for index in batch.incidents.indices { batch.incidents[index].name += "!" }
        })
        try expectDivergence("another condition")
        try rewrite(batch: { batch in
            for index in batch.incidents.indices { batch.incidents[index].access = 79 }
        })
        try expectDivergence("a violation behind another access")
        try rewrite(batch: { batch in
            for index in batch.incidents.indices {
                batch.incidents[index].element = Incident.ElementReference(
                    operatorName: "reserve", number: 1)
            }
        })
        try expectDivergence("a violation on another element")
        try rewrite(batch: { $0.incidents = [] })
        try expectDivergence("no violation")
        try rewrite(batch: { batch in
            guard var incident = batch.incidents.first else { return }
            incident.step = 40
            batch.incidents.append(incident)
        })
        try expectDivergence("one violation more")
    }

    @Test func `a log line with another value, without one, missing or made up`() throws {
        func alter(_ what: String, _ change: (inout LogBatch) -> Void) throws {
            var isDone = false
            try rewrite(batch: { batch in
                guard !isDone, let index = batch.logs.firstIndex(where: { !$0.records.isEmpty })
                else { return }
                change(&batch.logs[index])
                isDone = true
            })
            try expectDivergence(what)
        }
        try alter("another value") { $0.records[0].values[0] = .integer(-7) }
        try alter("a value less") { $0.records[0].values.removeLast() }
        try alter("another time") { $0.records[0].time = $0.records[0].time + 1 }
        try alter("a line less") { $0.records.removeFirst() }
        try alter("a line twice") { $0.records.insert($0.records[0], at: 0) }
    }

    @Test func `lines of a statement that was added to the code since are passed over`() throws {
        let sites = try trace.sites()
        let added = try #require(sites.firstIndex { $0.message == "stock_short" })
        var known = 0
        try rewrite(batch: { batch in
            for index in batch.newSites.indices where known + index == added {
                batch.newSites[index].message = "another_statement"
            }
            known += batch.newSites.count
            for index in batch.logs.indices {
                batch.logs[index].records.removeAll { Int($0.site) == added }
            }
        })
        let verify = try weir("replay", "t.mcap", "--verify")
        #expect(verify.code == 0 && verify.output.hasPrefix("identical: "), "\(verify)")
        let lines = try #require(verify.output.firstMatch(of: /(\d+) logs/).flatMap { Int($0.1) })
        #expect(lines < 629)
    }

    @Test func `another digest of a rest point`() throws {
        var isDone = false
        let run = try weir(
            "run", "orders", "--limit", "1500", "--rate", "8000", "--record", "long.mcap", "--ui",
            "none")
        try #require(run.code == 0)
        let long = try Trace.open(path: scratch.file("long.mcap"))
        let writer = try TraceWriter(
            path: scratch.file("t.mcap"), header: long.header, overwrite: true)
        let batches = long.batches()
        while var batch = try batches.next() {
            if let index = batch.schedule.steps.firstIndex(where: { $0.kind == .rest }) {
                batch.schedule.steps[index].digest ^= 1
                isDone = true
            }
            try writer.consume(batch)
        }
        try writer.finish(try #require(long.end))
        #expect(isDone)
        try expectDivergence("a rest point")
    }
}
