import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What came out of a source, in one line: elements with their letters, and watermarks, silence and
/// the end among them, as in a marble diagram without frames.
private func drawn(
    _ options: BookedRun.Options = BookedRun.Options(), watermarks: [Character: Instant] = [:],
    times: [Character: Instant] = [:], from source: Source<String>
) throws -> (line: String, run: BookedRun) {
    let sheet = MarbleSheet(MarbleClock())
    let pipeline = Pipeline("drawn") { flow in flow.read("in", from: source).draw(on: sheet) }
    let run = try BookedRun(pipeline, options)
    var legend = MarbleDiagram.Legend()
    (legend.times, legend.watermarks) = (times, watermarks)
    return (sheet.diagram.drawn(legend), run)
}

@Suite struct GeneratorTests {
    private static let letters = ["a", "b", "c", "d"]

    /// Four elements at these seconds and nanoseconds beside them.
    private func source(
        _ instants: [Instant], _ policy: WatermarkPolicy
    ) -> Source<String> {
        .generator(watermark: policy) { index, _ in
            (Self.letters[Int(index)], instants[Int(index)])
        }
    }

    private func drawn(
        _ instants: [Instant], _ policy: WatermarkPolicy, _ watermarks: [Character: Instant]
    ) throws -> String {
        var options = BookedRun.Options()
        options.limit = UInt64(instants.count)
        let times = Dictionary(
            uniqueKeysWithValues: zip(Self.letters.map { Character($0) }, instants))
        return try WeirEngineTests.drawn(
            options, watermarks: watermarks, times: times, from: source(instants, policy)
        ).line
    }

    @Test func `a watermark stands behind the element that lets it move, in whole steps`() throws {
        let policy = WatermarkPolicy.boundedDisorder(.seconds(2), granularity: .seconds(5))
        #expect(
            try drawn(
                [.second(3), .second(7).before, .second(7), .second(12)], policy,
                ["Y": .second(5), "Z": .second(10)]) == "(aWbcYdZ|)")
    }

    @Test func `elements in order have watermarks of a tenth of a second`() throws {
        #expect(
            try drawn(
                [.second(1), .second(1) + .milliseconds(99), .second(1) + .milliseconds(100)],
                .ordered, ["X": .second(1), "Y": .second(1) + .milliseconds(100)])
                == "(aXbcY|)")
    }

    @Test func `an element from before moves no watermark back`() throws {
        #expect(
            try drawn(
                [.second(9), .second(1), .second(10)], .ordered,
                ["X": .second(9), "Y": .second(10)]) == "(aXbcY|)")
    }

    @Test(arguments: [0, 1, 3] as [UInt64])
    func `a generator gives as many as its limit`(limit: UInt64) throws {
        var options = BookedRun.Options()
        options.limit = limit
        let (line, run) = try WeirEngineTests.drawn(
            options, times: ["a": .second(0)],
            from: .generator(watermark: .boundedDisorder(.seconds(1_000_000))) { _, _ in
                ("a", .second(0))
            })
        let marbles = line.prefix { $0 != "\n" }
        #expect(marbles.count { $0 == "a" } == Int(limit))
        #expect(run.books.taken == limit)
    }
}

@Suite struct HeldBackTests {
    @Test func `jumps of a source's times are told sixteen times, then at powers of two`() {
        let policy = WatermarkPolicy.boundedDisorder(.seconds(1_000), maximumJump: .seconds(1))
        var emitter = SourceEmitter(policy, of: Int.self)
        defer { emitter.deallocate() }
        let chain = DrivenChain<Int, Int>([Link(name: "none") { _, _, _ in }])
        chain.subtask.chain.beginTurn()
        var number: UInt64 = 0
        func emit(_ second: Int64) {
            emitter.emit(0, time: .second(second), number: number, chain.subtask)
            number += 1
        }
        for _ in 0..<2 { emit(0) }
        var told: [Int] = []
        for jump in 1...70 {
            let before = chain.subtask.chain.frame.pointee.ordinal
            // Far ahead, and refuted by the next one.
            emit(500)
            emit(0)
            if chain.subtask.chain.frame.pointee.ordinal > before { told.append(jump) }
        }
        emitter.flush(chain.subtask)
        #expect(told == Array(1...16) + [32, 64])
        #expect(emitter.remarks.heldBack == 70)
        // The third element is the first one that lay ahead.
        #expect(
            emitter.remarks.firstHeldBack
                == SourceRemarks.HeldBack(number: 3, distance: 500_000_000_000))
    }
}

@Suite struct PaceTests {
    @Test(
        arguments: [
            (0, 0, 1), (0, 1, 0), (999_999, 1, 1), (1_000_000, 2, 1), (1_000_000, 3, 0),
            (60_000_000, 0, 121), (600_000_000, 0, 256),
        ] as [(RunTime, UInt64, Int)])
    func `at two a second the first comes at once and each next half a second later`(
        time: RunTime, taken: UInt64, allowed: Int
    ) {
        #expect(Pace(2).allowed(at: time, taken: taken) == allowed)
    }

