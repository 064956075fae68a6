import Testing
import WeirBase

@testable import WeirDebugger

/// What is offered for a word that is being typed.
@Suite struct CompletionTests {
    private let run = SmallRun(left: [5, 5, 4])
    private let debugger: Debugger

    init() {
        debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
    }

    private static let values = ["cell", "step", "depth(", "a[", "b["]
    private static let channels = ["a>b", "a/0>b/0", "a/0>b/1"]

    @Test(arguments: [
        ("", CommandTable.all.map(\.name)), ("  ", CommandTable.all.map(\.name)),
        ("info ", InfoTopic.all.map(\.name)), ("info states ", ["a", "b"]),
        ("info states b", ["b"]), ("goto ", ["start", "end", "failure", "cause", "here"]),
        ("goto h", ["here"]), ("goto here ", []),
        ("break ", ["invariant", "log", "queue", "when", "stage=a", "stage=b"]),
        ("break queue ", channels), ("break stage=a ", ["when"]), ("break stage=a w", ["when"]),
        ("break stage=a when ", values), ("break when ", values), ("b when st", ["step"]),
        ("print ", ["state", "queue", "event"] + values), ("print state ", values),
        ("print queue a/", ["a/0>b/0", "a/0>b/1"]), ("print event ", ["a:"]),
        ("print step == ", values), ("watch ", values), ("history ", values),
        ("last-write ", values), ("assert ", values), ("assert step == 1 and b", ["b["]),
        ("assert cell ", ["budget"]), ("help ", CommandTable.all.map(\.name)),
        ("help step ", []), ("when ", []), ("quit ", []), ("re ", []), ("x", []),
    ])
    func `what can stand at a place is offered there`(line: String, candidates: [String]) throws {
        _ = try debugger.execute("mark here")
        #expect(debugger.completions(of: line).candidates == candidates)
    }

    @Test(arguments: [("", ""), ("st", "st"), ("info ", ""), ("info st", "st"), ("  st", "st")])
    func `the word that is typed is the last one, and behind a space a new one`(
        line: String, word: String
    ) {
        #expect(debugger.completions(of: line).word == word)
    }

    @Test func `what could not be typed as one safe word is not offered`() {
        run.cellNames = ["budget", "two words", "esc\u{1B}ape"]
        #expect(debugger.completions(of: "watch cell ").candidates == ["budget"])
    }

    @Test func `keys are offered of their own stage, so many and no more`() {
        run.keys = (0..<60).map { "k\($0)" }
        let offered = debugger.completions(of: "print b[k").candidates
        #expect(offered.count == DebuggerBounds.maximumOfferedKeys && offered.first == "b[k0]")
        #expect(debugger.completions(of: "print a[k").candidates.isEmpty)
        #expect(debugger.completions(of: "print z[k").candidates.isEmpty)
        #expect(debugger.completions(of: "print b[k59").candidates == ["b[k59]"])
    }

    @Test func `a pair of stages is offered once, before its channels`() {
        run.channelNames = ["a/0>b/0", "a/1>b/0", "b/0>c/0"]
        #expect(
            debugger.channelsToOffer == ["a>b", "b>c", "a/0>b/0", "a/1>b/0", "b/0>c/0"])
    }
}
