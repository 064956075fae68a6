import KeptText
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Each turn of a drawn run is today what it was when it was looked at.
///
/// A drawn run is a function of its plan and its seed: its notes, what each turn leaves in the
/// subtask and in the channels, its logs and its books are held against a file. Rules have tests of
/// their own, which say what they are; this finds what they leave open. A change that is meant is
/// looked at, and then kept: `WEIR_WRITE_TURNS=DIR` writes the files anew.
@Suite struct KnownTurnsTests {
    @Test(arguments: [("dropOldest", 45), ("dropNewest", 20), ("fail", 90)] as [(String, UInt64)])
    func `the turns of a generated run are what they were`(policy: String, limit: UInt64) throws {
        let run = try ToldRun(
            Self.generated, seed: 3, limit: limit, settings: ["policy": policy])
        try Self.compare(run.lines, "generated-\(policy)")
    }

    @Test func `the turns of a run of lines are what they were`() throws {
        let run = try ToldRun(Self.read, seed: 2, limit: 60, input: Self.pieces)
        try Self.compare(run.lines, "read")
    }

    @Test func `records of the level that is asked for are made, and none below it`() throws {
        let pipeline = Pipeline("talking", parallelism: 1) { flow in
            _ = flow.read("in", from: secondsOfTime).keyed { $0 }
                .process("talk", state: 0, emitting: Int.self) { _, _, context in
                    context.log.info("below", [:])
                    context.log.notice("just", [:])
                    context.log.warning("above", [:])
                }
        }
        let run = try ToldRun(pipeline, seed: 1, limit: 1, level: .notice)
        let messages = run.lines.filter { $0.hasPrefix("log ") }
            .compactMap { line in
                ["below", "just", "above"].first { line.contains(" \($0) ") }
            }
        #expect(messages == ["just", "above"])
    }

    @Test func `the engine's own records are made at their own level`() throws {
        let run = try ToldRun(
            Self.read, seed: 2, limit: 60, level: .warning, input: Self.pieces)
        #expect(run.lines.count { $0.contains("nuls_skipped") } == 2)
    }

    /// Every operator and clock between a generator and a few sinks.
    private static let generated = Pipeline(
        "generated", summary: "What a generator feeds", parallelism: 2,
        parameters: [Parameter("policy", default: "dropOldest", "what the small edge does")]
    ) { flow in
        guard let policy = EdgePolicy(rawValue: flow.parameter("policy")) else { return }
        let budget = flow.sharedCell("budget", initial: 40)
        let seen = flow.keyedState(by: Int.self, initial: 0)
        flow.invariant("budget is never overdrawn", on: budget) { $0 >= 0 }
        flow.invariant("none comes too often", on: seen) { _, count in count < 14 }
        flow.invariant("what was paid was seen", on: budget, and: seen) { budget, seen in
            40 - budget <= 3 * seen.sum { $0 }
        }
        let numbers = flow.read(
            "numbers",
            from: .generator(
                watermark: .boundedDisorder(
                    .milliseconds(20), granularity: .milliseconds(10), maximumJump: .seconds(2))
            ) { index, random in
                let late = random.below(5) == 0 ? random.below(90) : 0
                let ahead = index % 40 == 30 ? 900_000 : 0
                return (
                    Int(index), Instant(milliseconds: Int64(index) * 5 - Int64(late) + Int64(ahead))
                )
            })
        let counted = numbers.filter("some") { $0 % 11 != 5 }
            .over(EdgeOptions(bounds: ChannelBounds(messages: 5)))
            .keyed { $0 % 5 }
            .process("count", state: seen, emitting: Int.self) { number, count, context in
                count += 1
                if number % 20 == 7 { context.log.notice("seen", ["n": .integer(Int64(number))]) }
                context.emit(number)
            }
        aggregate(counted)
        pay(counted.over(EdgeOptions(bounds: ChannelBounds(messages: 3), policy: policy)), budget)
        counted.callAsync(
            "ask", emitting: String.self, inFlight: 3, timeout: .milliseconds(2),
            call: { number, call in number % 7 == 0 ? nil : [UInt8(truncatingIfNeeded: call)] },
            complete: { number, answer, context in
                context.emit("\(number) \(answer.map { "\($0)" } ?? "none")")
            }
        ).write("answers") { $0 }
    }

