import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

@Suite struct UnionMarbleTests {
    @Test func `a union has the elements of both, each at its second`() throws {
        try MarbleRun("a-c-|", "-b-d|") { $0.union($1) }.expect("abcd|")
    }

    @Test func `each stream of a union keeps its own order`() throws {
        try MarbleRun("(abc)-----|", "(123)-----|") { $0.union($1) }
            .expect("         (abc123)--|")
    }

    @Test func `the least watermark of both is the union's`() throws {
        var setup = MarbleRun.Setup()
        setup.output.watermarks = [
            "X": .second(0), "Y": .second(2), "Z": .second(4), "U": .second(6),
        ]
        try MarbleRun("W---W---|", "--W---W-|", setup) { $0.union($1) }
            .expect("         --X-Y-Z-(U|)")
    }

    @Test func `a stream without a watermark holds the union's back until it ends`() throws {
        var setup = MarbleRun.Setup()
        setup.output.watermarks = ["X": .second(5)]
        try MarbleRun("|", "-----W--|", setup) { $0.union($1) }.expect("-----X--|")
        try MarbleRun("-------|", "-----W----|", setup) { $0.union($1) }.expect("-------X--|")
    }

    @Test func `a stream that says it is silent holds nobody back until it comes back`() throws {
        var setup = MarbleRun.Setup()
        setup.output.watermarks = ["X": .second(9)]
        try MarbleRun("W-~---a-----|", "---W-----W---|", setup) { $0.union($1) }
            .expect("         ---W--a-----X|")
    }

    @Test func `a union is silent when all of it is, and back with the first`() throws {
        try MarbleRun("~--a-------|", "-~------b--|") { $0.union($1) }
            .expect("         -~-(^a)-b--|")
    }

    @Test func `the end comes with the last of both`() throws {
        try MarbleRun("a|", "----|") { $0.union($1) }.expect("a---|")
    }

    @Test func `a stream that is read twice gives each reader every element`() throws {
        try MarbleRun("a---b---|") { stream in
            stream.map { $0.uppercased() }.union(stream.filter { $0 == "a" })
        }.expect("     (aA)B---|")
        try MarbleRun("a---b---|") { $0.union($0) }.expect("(aa)(bb)|")
    }
}

@Suite struct SharedStreamMarbleTests {
    @Test(arguments: [1, 2])
    func `each reader of a stream has each element with its own time`(parallelism: Int) throws {
        var setup = MarbleRun.Setup()
        setup.parallelism = parallelism
        let times: [Character: Instant] = ["a": .second(7), "b": .second(3), "c": .second(5)]
        setup.legend.times = times
        let run = try MarbleRun("(abc)|", setup) { stream in
            // By a key, as it comes, and by another key: the last reader gets the elements
            // themselves and the others copies.
            @Sendable func timed(_ keyed: KeyedStream<String, String>) -> DataStream<String> {
                keyed.process(state: 0, emitting: String.self) { element, _, context in
                    context.emit("\(element)\(context.eventTime.nanoseconds / 1_000_000_000)")
                }
            }
            let (first, second) = (timed(stream.keyed { $0 }), timed(stream.keyed { _ in "" }))
            let plain = stream.filter { _ in true }
            return first.union(second).union(plain.map { $0 + "*" })
        }
        run.outcome.expectElements([
            0: ["a*", "a7", "a7", "b*", "b3", "b3", "c*", "c5", "c5"]
        ])
    }
}

@Suite struct SourceMarbleTests {
    @Test func `a source's own error ends the run with its name`() throws {
        let run = try MarbleRun("a-!") { $0.filter { _ in true } }
        run.expect("a-!")
        #expect(run.failure == "as the diagram says")
        #expect(
            run.outcome.cause == .inputFailed(source: "marbles0", message: "as the diagram says"))
    }
}

@Suite struct SharedCellMarbleTests {
    @Test(arguments: 1...3)
    func `all subtasks see one value of a cell, each the last one`(parallelism: Int) throws {
        var setup = MarbleRun.Setup()
        setup.parallelism = parallelism
        try MarbleRun(["ab-ba-c|"], setup) { flow, streams in
            let total = flow.sharedCell("total", initial: 0)
            return streams[0].keyed { $0 }.process(state: 0, emitting: String.self) {
                _, _, context in
                total.update { $0 += 1 }
                context.emit("\(total.read())")
            }
        }.expect("       12-34-5|")
    }

