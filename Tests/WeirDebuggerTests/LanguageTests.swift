import Testing
import WeirBase

@testable import WeirDebugger
@testable import WeirReplay

private class Base { var shared = 1, own = 2 }
private final class Derived: Base { var further = 3 }

/// How names lead into values, how values compare, and how far texts are read.
@Suite struct LanguageTests {
    private static func field(_ name: String) -> StateReference.Part { .field(name, column: 4) }
    private static func element(_ key: String) -> StateReference.Part { .element(key, column: 4) }

    private static func follow(_ path: [StateReference.Part], from value: Any) throws -> String {
        try FieldPath.follow(path, from: value).map { "\($0)" } ?? "nil"
    }

    @Test func `a way leads through optionals, superclasses, places and keys`() throws {
        let value = (list: [1, 2] as [Int]?, none: [Int]?.none, table: ["a": 1, "7": 2])
        let list = Self.field("list")
        #expect(try Self.follow([list, Self.element("1")], from: value) == "2")
        #expect(try Self.follow([list, Self.element("2")], from: value) == "nil")
        #expect(try Self.follow([list, Self.field("count")], from: value) == "2")
        #expect(try Self.follow([Self.field("none"), Self.element("0")], from: value) == "nil")
        let table = Self.field("table")
        #expect(try Self.follow([table, Self.element("7")], from: value) == "2")
        #expect(try Self.follow([table, Self.element("b")], from: value) == "nil")
        #expect(try Self.follow([table, Self.field("count")], from: value) == "2")
        #expect(try Self.follow([Self.field("count")], from: Set([4, 5, 6])) == "3")
        #expect(try Self.follow([Self.field("own")], from: Derived()) == "2")
        #expect(try Self.follow([Self.field("further")], from: Derived()) == "3")
        #expect(try Self.follow([], from: 4) == "4")
    }

