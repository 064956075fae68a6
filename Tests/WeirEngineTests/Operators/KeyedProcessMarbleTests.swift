import Testing
import WeirBase

@testable import WeirEngine

extension DataStream<String> {
    /// Sets a timer three seconds of event time behind each element, which emits `t`.
    fileprivate func timed(
        onTimer:
            @escaping @Sendable (
                String, inout Int, inout OperatorContext<String>
            ) throws -> Void = { _, _, context in context.emit("t") }
    ) -> DataStream<String> {
        keyed { $0 }
            .process("timed", state: 0, emitting: String.self, onTimer: onTimer) { _, _, context in
                context.setTimer(atEventTime: context.eventTime + .seconds(3))
            }
    }

    /// The same for processing time, so many nanoseconds behind each element.
    fileprivate func timed(
        behind nanoseconds: Int64,
        onTimer:
            @escaping @Sendable (
                String, inout Int, inout OperatorContext<String>
            ) throws -> Void = { _, _, context in context.emit("t") }
    ) -> DataStream<String> {
        keyed { $0 }
            .process("timed", state: 0, emitting: String.self, onTimer: onTimer) { _, _, context in
                context.setTimer(
                    atProcessingTime: context.now + .nanoseconds(nanoseconds))
            }
    }
}

/// A case with several parallel subtasks.
private func wide(_ parallelism: Int) -> MarbleRun.Setup {
    var setup = MarbleRun.Setup()
    setup.parallelism = parallelism
    return setup
}

@Suite struct KeyedProcessMarbleTests {
    @Test(arguments: 1...4)
    func `each key has a state of its own, however many subtasks there are`(
        parallelism: Int
    ) throws {
        try MarbleRun("ab-a-c-b-c-ab|", wide(parallelism)) { stream in
            stream.keyed { $0 }.process(state: 0, emitting: String.self) {
                element, count, context in
                count += 1
                if count == 2 { context.emit(element) }
            }
        }.expect("     ---a---b-c---|")
    }

    @Test(arguments: 1...3)
    func `elements of one key keep their order`(parallelism: Int) throws {
        try MarbleRun("(abcde)-(fg)-|", wide(parallelism)) { stream in
            stream.keyed { _ in 0 }.process(state: 0, emitting: String.self) {
                element, _, context in context.emit(element)
            }
        }.expect("     (abcde)-(fg)-|")
    }

    @Test func `a state outlives watermarks and silence`() throws {
        try MarbleRun("a-W~--a---|") { stream in
            stream.keyed { $0 }.process(state: 0, emitting: String.self) { _, count, context in
                count += 1
                context.emit("\(count)")
            }
        }.expect("     1-W~--(^2)|")
    }

    @Test func `what the closure throws ends the run with the operator's name`() throws {
        let run = try MarbleRun("a-b-c|", wide(2)) { stream in
            stream.keyed { $0 }.process("strict", state: 0, emitting: String.self) {
                element, _, context in
                if element == "b" { throw MarbleFailure("no b") }
                context.emit(element)
            }
        }
        run.expect("a-!")
        #expect(run.failure == "strict: no b")
    }
}

@Suite struct EventTimerMarbleTests {
    /// What comes out has these event times, and `t` that of the timers of elements of second 0.
    private func setup(_ times: [Character: Instant] = [:]) -> MarbleRun.Setup {
        var setup = MarbleRun.Setup()
        setup.output.times = ["t": .second(3)].merging(times) { $1 }
        setup.legend.watermarks = ["U": .second(3).before, "V": .second(3).after]
        return setup
    }

    @Test(arguments: [
        ("a--U-------|", "---U-------(t|)"),
        ("a--W-------|", "---W-------(t|)"),
        ("a--V-------|", "---(tV)----|"),
    ])
    func `a timer is due a nanosecond behind its time and neither before nor at it`(
        input: String, output: String
    ) throws {
        try MarbleRun(input, setup()) { $0.timed() }.expect(output)
    }

    @Test func `a timer fires once, at the first watermark behind it`() throws {
        try MarbleRun("a-----W---W|", setup()) { $0.timed() }
            .expect("     ------(tW)W|")
    }

