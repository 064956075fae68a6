import Testing

@testable import WeirDebugger

private struct Box { var value: Any }
private enum Wrapped { case one(Any) }
private final class Held {
    let value: Any
    init(_ value: Any) { self.value = value }
}

/// How deep and how far a value is written: as text, for programs, and where it is cut.
@Suite struct ValueBoundTests {
    /// Ways to put a value into another.
    private static let wrappers: [(name: String, wrap: @Sendable (Any) -> Any)] = [
        ("list", { [$0] }), ("dictionary", { ["k": $0] }), ("tuple", { ($0, 1) }),
        ("struct", { Box(value: $0) }), ("class", { Held($0) }), ("enum", { Wrapped.one($0) }),
    ]

    private static func text(_ value: AnswerValue) -> String {
        var answer = Answer("x")
        answer.member("v", value)
        return answer.json(command: "c")
    }

    @Test func `a value is followed to the same depth whatever it is made of`() {
        let maximum = DebuggerBounds.maximumValueDepth
        for (name, wrap) in Self.wrappers {
            var value: Any = 777
            for _ in 0..<maximum { value = wrap(value) }
            for text in [ReflectedValue.raw(value), Self.text(ReflectedValue.json(value))] {
                #expect(text.contains("777") && !text.contains("…"), "\(name): \(text)")
            }
            #expect(!ReflectedValue.shown(value).isCut && ReflectedValue.compared(value).isWhole)
            value = wrap(value)
            for text in [ReflectedValue.raw(value), Self.text(ReflectedValue.json(value))] {
                #expect(!text.contains("777") && text.contains("…"), "\(name): \(text)")
            }
            #expect(ReflectedValue.shown(value).isCut && !ReflectedValue.compared(value).isWhole)
        }
    }

    @Test func `members of a set are followed to the depth of all values`() {
        let maximum = DebuggerBounds.maximumValueDepth
        func nested(_ depth: Int, in value: some Hashable) -> Any {
            depth == 0 ? value : nested(depth - 1, in: Set([value]))
        }
        #expect(ReflectedValue.raw(nested(maximum, in: 777)).contains("777"))
        #expect(!ReflectedValue.raw(nested(maximum + 1, in: 777)).contains("777"))
    }

    /// Counts of parts that just fit, and one more.
    private static let room = DebuggerBounds.maximumShownParts - 1

    @Test func `so many parts are written as text, and that there are more is said`() {
        let list = ReflectedValue.shown(Array(repeating: 7, count: Self.room))
        #expect(!list.isCut && list.text.filter { $0 == "7" }.count == Self.room)
        let more = ReflectedValue.shown(Array(repeating: 7, count: Self.room + 1))
        #expect(more.isCut && more.text.hasSuffix(", 7, …]"))
        #expect(more.text.filter { $0 == "7" }.count == Self.room)
        let table = Dictionary(uniqueKeysWithValues: (0...Self.room).map { ($0, "x") })
        let cut = ReflectedValue.shown(table)
        #expect(cut.isCut && cut.text.hasSuffix(", …]"))
        #expect(cut.text.filter { $0 == "x" }.count == Self.room)
        let members = ReflectedValue.shown(Set(0...Self.room))
        #expect(members.isCut && members.text.hasSuffix(", …]"))
        #expect(members.text.filter { $0 == "," }.count == Self.room)
        #expect(!ReflectedValue.shown(Set(0..<Self.room)).isCut)
    }

    @Test func `so many parts are given to programs, of lists, tables, sets and fields`() {
        func count(_ value: Any) -> Int {
            switch ReflectedValue.json(value) {
            case .list(let values): values.count
            case .object(let members): members.count
            case .text, .integer, .real, .flag, .nothing, .raw: 0
            }
        }
        #expect(count(Array(0..<Self.room)) == Self.room)
        #expect(count(Array(0...Self.room)) == Self.room)
        #expect(
            count(Dictionary(uniqueKeysWithValues: (0...Self.room).map { ($0, 1) })) == Self.room)
        // The mark that there are more is one of them.
        #expect(count(Set(0...Self.room)) == Self.room + 1)
        // A list of its own takes one part, and each of its elements one.
        #expect(count((Array(0..<Self.room - 2), 1, 2)) == 2)
        #expect(count((Array(0..<Self.room - 1), 1, 2)) == 1)
    }

    @Test func `parts that a member of a set has count for the set`() {
        let member = Array(0..<Self.room / 2)
        let text = ReflectedValue.shown(
            Set([member, member.reversed(), member.map { $0 + 1 }])
        ).text
        #expect(text.filter { $0 == "[" }.count == 3 && text.hasSuffix(", …]"))
    }

    @Test func `a set or a table that is too large to be ordered is told by its number`() {
        let count = DebuggerBounds.maximumOrderedEntries + 1
        let set = Set(0..<count)
        #expect(ReflectedValue.raw(set) == "[… \(count) entries]")
        #expect(!ReflectedValue.compared(set).isWhole)
        #expect(ReflectedValue.json(set) == .list([.text("… \(count) entries")]))
        let table = Dictionary(uniqueKeysWithValues: set.map { ($0, 1) })
        #expect(ReflectedValue.raw(table) == "… \(count) entries")
        #expect(ReflectedValue.json(table) == .text("… \(count) entries"))
    }

    @Test func `numbers, flags and texts are themselves for programs`() {
        #expect(ReflectedValue.json(1.5) == .real(1.5) && ReflectedValue.json(true) == .flag(true))
        #expect(ReflectedValue.json(UInt64.max) == .integer(Int128(UInt64.max)))
        #expect(ReflectedValue.json("a" as Character) == .text("a"))
        #expect(ReflectedValue.json(Int??.some(nil) as Any) == .nothing)
        #expect(ReflectedValue.json([String: Int]()) == .object([]))
        #expect(ReflectedValue.raw([String: Int]()) == "[:]" && ReflectedValue.raw([Int]()) == "[]")
        #expect(ReflectedValue.raw(Duration.seconds(2)) == "\(Duration.seconds(2))")
        #expect(ReflectedValue.json(Duration.seconds(2)) == .text("\(Duration.seconds(2))"))
    }

    @Test func `a text is shown up to its length, and its end is marked`() {
        let forms: [(shown: (String) -> String, limit: Int)] = [
            ({ ShownText.line($0) }, DebuggerBounds.maximumLineText),
            ({ ShownText.value($0) }, DebuggerBounds.maximumValueText),
            ({ ShownText.word($0) }, DebuggerBounds.maximumShownWord),
            ({ ShownText.name($0) }, DebuggerBounds.maximumShownName),
            ({ ReflectedValue.text($0, limit: 50) }, 50),
        ]
        for (shown, limit) in forms {
            let quotes = shown("a").count - 1
            #expect(!shown(String(repeating: "a", count: limit - quotes)).hasSuffix("…"))
            #expect(shown(String(repeating: "a", count: limit - quotes + 1)).hasSuffix("…"))
        }
    }
}
