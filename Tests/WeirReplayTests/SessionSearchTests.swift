import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import Gallery
@testable import WeirReplay

/// Searches that are ended on the way, what elements of lines are, and what is refused at the door.
@Suite struct SessionSearchTests {
    private func session() throws -> ReplaySession {
        try ReplaySession(shipped("overdrawn"), orders, ReplaySession.Options())
    }

    @Test func `a search that is ended says where it wanted to go`() throws {
        let session = try session()
        session.onProgress = { _, _ in false }
        let last = session.lastStep
        #expect(throws: ReplayInterrupted(step: 400)) {
            try session.search(through: last, candidates: { $0.step == 400 }, test: { true })
        }
        #expect(session.position == 128)
        #expect(throws: ReplayInterrupted(step: last)) {
            try session.search(through: last, candidates: { _ in false }, test: { true })
        }
    }

    @Test func `a search back that finds nothing ends where it began`() throws {
        let session = try session()
        try session.go(to: 40)
        let found = try session.searchBack(candidates: { $0.step < 30 }, test: { false })
        #expect(found == nil && session.position == 40)
        let none = try session.searchBack(candidates: { _ in false }, test: { true })
        #expect(none == nil && session.position == 40)
        // Candidates beyond the limit, and none.
        let limited = try session.search(
            through: 50, candidates: { $0.step == 51 }, test: { true })
        #expect(limited == nil && session.position == 50)
    }

    @Test func `entries that begin with a name are those of the list`() throws {
        let session = try session()
        try session.go(to: 200)
        let all = try session.states().entries.map(\.name)
        let prefix = "match[1"
        let expected = all.filter { $0.hasPrefix(prefix) }
        try #require(expected.count > 1)
        let found = try session.states(named: prefix)
        #expect(found.entries.map(\.name) == expected && found.omitted == 0)
        let one = try session.states(named: prefix, limit: 1)
        #expect(one.entries.map(\.name) == [expected[0]] && one.omitted == expected.count - 1)
        #expect(try session.states(of: "no stage").entries.isEmpty)
        #expect(try session.states(limit: 0).omitted == all.count)
    }

    @Test func `an element of lines is its line, with the turn that took it`() throws {
        let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let trace = try Trace.open(path: "/\(project)/traces/logs/shop.mcap")
        let session = try ReplaySession(trace, logs, ReplaySession.Options())
        let events = try #require(trace.end).events
        let source = try #require(session.sourceNames.first)
        let first = try #require(try session.event(source: source, index: 0))
        let second = try #require(try session.event(source: source, index: 1))
        let last = try #require(try session.event(source: source, index: events - 1))
        #expect(first.text != second.text && !first.text.isEmpty && !last.text.isEmpty)
        let turns = try [first.step, last.step].map { try #require($0) }
        #expect(try session.facts(of: turns[0])?.kind == .input && turns[0] < turns[1])
        #expect(try session.event(source: source, index: events + 9) == nil)
    }

    @Test func `another pipeline, version or plan is refused with what differs`() throws {
        let trace = try shipped("overdrawn")
        func refusal(_ pipeline: Pipeline) -> String? {
            do {
                _ = try ReplayRun(trace, pipeline, ReplayRun.Options())
                return nil
            } catch {
                return "\(error)"
            }
        }
        let (name, version) = (trace.header.pipeline, trace.header.version)
        #expect(refusal(logs) == "the trace is of pipeline orders, not of logs")
        let older = Pipeline(name, version: "older") { _ in }
        #expect(
            refusal(older) == "the trace is of version \(version) of orders, this program has "
                + "version older")
        let other = Pipeline(name, version: version) { flow in
            _ = flow.read(
                "numbers", from: .generator { index, _ in (Int(index), Instant(milliseconds: 0)) })
        }
        let text = refusal(other)
        #expect(
            text?.hasPrefix("the trace's plan cannot be made again: ") == true
                || text?.hasPrefix("the trace has another plan of orders (") == true)
        #expect(refusal(orders) == nil)
    }
}
