import Testing
import WeirBase

@testable import WeirDebugger

@Suite struct CommandTests {
    /// What a line is read as.
    private struct Reading {
        let line: String
        let name: String
        let arguments: any Equatable

        init(_ line: String, _ name: String, _ arguments: any Equatable = NoArguments()) {
            (self.line, self.name, self.arguments) = (line, name, arguments)
        }
    }

    private func parse(_ line: String) throws -> CommandCall? { try CommandTable.read(line) }

    private func isEqual(_ one: any Equatable, _ other: any Equatable) -> Bool {
        func isSame<Value: Equatable>(_ value: Value) -> Bool { other as? Value == value }
        return isSame(one)
    }

    private let times = [
        Reading("step", "step", UInt64(1)), Reading("s 3", "step", UInt64(3)),
        Reading("  st   2 ", "step", UInt64(2)), Reading("rs", "reverse-step", UInt64(1)),
        Reading("reverse-s 4", "reverse-step", UInt64(4)), Reading("n", "next", UInt64(1)),
        Reading("rn 2", "reverse-next", UInt64(2)), Reading("c", "continue", UInt64(1)),
        Reading("run", "continue", UInt64(1)), Reading("rc 2", "reverse-continue", UInt64(2)),
    ]
    private let positions = [
        Reading("g 81", "goto", TracePosition.step(81)),
        Reading("goto 50%", "goto", TracePosition.percent(50)),
        Reading("goto 12.5s", "goto", TracePosition.elapsed(.milliseconds(12_500))),
        Reading("goto failure", "goto", TracePosition.failure),
        Reading("goto my place", "goto", TracePosition.named("my place")),
        Reading("mark a", "mark", "a"),
    ]
    private let others = [
        Reading("when", "when"), Reading("back", "back"), Reading("f", "forward"),
        Reading("q", "quit"), Reading("exit", "quit"), Reading("d", "delete", Int?.none),
        Reading("delete 2", "delete", Int?(2)), Reading("?", "help", String?.none),
        Reading("help goto", "help", String?("goto")),
        Reading("info states ship", "info", InfoArguments(topic: .states, stage: "ship")),
        Reading("i q", "info", InfoArguments(topic: .queues, stage: nil)),
        Reading("info break", "info", InfoArguments(topic: .breaks, stage: nil)),
        Reading("p queue a>b", "print", PrintedThing.queue("a>b")),
        Reading("print event orders:12", "print", PrintedThing.event(source: "orders", index: 12)),
        Reading("logs", "logs", LogsArguments(pattern: nil, count: 20)),
        Reading("l 5", "logs", LogsArguments(pattern: nil, count: 5)),
    ]
    private let breaks: [(line: String, condition: BreakCondition)] = [
        ("break stage=ship/1", .stage("ship/1", when: nil)),
        ("b stage ship", .stage("ship", when: nil)),
        ("b invariant", .invariant(nil)),
        ("b invariant never below", .invariant("never below")),
        (
            "b queue a/0>b/1 > 90%",
            .queue("a/0>b/1", .init(isPercent: true, value: 90, includesIt: false))
        ),
        ("b queue a>b>=3", .queue("a>b", .init(isPercent: false, value: 3, includesIt: true))),
    ]

    @Test func `a line is the command it says, with what it takes`() throws {
        let readings = breaks.map { Reading($0.line, "break", $0.condition) }
        for reading in times + positions + others + readings {
            let call = try #require(try parse(reading.line), "\(reading.line)")
            #expect(call.name == reading.name, "\(reading.line)")
            #expect(isEqual(call.arguments, reading.arguments), "\(reading.line)")
        }
    }

