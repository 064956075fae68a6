import Testing

@testable import WeirDebugger

private struct Inner { var list = [1, 2], text = "a\u{1B}b" }
private struct Outer {
    var inner = Inner(), none: Int?, some: Int? = 3, pair = (1, name: "x")
    var table = ["b": 2, "a": 1], members: Set = [3, 1, 2], kind = Kind.ready(at: 5), flag = false
}
private enum Kind { case ready(at: Int), idle }
private final class Node { var next: Node? }

@Suite struct ReflectedValueTests {
    @Test func `a value is one line in an order that no copy changes`() {
        let text = ReflectedValue.text(Outer())
        #expect(
            text == #"Outer(inner: Inner(list: [1, 2], text: "a\u{1B}b"), none: nil, some: 3, "#
                + #"pair: (1, name: "x"), table: [a: 1, b: 2], members: [1, 2, 3], "#
                + "kind: ready(at: 5), flag: false)")
        #expect(ReflectedValue.text(Kind.idle) == "idle")
        #expect(ReflectedValue.text(nil) == "nil")
    }

    @Test func `a value is an object with its parts`() {
        var answer = Answer("x")
        answer.member("v", ReflectedValue.json(Outer()))
        #expect(
            answer.json(command: "c") == #"{"command":"c","answer":"x","v":{"inner":{"list":[1,2],"#
                + #""text":"a\u001bb"},"none":null,"some":3,"pair":{"0":1,"name":"x"},"#
                + #""table":{"a":1,"b":2},"members":["1","2","3"],"kind":"ready(at: 5)","#
                + "\"flag\":false}}\n")
    }

    @Test func `what has no end is cut off`() {
        let node = Node()
        node.next = node
        #expect(ReflectedValue.text(node).hasSuffix("…))))))))"))
        #expect(ReflectedValue.text(Array(0..<1_000_000)).count < 2_100)
        node.next = nil
    }

    /// The same members in another order of the table: it grew in another way.
    private func grown(_ members: Set<Int>) -> Set<Int> {
        var grown = Set<Int>(minimumCapacity: members.count * 8)
        for member in members.sorted(by: >) { grown.insert(member) }
        return grown
    }

    @Test func `a large set has one text, however it came about`() {
        let members = Set(0..<5_000)
        #expect(Array(members) != Array(grown(members)))
        #expect(ReflectedValue.raw(members) == ReflectedValue.raw(grown(members)))
        let short = ReflectedValue.text(members, limit: 30)
        #expect(short == ReflectedValue.text(grown(members), limit: 30))
        #expect(ReflectedValue.json(members) == ReflectedValue.json(grown(members)))
    }

    @Test func `a large dictionary has one text, however it came about`() {
        let members = Set(0..<5_000)
        let first = Dictionary(uniqueKeysWithValues: members.map { ($0, $0) })
        let second = Dictionary(uniqueKeysWithValues: grown(members).map { ($0, $0) })
        var third = [Int: Int](minimumCapacity: 40_000)
        for member in members.sorted(by: >) { third[member] = member }
        #expect(ReflectedValue.raw(first) == ReflectedValue.raw(second))
        #expect(ReflectedValue.raw(first) == ReflectedValue.raw(third))
        #expect(ReflectedValue.json(first) == ReflectedValue.json(third))
    }

    @Test func `members with parts of their own are in one order, too`() {
        let members = Set(0..<300)
        let first = Set(members.map { [$0, -$0] })
        var second = Set<[Int]>(minimumCapacity: 4_000)
        for member in members.sorted(by: >) { second.insert([member, -member]) }
        let nested = [first: 1]
        #expect(ReflectedValue.raw(first) == ReflectedValue.raw(second))
        #expect(ReflectedValue.raw(nested) == ReflectedValue.raw([second: 1]))
    }
}