    @Test func `all timers fire at the end, before it goes on`() throws {
        try MarbleRun("a-b|", setup(["3": .second(3), "5": .second(5)])) { stream in
            stream.timed { _, _, context in
                context.emit("\(context.eventTime.nanoseconds / 1_000_000_000)")
            }
        }.expect("     ---(35|)")
    }

    @Test func `timers of one watermark fire by time, then by key`() throws {
        var setup = setup(["a": .second(5), "b": .second(5), "c": .second(4)])
        setup.legend.times = ["a": .second(2), "b": .second(2), "c": .second(1)]
        try MarbleRun("(bac)----W------|", setup) { stream in
            stream.timed { key, _, context in context.emit(key) }
        }.expect("     ---------(cabW)-|")
    }

    @Test func `a timer that a timer sets fires in the same advance when it is due`() throws {
        try MarbleRun("a----W------W----|", setup(["x": .second(4), "y": .second(9)])) { stream in
            stream.timed { _, count, context in
                count += 1
                context.emit(["t", "x", "y"][count - 1])
                if count == 1 { context.setTimer(atEventTime: .second(4)) }
                if count == 2 { context.setTimer(atEventTime: .second(9)) }
            }
        }.expect("     -----(txW)--(yW)-|")
    }

    @Test func `what a timer emits comes to the operators behind it before its watermark`() throws {
        // The watermark that makes the timer due closes the window that what it emits lies in.
        var setup = setup(["t": .second(10).before])
        setup.output.values = ["t": "t"]
        let run = try MarbleRun("a----------W---|", setup) { stream in
            stream.timed().keyed { _ in "" }.window(.tumbling(.seconds(10)))
                .aggregate(from: "") { $0 += $1 }
        }
        run.expect("     -----------(tW)|")
        #expect(run.drops == [])
    }

    @Test(arguments: 1...3)
    func `timers are their keys', whichever subtask has them`(parallelism: Int) throws {
        var setup = setup(["a": .second(3), "b": .second(4), "c": .second(5)])
        setup.parallelism = parallelism
        try MarbleRun("abc-W--W---W---|", setup) { stream in
            stream.timed { key, _, context in context.emit(key) }
        }.outcome.expectElements([4: ["a"], 7: ["b", "c"]])
    }

    @Test func `what a timer's closure throws ends the run`() throws {
        let run = try MarbleRun("ab----W|", setup()) { stream in
            stream.timed { key, _, context in
                if key == "b" { throw MarbleFailure("timer of b") }
                context.emit("t")
            }
        }
        run.expect("------!")
        #expect(run.failure == "timed: timer of b")
    }
}

@Suite struct ProcessingTimerMarbleTests {
    private func setup(_ time: Instant) -> MarbleRun.Setup {
        var setup = MarbleRun.Setup()
        setup.output.times = ["t": time]
        return setup
    }

    @Test(arguments: [
        (1_999_999_000, "--t---|"), (2_000_000_000, "--t---|"), (2_000_001_000, "---t--|"),
    ])
    func `a timer fires when the clock has come to its time`(
        nanoseconds: Int64, output: String
    ) throws {
        try MarbleRun("a-----|", setup(Instant(nanoseconds: nanoseconds))) {
            $0.timed(behind: nanoseconds)
        }.expect(output)
    }

    @Test(arguments: [(1, 1_000), (999, 1_000), (1_000, 1_000), (1_001, 2_000)])
    func `a deadline is rounded up to microseconds`(nanoseconds: Int64, deadline: Int64) throws {
        try MarbleRun("a-----|", setup(Instant(nanoseconds: deadline))) {
            $0.timed(behind: nanoseconds)
        }.expect("     -t----|")
    }

    @Test func `a timer that is not due at the end is dropped and counted`() throws {
        let run = try MarbleRun("a-|") { $0.timed(behind: 9_000_000_000) }
        run.expect("--|")
        #expect(run.drops == ["timed: 1 timer"])
    }

    @Test func `a timer that is due at the end fires before it`() throws {
        let run = try MarbleRun("a-|") { $0.timed(behind: 2_000_000_000) }
        run.expect("--(t|)")
        #expect(run.drops == [])
    }

    @Test func `what its closure throws ends the run`() throws {
        let run = try MarbleRun("a---|") { stream in
            stream.timed(behind: 1_000_000_000) { _, _, _ in throw MarbleFailure("late") }
        }
        run.expect("-!")
        #expect(run.failure == "timed: late")
    }
}