    @Test func `an empty line does again what goes on in a direction, and nothing else`() {
        let repeated = CommandTable.all.filter(\.isRepeatable).map(\.name)
        #expect(
            repeated == [
                "step", "reverse-step", "next", "reverse-next", "continue", "reverse-continue",
                "previous-write", "next-write",
            ])
        #expect(Debugger.isRepeatable("s 3") && !Debugger.isRepeatable("goto 3"))
        #expect(!Debugger.isRepeatable("stp") && !Debugger.isRepeatable(""))
    }

    @Test(arguments: ["", "   ", "# a comment", "  # another"])
    func `empty lines and comments are nothing`(line: String) throws {
        #expect(try parse(line)?.name == nil)
    }

    @Test(arguments: [
        ("stp", 0, "Did you mean step?"), ("  frob", 2, "See 'help'"), ("re", 0, "Write more"),
        ("step x", 5, "1 or more"), ("step 0", 5, "1 or more"), ("step 1 2", 7, ""),
        ("step 99999999999999999999", 5, "1 or more"), ("goto", 4, "Give a step"),
        ("goto 101%", 5, "0% to 100%"), ("goto 12x", 5, "Give a step"), ("info", 4, "stages"),
        ("info stats", 5, "Did you mean states?"), ("break", 5, "stage=NAME"),
        ("break stge=a", 6, "Did you mean stage?"), ("break stage=a wen 1", 14, "when EXPR"),
        ("break log late", 10, "/late|dropped/"), ("break log /(/", 10, ""),
        ("break log /a", 10, "Close it"), ("break queue a>b", 12, "> 90%"),
        ("break queue a>b > 101%", 12, "0% to 100%"), ("print", 5, "expression"),
        ("print event 3", 12, "orders:8812"), ("print state 3", 12, "cell NAME"),
        ("logs 0", 5, "1 to"), ("mark end", 5, "another name"), ("mark 12", 5, "another name"),
        ("mark", 4, "mark NAME"), ("fork", 0, "help"), ("follow orders:1", 0, "help"),
        ("goto -1%", 5, "0% to 100%"),
        ("logs 10001", 5, "1 to 10000"), ("history b[1] 0", 13, "1 to 1000"),
        ("s -1", 2, "1 or more"), ("print queue", 11, "info queues"), ("b queue", 7, "> 90%"),
        ("delete 0", 7, "info breaks"), ("info states a b", 14, ""), ("q now", 2, ""),
        ("delete x", 7, "info breaks"), ("when 3", 5, ""), ("break stage=a when step", 19, ""),
    ])
    func `a line that is none says what to write, and where`(
        line: String, column: Int, advice: String
    ) {
        let error = #expect(throws: CommandError.self) { try parse(line) }
        #expect(error?.column == column, "\(error?.message ?? "")")
        #expect(error?.advice.contains(advice) == true, "\(error?.sentence ?? "")")
    }

    @Test func `a caret stands under the place, also behind characters that are escaped`() {
        let error = CommandError("wrong", at: 3)
        #expect(error.underlined("abcdef") == "  abcdef\n     ^\n")
        #expect(error.underlined("\u{1B}bcdef") == "  \\u{1B}bcdef\n          ^\n")
    }

    @Test func `a line that is too long is refused`() {
        let error = #expect(throws: CommandError.self) {
            try parse("assert " + String(repeating: "1 ", count: 4_000))
        }
        #expect(error?.message.contains("too long") == true)
    }

    @Test func `a pattern that would search for ever is given up on that line alone`() throws {
        let pattern = try LogPattern("(a+)+$")
        let line = String(repeating: "a", count: 60) + "!"
        let error = #expect(throws: CommandError.self) { try pattern.matches(line) }
        #expect(error?.message.contains("tries on one log line") == true)
        #expect(try pattern.matches("baa"))
    }

    @Test func `every command is found by its name and its short forms alone`() throws {
        var forms: [String] = []
        for command in CommandTable.all {
            forms += [command.name] + command.short
            for form in [command.name] + command.short {
                #expect(try CommandTable.find(form, at: 0).name == command.name)
            }
            #expect(command.help.usage.hasPrefix(command.name))
        }
        #expect(Set(forms).count == forms.count)
    }

    @Test func `help explains every command, and what their texts are made of`() throws {
        let debugger = Debugger(
            SmallRun(left: [0]), started: Instant(nanoseconds: 0), nanoseconds: { 0 })
        func help(_ line: String) throws -> String {
            try #require(try debugger.execute(line)).text(showsEffort: false)
        }
        let all = try help("help")
        for command in CommandTable.all {
            #expect(all.contains("  \(command.help.usage) "))
            let text = try help("help \(command.name)")
            #expect(text.hasPrefix("\(command.help.usage): \(command.help.summary)\n"))
        }
        for (word, name) in [("place", "goto"), ("state", "assert"), ("what", "print")] {
            #expect(try help("help \(word)") == help("help \(name)"))
        }
    }

    @Test func `help info tells of every topic, each with its name first`() throws {
        let lines = DebuggerCommand.info.help.details
        for topic in InfoTopic.all {
            #expect(lines.filter { $0.hasPrefix("info \(topic.name) ") }.count == 1)
            #expect(try parse("info \(topic.name)")?.name == "info")
        }
    }

    @Test(arguments: [
        ("2026-11-24T12:04:31Z", "2026-11-24T12:04:31.000000000Z"),
        ("2026-11-24t12:04:31.25z", "2026-11-24T12:04:31.250000000Z"),
        ("2026-11-24T12:04:31+02:00", "2026-11-24T10:04:31.000000000Z"),
        ("2026-11-24T12:04:31-00:30", "2026-11-24T12:34:31.000000000Z"),
        ("2026-11-24 12:04:31", "2026-11-24T12:04:31.000000000Z"),
    ])
    func `a time of the day is a place`(text: String, instant: String) throws {
        guard case .time(let time) = try TracePosition(text) else {
            Issue.record("\(text) is no time")
            return
        }
        #expect(time.description == instant)
    }

    @Test(arguments: ["2026-13-24T12:04:31Z", "2026-11-24T12:04", "-5", "5%%", "12..5s"])
    func `what looks like a number and is none is no mark`(text: String) {
        #expect(throws: CommandError.self) { try TracePosition(text) }
    }
}
