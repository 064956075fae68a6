import Testing
import WeirBase

@testable import WeirEngine

/// Larger than the element it is made of, so that it does not fit in that one's slot.
private struct Wide: Sendable {
    var text: String
    var padding = (0, 0, 0, 0)
}

@Suite struct FilterMarbleTests {
    @Test func `a filter passes what its closure wants, each in its second`() throws {
        try MarbleRun("ab-a-b(ab)|") { $0.filter { $0 == "a" } }
            .expect("     a--a--a---|")
    }

    @Test func `a filter that wants nothing passes watermarks and the end alone`() throws {
        try MarbleRun("a-W-b-W|") { $0.filter { _ in false } }
            .expect("     --W---W|")
    }

    @Test func `a filter without input passes the end`() throws {
        try MarbleRun("---|") { $0.filter { _ in true } }.expect("---|")
        try MarbleRun("|") { $0.filter { _ in true } }.expect("|")
    }

    @Test func `a filter passes silence on, and the return from it`() throws {
        try MarbleRun("a-~-W--b|") { $0.filter { $0 == "a" } }
            .expect("     a-~-(^W)|")
    }

    @Test func `what a filter's closure throws ends the run with the operator's name`() throws {
        let run = try MarbleRun("a-b-c|") { stream in
            stream.filter("picky") { if $0 == "b" { throw MarbleFailure("no b") } else { true } }
        }
        run.expect("a-!")
        #expect(run.failure == "picky: no b")
        #expect(run.drops == ["picky: 1 stopped"])
    }

    @Test func `of a turn in which a filter fails nothing goes on`() throws {
        let run = try MarbleRun("a-(bcd)-e|") { stream in
            stream.filter("picky") { if $0 == "c" { throw MarbleFailure() } else { true } }
        }
        run.expect("a-!")
        #expect(run.drops == ["picky: 3 stopped"])
    }
}

@Suite struct MapMarbleTests {
    @Test func `a map makes one of one and keeps its second`() throws {
        try MarbleRun("a-(bc)-W|") { $0.map { $0.uppercased() } }
            .expect("     A-(BC)-W|")
    }

    @Test func `a map to a larger type and back loses nothing`() throws {
        try MarbleRun("a-(bcd)--e|") { stream in
            stream.map { Wide(text: $0) }.map { $0.text }
        }.expect("     a-(bcd)--e|")
    }

    @Test func `what a map's closure throws ends the run, also in a place of its own`() throws {
        @Sendable func failing(_ element: String) throws -> Wide {
            if element == "c" { throw MarbleFailure("no c") }
            return Wide(text: element)
        }
        let run = try MarbleRun("a-(bcd)-e|") { stream in
            stream.map("widen") { try failing($0) }.map { $0.text }
        }
        run.expect("a-!")
        #expect(run.failure == "widen: no c")
        #expect(run.drops == ["widen: 3 stopped"])
    }
}

@Suite struct FlatMapMarbleTests {
    private let copies: [String: Int] = ["a": 0, "b": 1, "c": 3]

    @Test func `a flatMap makes any number of one, in order and at its second`() throws {
        let copies = copies
        try MarbleRun("a-b-c-----|") { stream in
            stream.flatMap { Array(repeating: $0, count: copies[$0] ?? 0) }
        }.expect("     --b-(ccc)-|")
    }

    @Test func `what a flatMap makes of several goes on in their order`() throws {
        try MarbleRun("(ab)--|") { stream in stream.flatMap { [$0, $0.uppercased()] } }
            .expect("     (aAbB)|")
    }

    @Test(arguments: [ElementSlice.capacity - 1, ElementSlice.capacity, 10_000])
    func `a flatMap makes more of one than a slice holds`(count: Int) throws {
        var setup = MarbleRun.Setup()
        setup.legend.values = ["N": "\(count)"]
        setup.legend.times = ["N": .distantFuture]
        try MarbleRun("a-|", setup) { stream in
            stream.flatMap { Array(repeating: $0, count: count) }
                .process(
                    "count", state: 0, emitting: String.self,
                    onEnd: { seen, context in context.emit("\(seen)") }
                ) { _, seen, _ in seen += 1 }
        }.expect("--(N|)")
    }

    @Test func `a turn's closures may emit sixteen megabytes and not one element more`() throws {
        let maximum = EngineBounds.maximumEmittedBytes.count / MemoryLayout<SIMD64<Int64>>.stride
        func run(_ count: Int) throws -> MarbleRun {
            try MarbleRun("a|") { stream in
                stream.flatMap("many") { _ in Array(repeating: SIMD64<Int64>.zero, count: count) }
                    .filter { _ in false }.map { _ in "x" }
            }
        }
        try run(maximum).expect("-|")
        let beyond = try run(maximum + 1)
        beyond.expect("!")
        #expect(
            beyond.failure
                == "many: it emitted more than 16.8 MB in one turn; return long outputs as a "
                + "sequence or emit them over several elements")
    }

    @Test func `what a flatMap's closure throws ends the run, with what it made before`() throws {
        let run = try MarbleRun("(ab)-c|") { stream in
            stream.flatMap("split") { element in
                if element == "b" { throw MarbleFailure("no b") }
                return [element]
            }
        }
        run.expect("!")
        #expect(run.failure == "split: no b")
    }
}

@Suite struct ElementConditionTests {
    @Test func `a condition on elements passes all and tells of each for which it fails`() throws {
        let run = try MarbleRun("a-b-(ab)|") { stream in
            stream.invariant("never b") { $0 != "b" }
        }
        run.expect("a-b-(ab)|")
        #expect(run.outcome.violations.map(\.invariant) == ["never b", "never b"])
        #expect(run.outcome.violations.map(\.step) == [2, 3])
        #expect(run.outcome.violations.allSatisfy { $0.subtask == "marbles0/0" })
    }

    @Test func `a condition that holds is silent`() throws {
        let run = try MarbleRun("a-b|") { stream in stream.invariant("any") { _ in true } }
        run.expect("a-b|")
        #expect(run.outcome.violations == [])
    }
}
