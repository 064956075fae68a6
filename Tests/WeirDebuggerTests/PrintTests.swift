import Testing
import WeirBase
import WeirEngine

@testable import WeirDebugger
@testable import WeirReplay

/// What `print` and `assert` show of states, queues, elements and expressions.
@Suite struct PrintTests {
    //                              0  1  2  3  4
    private let run = SmallRun(left: [5, 5, 4, 4, 3], waiting: [0, 1, 2, 3, 0])
    private let debugger: Debugger

    init() {
        debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 7 })
    }

    private func lines(_ command: String) throws -> [String] {
        try #require(try debugger.execute(command)).lines
    }

    private func json(_ command: String) throws -> String {
        try #require(try debugger.execute(command)).json(command: "c")
    }

    @Test func `an assertion tells programs its step, its text and whether it holds`() throws {
        #expect(
            try json("assert  step == 0 ")
                == #"{"command":"c","answer":"assert","step":0,"expression":"step == 0","#
                + #""holds":true}"# + "\n")
        #expect(try json("assert step == 1").hasSuffix(#""holds":false}"# + "\n"))
        #expect(try lines("assert step == 0") == ["true at step 0: step == 0"])
    }

    @Test func `an assertion that fails tells each state and channel once, so many of each`()
        throws
    {
        #expect(
            try lines("assert cell budget.left < 0 or cell budget.left > 9 or depth(a>b) > 4")
                .dropFirst() == ["  cell budget.left is 5", "  depth(a>b) is 0"])
        let keys = (1...9).map { "b[\($0)] == 0" }.joined(separator: " or ")
        let found = try lines("assert \(keys)").dropFirst()
        #expect(found.count == DebuggerBounds.maximumOperands && found.first == "  b[1] is nil")
        let depths = Array(repeating: "depth(a>b) > 4", count: 9).joined(separator: " or ")
        #expect(try lines("assert \(depths)").count == 1 + DebuggerBounds.maximumOperands)
    }

    @Test(arguments: [
        ("1 < 2", "\"1 < 2\"", "true"), ("step", "\"step\"", "0"),
        ("'x'", "\"'x'\"", "\"x\""), ("nil", "\"nil\"", "null"), ("2.5", "\"2.5\"", "2.5"),
    ])
    func `an expression tells programs its step, its text and its value`(
        text: String, expression: String, value: String
    ) throws {
        #expect(
            try json("print \(text)")
                == #"{"command":"c","answer":"value","step":0,"expression":\#(expression),"#
                + #""value":\#(value)}"# + "\n")
    }

    @Test func `several states of one name are all shown`() throws {
        run.keys = ["7", "7"]
        #expect(try lines("print state b[7]") == ["b[7] = 1", "b[7] = 1"])
        #expect(try lines("print b[7]") == ["b[7] = 1", "b[7] = 1"])
        #expect(
            try json("print state b[7]").hasSuffix(
                #""states":[{"name":"b[7]","text":"1","value":1},"#
                    + #"{"name":"b[7]","text":"1","value":1}]}"# + "\n"))
    }

    @Test func `of a queue so many messages are shown as there are, and the others counted`()
        throws
    {
        _ = try debugger.execute("goto 3")
        for (oldest, more) in [
            (["x", "y", "z"], []), (["x", "y"], ["  and 1 more"]), ([], []),
        ] as [([String], [String])] {
            run.oldest = oldest
            #expect(
                try lines("print queue a/0>b/0")
                    == ["a/0>b/0: 3 of 10 wait"] + oldest.map { "  \($0)" } + more)
        }
        #expect(try json("print queue a/0>b/0").contains(#""unpublished":0}]}"#))
    }

    @Test(arguments: [
        ("a:8", "a:8 = e8"), ("a:0", "a:0 = e0"), ("  a:5 ", "a:5 = e5"), ("x:y:3", "x:y:3 = e3"),
    ])
    func `an element is behind the last colon`(written: String, line: String) throws {
        run.sourceNames = ["a", "x:y"]
        #expect(try lines("print event \(written)").first == line)
    }

    @Test(arguments: ["print event :5", "print event a:", "print event a:-1", "print event a:x"])
    func `an element without its source or its number is refused at its place`(line: String) {
        let error = #expect(throws: CommandError.self) { try debugger.execute(line) }
        #expect(error?.column == 12 && error?.advice == "Write: print event orders:8812")
    }

    private static let listed = "There are b[17]: 'info states b' lists them"

    @Test(arguments: [
        ("print state b[x]", "b[x] is not there at step 0", listed),
        ("print state b", "b has a state for each key", listed),
        ("print state a[1]", "a has no state at step 0", "Its state is seen behind its first turn"),
        ("last-write b[x]", "b[x] is not there at step 0", listed),
        ("history b[x]", "b[x] is not there at step 0", listed),
        ("print state cell budget[0]", "Budget has no places or keys", ""),
    ])
    func `a state that is not there says what there is`(
        line: String, message: String, advice: String
    ) {
        let error = #expect(throws: CommandError.self) { try debugger.execute(line) }
        #expect(error?.message == message && error?.advice == advice)
    }

    @Test func `a pipeline without cells says that it has none`() {
        run.cellNames = []
        let error = #expect(throws: CommandError.self) { try debugger.execute("watch cell x") }
        #expect(error?.advice == "This pipeline has no shared cells")
    }

    @Test func `an error is a sentence, and its place has a caret`() throws {
        #expect(CommandError("a", "b").sentence == "a. b.")
        #expect(CommandError("a", "Did you mean b?").sentence == "a. Did you mean b?")
        #expect(CommandError("a.").sentence == "a.")
        #expect(CommandError("a").underlined("abc").isEmpty)
        #expect(CommandError("a", at: 0).underlined("abc") == "  abc\n  ^\n")
        #expect(CommandError("a", at: 3).underlined("abc") == "  abc\n     ^\n")
        let long = String(repeating: "x", count: DebuggerBounds.maximumErrorText + 1)
        #expect(CommandError(long).message.hasSuffix("…"))
        #expect(!CommandError(String(long.dropLast())).message.hasSuffix("…"))
    }

    @Test func `what is too much for a condition says which value it is`() throws {
        run.entry = [1, 2]
        let error = #expect(throws: CommandError.self) {
            try debugger.execute("assert b[17] < 3")
        }
        #expect(error?.message == "a value with parts is compared with a number here")
        #expect(error?.advice == "It is Array<Int>: [1, 2]; name a field of it")
    }

    @Test func `a log's ring holds the last lines of those that match`() throws {
        run.lines = (1...7).map { LogLineFacts(1, $0.isMultiple(of: 3) ? "x" : "line \($0)") }
        _ = try debugger.execute("goto 1")
        for (count, shown) in [
            (1, ["7"]), (2, ["5", "7"]), (3, ["4", "5", "7"]), (5, ["1", "2", "4", "5", "7"]),
        ] as [(Int, [String])] {
            let found = try lines("logs /line/ \(count)")
            #expect(found.prefix(count).map { String($0.last ?? " ") } == shown)
            #expect(found.count == (count < 5 ? count + 1 : count))
            #expect(try json("logs /line/ \(count)").hasSuffix(#","before":\#(5 - count)}"# + "\n"))
        }
    }
}
