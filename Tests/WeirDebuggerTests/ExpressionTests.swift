import Testing

import WeirBase
@testable import WeirDebugger
@testable import WeirReplay

private struct Budget { var left = 250, note: String? = "tight", lines = [4, 5], isOpen = true }
private enum Kind { case order, restock }
private struct Entry { var kind = Kind.order, weight = 1.5, byName = ["a b": 7] }

private struct SmallScope: ExpressionScope {
    let position: Step = 81
    let states: [String: Any] = [
        "cell budget": Budget(),
        "cell odd name": 3,
        "cell long": Array(1...3_000),
        "cell longer": Array(1...3_001),
        "cell other": Array(2...9),
        "reserve[17]": Entry(),
        "reserve.shelf[a]b]": 9, "ship[]": (first: 1, 2), "notes[1]": 4, "order[1]": 5,
        "android[]": 6,
    ]

    func find(_ name: String) throws -> [StateValue] {
        states[name].map { [StateValue(id: .cell(0), name: name, value: $0)] } ?? []
    }

    func depth(of channel: String) -> Int? { channel == "match>reserve" ? 12 : nil }
}

@Suite struct ExpressionTests {
    @Test(arguments: [
        "step == 81", "step != 80", "step > 80 and step < 82", "81 <= step", "not step == 3",
        "!(step == 3)", "step == 81 || 1 == 2", "1 == 2 or step == 81 and 3 == 3",
        "depth(match>reserve) == 12", "depth( \"match>reserve\" ) > 11.5",
        "cell budget.left == 250", "cell budget.left >= 2.5e2", "cell budget.left > -1",
        "cell budget.note == \"tight\"", "cell budget.note != nil", "cell budget.note < 'u'",
        "cell budget.lines.count == 2", "cell budget.lines[1] == 5", "cell budget.lines[2] == nil",
        "cell budget.isOpen", "cell budget.isOpen == true", "not not cell budget.isOpen",
        "cell \"odd name\" == 3", "cell `odd name` == 3", "reserve[17].weight == 1.5",
        "reserve[17].kind == \"order\"", "reserve[17].byName[a b] == 7",
        "reserve.shelf[\"a]b\"] == 9", "reserve[99].weight == nil", "not reserve[99].weight < 3",
        "ship.first == 1", "ship.1 == 2", "10_000 == 10000", "true == (1 == 1)",
        "\"a\\\"b\" == 'a\"b'", "reserve.shelf['a]b'] == 9", "step==81", "2 == 2.0",
        "cell budget.isOpen != false", "-1 < +1", "(step) == 81", "depth ( match>reserve ) == 12",
        "notes[1] == 4", "step == 81 and order[1] == 5", "1 == 2 or android == 6",
        "step == 81 and not notes[1] == 5", "nil == nil", "nil != 3", "cell\t`odd name` == 3",
        "not(step == 3)", "step == 81 and(3 == 3)", "reserve[17].kind != 'restock'",
    ])
    func `a condition that holds`(text: String) throws {
        #expect(try Expression(text).holds(in: SmallScope()))
        #expect(try !Expression("not (\(text))").holds(in: SmallScope()))
    }