    @Test func `a condition on a cell is told where it begins to fail, and armed again`() throws {
        let run = try MarbleRun(["aab-aaab|"]) { flow, streams in
            let balance = flow.sharedCell("balance", initial: 0)
            flow.invariant("not above one", on: balance) { $0 <= 1 }
            return streams[0].keyed { _ in 0 }.process("count", state: 0, emitting: String.self) {
                element, _, context in
                balance.update { $0 = element == "a" ? $0 + 1 : 0 }
                context.emit(element)
            }
        }
        run.expect("aab-aaab|")
        // At the second `a`, and at the second one behind the `b` that sets it back: not where it
        // goes on not to hold.
        #expect(run.outcome.violations.map(\.subtask) == ["count/0", "count/0"])
    }
}

@Suite struct CallMarbleTests {
    /// Calls that nobody ever answers, with a time-out of two seconds.
    private func unanswered(
        _ input: String, inFlight: Int = 4, attempts: Int
    ) throws -> MarbleRun {
        var setup = MarbleRun.Setup()
        setup.framesBehind = 9
        setup.output.times = ["n": .distantPast]
        return try MarbleRun(input, setup) { stream in
            stream.callAsync(
                "ask", emitting: String.self, inFlight: inFlight, timeout: .seconds(2),
                attempts: attempts, call: { _, _ in nil }
            ) { _, answer, context in context.emit(answer == nil ? "n" : "y") }
        }
    }

    @Test(arguments: [(1, "--n-----|"), (2, "----n---|"), (3, "------n-|")])
    func `a call without an answer is made again and then given up`(
        attempts: Int, output: String
    ) throws {
        try unanswered("a-------|", attempts: attempts).expect(output)
    }

    @Test func `so many calls are in flight and not one more`() throws {
        try unanswered("(abc)------|", inFlight: 1, attempts: 1).expect("--n-n-n----|")
        try unanswered("(abc)------|", inFlight: 2, attempts: 1)
            .outcome.expectElements([2: ["n", "n"], 4: ["n"]])
    }

    @Test func `calls hold the end back until they are given up`() throws {
        let run = try unanswered("a|", attempts: 2)
        run.expect("----(n|)")
        #expect(run.drops == [] && run.outcome.books.held == 0)
    }
}

@Suite struct EdgeMarbleTests {
    private func narrow(_ policy: EdgePolicy, _ input: String) throws -> MarbleRun {
        var setup = MarbleRun.Setup()
        // What finds no room depends on how much of it comes in one turn.
        setup.isOfWholeTurns = policy != .block
        return try MarbleRun(input, setup) { stream in
            stream.over(EdgeOptions(bounds: ChannelBounds(messages: 2), policy: policy))
                .filter("narrow") { _ in true }
        }
    }

    @Test func `an edge that blocks loses nothing, however narrow`() throws {
        let run = try narrow(.block, "(abcd)-(ef)-W|")
        run.expect("(abcd)-(ef)-W|")
        #expect(run.drops == [])
    }

    @Test func `an edge that drops the newest keeps what came first`() throws {
        let run = try narrow(.dropNewest, "(abcd)-(ef)-|")
        run.expect("(ab)---(ef)-|")
        #expect(run.drops == ["narrow: 2 policy"])
    }

    @Test func `an edge that drops the oldest keeps what came last`() throws {
        let run = try narrow(.dropOldest, "(abcd)-(ef)-|")
        run.expect("(cd)---(ef)-|")
        #expect(run.drops == ["narrow: 2 policy"])
    }

    @Test(arguments: [EdgePolicy.dropNewest, .dropOldest])
    func `an edge that drops elements drops no watermark and no end`(policy: EdgePolicy) throws {
        try narrow(policy, "(abcW)--W-~-(dW)-|").expect(
            policy == .dropNewest ? "(abW)---W-~-(^dW)|" : "(bcW)---W-~-(^dW)|")
    }

    @Test func `an edge that fails takes what it has room for and no more`() throws {
        try narrow(.fail, "(ab)-(cd)|").expect("(ab)-(cd)|")
        let run = try narrow(.fail, "a-(bcd)|")
        run.expect("a-!")
        #expect(run.outcome.cause == .edgeFull(channel: "marbles0/0>narrow/0"))
    }
}