    @Test func `the next one's time is rounded up to microseconds`() {
        #expect(Pace(3).next(taken: 1) == 333_334)
        #expect(Pace(3).next(taken: 3) == 1_000_000)
        #expect(Pace(2).next(taken: 0) == 0)
    }

    @Test func `without a rate nothing waits`() {
        #expect(Pace(nil).allowed(at: 0, taken: 1_000) == EngineBounds.maximumTurnMessages)
        #expect(Pace(nil).next(taken: 1) == nil)
    }
}

@Suite struct LinesTests {
    /// The letter of each line; `!` cannot be read, and `.` is blank.
    private func source(
        idleAfter: Duration? = nil, malformed: MalformedPolicy<String> = .fail
    ) -> Source<String> {
        .lines(watermark: nil, idleAfter: idleAfter, malformed: malformed) { bytes, number in
            let text = String(decoding: bytes)
            if text == "!" { throw MarbleFailure("no \(text) in line \(number + 1)") }
            if text == "." { throw BlankLine() }
            return (text, .second(0))
        }
    }

    private func drawn(
        _ input: String, ends: Bool = true, _ source: Source<String>
    ) throws -> (line: String, run: BookedRun) {
        var options = BookedRun.Options()
        (options.input, options.inputEnds) = (input, ends)
        return try WeirEngineTests.drawn(options, times: ["m": .distantPast], from: source)
    }

    @Test func `each line is an element`() throws {
        #expect(try drawn("a\nb\nc", source()).line == "(abc|)")
        #expect(try drawn("", source()).line == "|")
    }

    @Test(arguments: 0...4 as ClosedRange<UInt64>)
    func `as many lines are elements as the limit says`(limit: UInt64) throws {
        var options = BookedRun.Options()
        (options.limit, options.input) = (limit, "a\na\na\na\na\n")
        let (line, run) = try WeirEngineTests.drawn(options, from: source())
        #expect(line.count { $0 == "a" } == Int(limit) && run.books.taken == limit)
    }

    @Test func `a blank line is no element`() throws {
        let (line, run) = try drawn("a\n.\nb\n", source())
        #expect(line == "(ab|)")
        #expect(run.books.taken == 2 && run.drops == [])
    }

    @Test func `a line that cannot be read ends the run with its number`() throws {
        let (line, run) = try drawn("a\n!\nb\n", source())
        #expect(!line.contains("b"))
        #expect(
            run.execution.stopCause?.cause
                == .operatorFailed(stage: "in/0", message: "in: line 2: no ! in line 2"))
    }

    @Test func `a line that is passed over is counted`() throws {
        let (line, run) = try drawn("a\n!\n!\nb\n", source(malformed: .skip))
        #expect(line == "(ab|)")
        #expect(run.drops == ["in: 2 malformed"])
    }

    @Test func `a line that becomes an element has no event time`() throws {
        let malformed = MalformedPolicy<String>.element { input in
            input.line == 2 ? "m" : "n"
        }
        let (line, run) = try drawn("a\n!\nb\n", source(malformed: malformed))
        #expect(line == "(amb|)")
        #expect(run.drops == [])
    }

    @Test func `a source without lines for a while falls silent, one with an end does not`() throws
    {
        #expect(
            try drawn("a\nb\n", ends: false, source(idleAfter: .seconds(1))).line == "(ab~)")
        #expect(try drawn("a\nb\n", ends: false, source()).line == "(ab)")
        #expect(try drawn("a\nb\n", source(idleAfter: .seconds(1))).line == "(ab|)")
    }
}

@Suite struct SinkTests {
    private func rows(
        parallelism: Int = 1, limit: UInt64,
        _ encode: @escaping @Sendable (Int) throws -> String = { "\($0)" }
    ) throws -> BookedRun {
        var options = BookedRun.Options()
        options.limit = limit
        let pipeline = Pipeline("rows", parallelism: parallelism) { flow in
            flow.read("in", from: secondsOfTime).keyed { $0 }
                .process("each", state: 0, emitting: Int.self) { number, _, context in
                    context.emit(number)
                }
                .write("out", encode)
        }
        return try BookedRun(pipeline, options)
    }

    @Test(arguments: 1...3)
    func `every element is a row once, from however many subtasks`(parallelism: Int) throws {
        let run = try rows(parallelism: parallelism, limit: 300)
        #expect(run.rows.compactMap { Int($0) }.sorted() == Array(0..<300))
        #expect(run.books.imbalances == [] && run.drops == [])
    }

    @Test func `rows of one subtask keep its order`() throws {
        #expect(try rows(limit: 40).rows == (0..<40).map { "\($0)" })
    }

    @Test func `no element is no row`() throws { #expect(try rows(limit: 0).rows == []) }

    @Test func `what the encoding throws ends the run behind the rows before`() throws {
        let run = try rows(limit: 9) { number in
            if number == 5 { throw Wanted() }
            return "\(number)"
        }
        #expect(
            run.execution.stopCause?.cause
                == .operatorFailed(stage: "out/0", message: "out: Wanted()"))
        #expect(!run.rows.contains("5") && run.rows == (0..<run.rows.count).map { "\($0)" })
        #expect(run.books.imbalances == [])
    }
}