    @Test func `a way that is none says where it breaks and what there is`() {
        let wrong: [(StateReference.Part, Any, message: String, advice: String)] = [
            (Self.field("x"), (a: 1, b: 2), "has no field x", "There are: a, b"),
            (Self.field("lef"), (left: 1, b: 2), "has no field lef", "Did you mean left?"),
            (Self.field("x"), 4, "has no field x", "It has no fields"),
            (Self.element("x"), [1], "has places and no keys", "Write a number from 0"),
            (Self.element("-1"), [1], "has places and no keys", "Write a number from 0"),
            (Self.element("1"), (a: 1, b: 2), "has no places or keys", ""),
        ]
        for (part, value, message, advice) in wrong {
            let error = #expect(throws: CommandError.self) {
                try FieldPath.follow([part], from: value)
            }
            #expect(error?.message.hasSuffix(message) == true, "\(error?.message ?? "")")
            #expect(error?.advice == advice && error?.column == 4)
        }
    }

    @Test func `the longest name of an operator is tried first, and what is left are fields`() {
        let names = StateReference(
            base: .entry(stage: "ship", names: ["shelf", "left"], key: nil), path: [])
        #expect(names.candidates.map(\.name) == ["ship.shelf.left[]", "ship.shelf[]", "ship[]"])
        #expect(
            names.candidates.map { $0.path.map(\.text) } == [[], [".left"], [".shelf", ".left"]])
        #expect(names.text == "ship.shelf.left")
        let keyed = StateReference(
            base: .entry(stage: "ship", names: ["shelf"], key: "17"),
            path: [Self.field("left"), Self.element("0")])
        #expect(keyed.candidates.map(\.name) == ["ship.shelf[17]"])
        #expect(keyed.text == "ship.shelf[17].left[0]")
        let cell = StateReference(base: .cell("budget"), path: [Self.field("left")])
        #expect(cell.candidates.map(\.name) == ["cell budget"] && cell.text == "cell budget.left")
    }

    @Test func `numbers compare by their size, whatever their types are`() {
        let pairs: [(ExpressionValue, ExpressionValue)] = [
            (.integer(1), .integer(2)), (.real(1), .real(2)), (.integer(1), .real(1.5)),
            (.real(1.5), .integer(2)), (.text("a"), .text("b")),
        ]
        for (less, greater) in pairs {
            let expected: [Expression.Comparison: (Bool, Bool, Bool)] = [
                .equal: (false, true, false), .unequal: (true, false, true),
                .less: (true, false, false), .atMost: (true, true, false),
                .greater: (false, false, true), .atLeast: (false, true, true),
            ]
            for (comparison, holds) in expected {
                #expect(less.compared(comparison, to: greater) == holds.0, "\(comparison)")
                #expect(less.compared(comparison, to: less) == holds.1, "\(comparison)")
                #expect(greater.compared(comparison, to: less) == holds.2, "\(comparison)")
            }
        }
    }

    @Test func `kinds without an order can be equal or not, and nothing differs from all`() {
        let whole = ExpressionValue.whole(description: "ready", type: "Kind", isCut: false)
        #expect(ExpressionValue.flag(true).compared(.equal, to: .flag(true)) == true)
        #expect(ExpressionValue.flag(true).compared(.unequal, to: .flag(true)) == false)
        #expect(ExpressionValue.flag(true).compared(.less, to: .flag(false)) == nil)
        #expect(whole.compared(.equal, to: .text("ready")) == true)
        #expect(ExpressionValue.text("idle").compared(.unequal, to: whole) == true)
        #expect(whole.compared(.greater, to: whole) == nil)
        for comparison in Expression.Comparison.allCases {
            let isUnequal = comparison == .unequal
            #expect(ExpressionValue.nothing.compared(comparison, to: .integer(0)) == isUnequal)
            #expect(ExpressionValue.integer(0).compared(comparison, to: .nothing) == isUnequal)
            #expect(ExpressionValue.integer(1).compared(comparison, to: .text("1")) == nil)
        }
        #expect(ExpressionValue.nothing.compared(.equal, to: .nothing) == true)
    }

    @Test func `values of a program are of the kind that they look like`() {
        #expect(ExpressionValue(true) == .flag(true) && ExpressionValue(UInt8(3)) == .integer(3))
        #expect(ExpressionValue(Float(1.5)) == .real(1.5))
        #expect(ExpressionValue("a" as Character) == .text("a"))
        #expect(ExpressionValue("ab".dropFirst()) == .text("b"))
        #expect(ExpressionValue(Int?.none as Any) == .nothing)
        #expect(ExpressionValue(Int??.some(.some(4)) as Any) == .integer(4))
        #expect(
            ExpressionValue([1]) == .whole(description: "[1]", type: "Array<Int>", isCut: false))
    }

    // MARK: Bounds of what is read

    @Test func `a command may be so long and no longer`() throws {
        let maximum = DebuggerBounds.maximumCommandLength
        #expect(try CommandText(String(repeating: "a", count: maximum)).characters.count == maximum)
        #expect(throws: CommandError.self) {
            try CommandText(String(repeating: "a", count: maximum + 1))
        }
    }

    @Test(arguments: [("(", ")"), ("not ", "")])
    func `an expression may be nested so deeply and no deeper`(open: String, close: String) throws {
        // The outermost level is that of the whole.
        let maximum = DebuggerBounds.maximumNesting - 1
        func text(_ levels: Int) -> String {
            String(repeating: open, count: levels) + "1 == 1"
                + String(repeating: close, count: levels)
        }
        _ = try Expression(text(maximum))
        #expect(throws: CommandError.self) { try Expression(text(maximum + 1)) }
    }

    @Test(arguments: [
        ("logs 10000", true), ("logs 10001", false), ("history b[1] 1000", true),
        ("history b[1] 1001", false), ("history b[1] 0", false),
    ])
    func `so many lines may be asked for`(line: String, isRead: Bool) {
        #expect(((try? CommandTable.read(line)) != nil) == isRead)
    }

    @Test func `a history without a number has ten lines`() throws {
        let call = try #require(try CommandTable.read("history b[1]"))
        #expect((call.arguments as? HistoryArguments)?.count == 10)
    }

    @Test func `a backslash protects the quote or the slash behind it`() throws {
        var text = try CommandText(#""a\"b\\c" rest"#)
        #expect(try text.quoted("\"") == #"a"b\c"#)
        #expect(text.rest() == "rest" && text.isAtEnd)
        var pattern = try CommandText(#"  /a\/b\d/ 3"#)
        #expect(try pattern.pattern().text == #"a/b\d"#)
        #expect(pattern.word() == "3")
    }

    @Test func `what is taken is passed, and what is not there is not`() throws {
        var text = try CommandText("ab  cd ")
        #expect(!text.take("abc") && text.position == 0)
        #expect(text.take("ab") && text.position == 2)
        #expect(text.character(after: 2) == "c" && text.character(after: 5) == nil)
        #expect(text.word() == "cd" && text.position == 6)
        text.rewind(to: 4)
        #expect(text.rest() == "cd" && text.next == nil)
        text.advance(4)
        #expect(text.position == 7)
    }

    @Test func `an expression knows its text, its states and its channels`() throws {
        let expression = try Expression("  cell a.b == 1 and depth( x>y ) > s[k].n  ")
        #expect(expression.text == "cell a.b == 1 and depth( x>y ) > s[k].n")
        #expect(expression.states.map(\.reference.text) == ["cell a.b", "s[k].n"])
        #expect(expression.states.map(\.column) == [2, 35])
        #expect(expression.channels.map(\.name) == ["x>y"])
        #expect(expression.channels.map(\.column) == [20])
    }

    @Test(arguments: [
        ("1 == 2 and 1 == 2 or 1 == 1", true), ("1 == 1 or 1 == 1 and 1 == 2", true),
        ("not 1 == 2 and 1 == 2", false), ("(1 == 1 or 1 == 1) and 1 == 2", false),
        ("! (1 == 2)", true), ("1 != 2 && 2 >= 2", true), ("1_0 == 10 and +3 == 3", true),
    ])
    func `or binds least, then and, then not`(text: String, holds: Bool) throws {
        let run = SmallRun(left: [1])
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 0 })
        #expect(try Expression(text).holds(in: debugger) == holds)
    }

    @Test func `a name that means several states says which`() throws {
        let run = SmallRun(left: [1, 1])
        run.keys = ["7", "7", "7", "7", "7"]
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 0 })
        let several = #expect(throws: CommandError.self) {
            try debugger.execute("assert b[7] == 1")
        }
        #expect(several?.message == "b[7] is 5 states" && several?.column == 7)
        #expect(several?.advice == "Say which: b[7], b[7], b[7], b[7]")
    }

    @Test func `a state that is not here says why`() throws {
        let run = SmallRun(left: [1, 1, 1, 1])
        let debugger = Debugger(run, started: Instant(nanoseconds: 0), nanoseconds: { 0 })
        run.keys = (1...7).map { "k\($0)" }
        func error(_ line: String) -> CommandError? {
            #expect(throws: CommandError.self) { try debugger.execute(line) }
        }
        let missing = error("print state b[x]")
        #expect(missing?.message == "b[x] is not there at step 0")
        #expect(
            missing?.advice
                == "There are b[k1], b[k2], b[k3], b[k4], b[k5] and 2 more: "
                + "'info states b' lists them"
        )
        #expect(error("print state b")?.message == "b has a state for each key")
        run.keys = []
        #expect(
            error("print state b/1[x]")?.advice
                == "b/1 is in the turn of step 2: what it changes is seen when that ends")
        #expect(error("print state a[x]")?.advice == "Its state is seen behind its first turn")
    }
}