    @Test(arguments: ["==", "!="])
    func `values that are alike as far as they are compared are not called equal`(
        comparison: String
    ) throws {
        let expression = try Expression("cell long \(comparison) cell longer")
        let error = #expect(throws: CommandError.self) { try expression.holds(in: SmallScope()) }
        #expect(error?.message.contains("2,000 parts") ?? false)
        #expect(error?.column == 10)
        // What differs before the bound is known to differ.
        #expect(
            try Expression("cell long \(comparison) cell other").holds(in: SmallScope())
                == (comparison == "!="))
    }

    @Test(arguments: [
        ("step < \"a\"", 5, "a number is compared with a text"),
        ("step", 0, "true or false is wanted"),
        ("1 == 1 and 3", 11, "true or false is wanted"),
        ("not 3", 4, "true or false is wanted"),
        ("step = 3", 5, "does not compare"),
        ("step == ", 8, "missing"),
        ("(step == 3", 10, "')' is missing"),
        ("step == 3 4", 10, "more than"),
        ("1 < 2 < 3", 6, "do not follow"),
        ("true < false", 0, "no order"),
        ("step == 1..2", 8, "no number"),
        ("and step == 1", 0, "wrong place"),
        ("depth match", 6, "'(' is missing"),
        ("cell == 3", 5, "name of a cell"),
        ("reserve[17 == 3", 7, "']' is missing"),
        ("\"abc == 3", 0, "no end"),
        ("step == 3 and ; == 1", 14, "means nothing"),
        ("step < true", 7, "true and false have no order"), ("true > false", 0, "no order"),
        ("true >= false", 0, "no order"), ("true <= false", 0, "no order"),
        ("1 or 1 == 1", 0, "true or false is wanted"),
        ("3 and 1 == 1", 0, "true or false is wanted"),
        ("1 == 1 or 3", 10, "true or false is wanted"),
        ("not not 3", 8, "true or false is wanted"),
        ("'a' == 1", 4, "a text is compared with a number"),
        ("1 == (2 == 2)", 2, "a number is compared with true or false"),
        ("(1 == 1) == 'a'", 9, "true or false is compared with a text"),
        ("depth() == 1", 6, "name of a channel is missing"),
        ("depth(a>b == 1", 10, "')' is missing"), ("cell \"a == 3", 5, "no end"),
        ("reserve['a == 1", 8, "no end"), ("reserve[1].a[2 == 1", 12, "']' is missing"),
        ("or == 1", 0, "wrong place"), ("when == 1", 0, "wrong place"), ("not", 3, "missing"),
        ("1 == 2 == 3", 7, "do not follow"), ("step => 3", 5, "does not compare"),
        ("1 == 1 && ", 10, "missing"), ("cell `a", 5, "no end"), ("1.5.5 == 1", 0, "no number"),
    ])
    func `a text that is no condition is refused at its place`(
        text: String, column: Int, what: String
    ) {
        let error = #expect(throws: CommandError.self) { try Expression(text) }
        #expect(error?.column == column)
        #expect(error?.message.contains(what) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("cell budget.lef == 3", 12, "has no field lef"),
        ("cell budget < 3", 12, "a value with parts is compared with a number"),
        ("cell budget.note > 3", 17, "a text is compared with a number"),
        ("cell budget.left", 0, "true or false is wanted"),
        ("depth(a>b) == 3", 0, "there is no channel a>b"),
        ("cell budget.lines[x] == 3", 17, "has places"),
        ("reserve[17].kind < \"order\"", 17, "has no order"),
        ("cell budget.isOpen > cell budget.isOpen", 19, "has no order"),
        ("cell budget.left and step == 81", 0, "this is a number"),
        ("step == 81 and cell budget.note", 15, "this is a text"),
        ("not cell budget", 4, "this is a value with parts"),
        ("1 == 2 or depth(a>b) == 3", 10, "there is no channel a>b"),
        ("cell budget.note.x == 3", 17, "has no field x"),
    ])
    func `a value of the wrong kind is refused at its place`(
        text: String, column: Int, what: String
    ) throws {
        let expression = try Expression(text)
        let error = #expect(throws: CommandError.self) {
            try expression.holds(in: SmallScope())
        }
        #expect(error?.column == column)
        #expect(error?.message.contains(what) == true, "\(error?.message ?? "")")
    }

    @Test func `what is nested too deeply is refused and not followed`() {
        for text in [String(repeating: "(", count: 4_000), String(repeating: "!", count: 4_000)] {
            let error = #expect(throws: CommandError.self) { try Expression(text + "1 == 1") }
            #expect(error?.message.contains("too deeply") == true)
        }
    }

    @Test func `any bytes are an expression or an error, and never a trap`() {
        var state: UInt64 = 5
        let pieces = Array("()[].<>=!\"'`ab19 -/_é").map(String.init) + ["and", "cell ", "depth("]
        for _ in 0..<3_000 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            do {
                let expression = try Expression(text)
                #expect(expression.text.contains(text.filter { $0 != " " }.prefix(1)))
            } catch {
                #expect(error.column.map { $0 <= text.count } ?? true)
            }
        }
    }

    @Test(arguments: ["1e-5", "2.5e+2", "1E3", "-1e-5", "+1e+5"])
    func `a number may have an exponent with a sign`(text: String) throws {
        let number = try #require(Double(text))
        #expect(try Expression("\(text) == \(number)").holds(in: SmallScope()))
        #expect(try Expression("\(text)==\(number)").holds(in: SmallScope()))
    }

    @Test(arguments: ["1e", "1e+", "1-5 == 3", "1+2", "1e-5e"])
    func `a sign that is no exponent's does not belong to the number`(text: String) {
        #expect(throws: CommandError.self) { try Expression(text) }
    }
}