    private static func aggregate(_ numbers: DataStream<Int>) {
        let (panes, late) = numbers.keyed { $0 % 2 }.window(.tumbling(.milliseconds(50)))
            .aggregateWithLate("sums", from: 0) { sum, number in sum += number }
        panes.write("panes") { "\($0.key) \($0.value)" }
        late.flatMap("parts") { number in (0..<number % 3).map { "\(number).\($0)" } }
            .write("late") { $0 }
    }

    private static func pay(_ numbers: DataStream<Int>, _ budget: SharedCell<Int>) {
        numbers.keyed { $0 % 3 }
            .process(
                "pay", state: 0, emitting: String.self,
                onTimer: { key, paid, context in context.emit("\(key) paid \(paid)") }
            ) { number, paid, context in
                guard budget.read() > 0 else { return }
                budget.update { $0 -= 3 }
                paid += 3
                if number % 4 == 0 {
                    context.setTimer(atProcessingTime: context.now + .microseconds(40))
                }
                if number % 6 == 0 {
                    context.setTimer(atEventTime: context.eventTime + .milliseconds(25))
                }
            }.write("paid") { $0 }
    }

    /// Lines with what is odd about them, and two subtasks behind each other.
    private static let read = Pipeline("read", parallelism: 2) { flow in
        let (lines, malformed) = flow.readWithMalformed(
            "lines",
            from: .lines(
                watermark: .boundedDisorder(.milliseconds(10)), idleAfter: .milliseconds(5)
            ) { line, index in
                let text = String(decoding: line)
                guard let number = Int(text) else {
                    throw MalformedLine("it is no number", column: 1)
                }
                return (number, Instant(milliseconds: Int64(number) * 7))
            })
        malformed.write("malformed") { "\($0.line):\($0.column ?? 0) \($0.reason)" }
        lines.map("doubled") { "\($0 * 2)" }.keyed { $0.count }
            .process("greatest", state: "", emitting: String.self) { text, greatest, context in
                if text > greatest { greatest = text }
                context.emit(text)
            }.write("texts") { $0 }
    }

    private static let pieces: [InputPiece] = {
        var pieces: [InputPiece] = [.nuls(3)]
        for number in 0..<40 {
            let end = number % 5 == 2 ? "\r\n" : "\n"
            let text = number % 9 == 4 ? "oops\n" : "\(number * 3)\(end)"
            let bytes = Array(text.utf8)
            // Cut in the middle of a line now and then.
            let cut = number % 4 == 1 ? 1 : bytes.count
            pieces.append(.bytes(Array(bytes[..<cut]), offset: UInt64(number * 8)))
            if cut < bytes.count {
                pieces.append(.bytes(Array(bytes[cut...]), offset: UInt64(number * 8 + 1)))
            }
            if number == 12 { pieces += [.bytes(Array("77".utf8), offset: 99), .truncation] }
            if number == 20 {
                pieces += [.bytes(Array("88".utf8), offset: 0), .rotation, .nuls(2)]
            }
            if number == 25 {
                pieces += [.bytes(Array("5".utf8), offset: 0), .file(1)]
                pieces += [.bytes(Array("200\n20".utf8), offset: 0), .file(0)]
                pieces += [.bytes(Array("1\n".utf8), offset: 1), .file(1)]
                pieces += [.bytes(Array("1\n".utf8), offset: 6)]
            }
        }
        return pieces + [.bytes(Array("300".utf8), offset: 400)]
    }()

    private static func compare(_ lines: [String], _ name: String) throws {
        let kept = KeptText("Known", variable: "WEIR_WRITE_TURNS")
        let text = lines.joined(separator: "\n") + "\n"
        #expect(try kept.difference(of: text, from: "\(name).txt") == nil)
    }
}
