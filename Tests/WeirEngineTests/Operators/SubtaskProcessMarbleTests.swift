import Testing
import WeirBase

@testable import WeirEngine

@Suite struct SubtaskProcessMarbleTests {
    private var setup: MarbleRun.Setup {
        var setup = MarbleRun.Setup()
        // What is emitted at the end is at the end of all time.
        setup.legend.times = ["x": .distantFuture]
        return setup
    }

    @Test func `a process without keys has one state for the whole stream`() throws {
        try MarbleRun("a-b-(cd)-W|") { stream in
            stream.process(state: 0, emitting: String.self) { _, count, context in
                count += 1
                context.emit("\(count)")
            }
        }.expect("     1-2-(34)-W|")
    }

    @Test func `a process emits none, one or several, at its element's time or another`() throws {
        var setup = setup
        setup.legend.times = ["b": .second(9)]
        try MarbleRun("a-b-c---|", setup) { stream in
            stream.process(state: 0, emitting: String.self) { element, _, context in
                if element == "b" { context.emit(element, at: .second(9)) }
                if element == "c" {
                    context.emit("y")
                    context.emit("z")
                }
            }
        }.expect("     --b-(yz)|")
    }

    @Test(arguments: ["a-b-|", "|", "--|"])
    func `the end is told once, before it goes on`(input: String) throws {
        let output = input.map { $0 == "|" ? "(x|)" : "-" }.joined()
        try MarbleRun(input, setup) { stream in
            stream.process(
                state: 0, emitting: String.self, onEnd: { _, context in context.emit("x") }
            ) { _, _, _ in }
        }.expect(output)
    }

    @Test func `of two inputs the last one's end is the end`() throws {
        try MarbleRun("a-|", "-b--|", setup) { first, second in
            first.union(second).process(
                state: 0, emitting: String.self, onEnd: { _, context in context.emit("x") }
            ) { element, _, context in context.emit(element) }
        }.expect("     ab--(x|)")
    }

    @Test func `what is emitted at the end is on time in a window behind it`() throws {
        var setup = MarbleRun.Setup()
        setup.legend.values = ["P": "xx"]
        setup.legend.times = ["P": .distantFuture]
        let run = try MarbleRun("a-W-|", setup) { stream in
            stream.process(
                state: 0, emitting: String.self, onEnd: { _, context in context.emit("x") }
            ) { _, _, _ in }
            .keyed { $0 }
            .window(.tumbling(.seconds(10)))
            .aggregate(from: "") { $0 += $1 }
            .map { Pane(key: $0.key, start: $0.start, end: $0.end, value: $0.value) }
        }
        #expect(run.outcome.diagram.frames.last?.count == 2)
        #expect(run.drops == [])
    }

    @Test func `timers that a process without keys sets are ignored`() throws {
        try MarbleRun("a-W--W|") { stream in
            stream.process(state: 0, emitting: String.self) { _, _, context in
                context.setTimer(atEventTime: .second(1))
                context.setTimer(atProcessingTime: .second(1))
            }
        }.expect("     --W--W|")
    }

    @Test func `what its closures throw ends the run, at an element or at the end`() throws {
        func run(onEnd: Bool) throws -> MarbleRun {
            try MarbleRun("a-b-|") { stream in
                stream.process(
                    "whole", state: 0, emitting: String.self,
                    onEnd: { _, _ in if onEnd { throw MarbleFailure("at the end") } }
                ) { element, _, context in
                    if element == "b", !onEnd { throw MarbleFailure("at b") }
                    context.emit(element)
                }
            }
        }
        let early = try run(onEnd: false)
        early.expect("a-!")
        #expect(early.failure == "whole: at b")
        let late = try run(onEnd: true)
        late.expect("a-b-!")
        #expect(late.failure == "whole: at the end")
    }
}
