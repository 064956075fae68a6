import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirDebugger
@testable import WeirReplay

/// The replay gives numbers and names; that they become the words people read is tested here.
@Suite struct FactsTextTests {
    private let run = SmallRun(left: [5, 4])
    private let debugger: Debugger

    init() {
        debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
    }

    private func lines(_ command: String) throws -> [String] {
        try #require(try debugger.execute(command)).lines
    }

    @Test func `an open turn says since when it is open and what it waits for`() throws {
        run.openTurns = [
            OpenTurnFacts(subtask: "a/0", turn: 3, next: .publish(channel: "a/0>b/0")),
            OpenTurnFacts(subtask: "b/0", turn: 4, next: .access(cell: "budget")),
            OpenTurnFacts(subtask: "b/1", turn: 5, next: .nothing),
        ]
        #expect(
            try lines("info threads") == [
                "a/0: in the turn of step 3, waits to publish on a/0>b/0",
                "b/0: in the turn of step 4, waits to access cell budget",
                "b/1: in the turn of step 5, was in flight when the run died",
            ])
    }

    @Test func `what could run is said by what would be taken`() throws {
        let work: [RunnableFacts.Work] = [
            .publish, .read, .messages(3, channel: "a/0>b/0"), .turn(.timer), .turn(.completion),
        ]
        run.couldRun = work.map { RunnableFacts(subtask: "a/0", work: $0) }
        #expect(
            try lines("info runnable").dropFirst() == [
                "a/0      publishes what found no room", "a/0      source",
                "a/0      3 messages on a/0>b/0", "a/0      a timer is due", "a/0      completion",
            ])
    }

    @Test(arguments: [
        (Instant.distantPast, "-"), (.distantFuture, "end"),
        (Instant(nanoseconds: 1_500_000_000), "1970-01-01T00:00:01.500Z"),
    ])
    func `a watermark of a subtask is a time, or whether it is before or behind all`(
        watermark: Instant, text: String
    ) throws {
        run.watermark = watermark
        #expect(try lines("info stages")[1].split(separator: " ")[4] == text)
    }

    @Test func `a log line is its message and then its fields`() throws {
        run.lines = [
            LogLineFacts(
                step: 1, level: .warning, subtask: "b/1", message: "stock_short",
                fields: [("order", .integer(8)), ("item", .text("x"))], json: { "{}" })
        ]
        _ = try debugger.execute("goto end")
        #expect(try lines("logs") == ["step 1  warning  b/1  stock_short order=8 item=x"])
        #expect(try lines("logs /item=x$/").count == 1)
    }
}
