import Testing
import WeirBase

@testable import WeirDebugger

@Suite struct CommandTests {
    private func parse(_ line: String) throws -> DebuggerCommand? {
        try CommandParser.parse(line)
    }

    // Not arguments: a command holds a regular expression, which cannot be sent.
    private let table: [(line: String, command: DebuggerCommand)] = [
        ("step", DebuggerCommand.step(1)), ("s 3", .step(3)), ("  st   2 ", .step(2)),
        ("rs", .reverseStep(1)), ("reverse-s 4", .reverseStep(4)), ("n", .next(1)),
        ("rn 2", .reverseNext(2)), ("c", .continue(1)), ("run", .continue(1)),
        ("rc 2", .reverseContinue(2)), ("g 81", .goto(.step(81))),
        ("goto 50%", .goto(.percent(50))),
        ("goto 12.5s", .goto(.elapsed(.milliseconds(12_500)))), ("goto failure", .goto(.failure)),
        ("goto my place", .goto(.mark("my place"))), ("when", .when), ("back", .back),
        ("f", .forward), ("d", .delete(nil)), ("delete 2", .delete(2)), ("q", .quit),
        ("exit", .quit), ("?", .help(nil)), ("help goto", .help("goto")),
        ("info states ship", .info(.states, stage: "ship")),
        ("i q", .info(.queues, stage: nil)), ("info break", .info(.breaks, stage: nil)),
        ("p queue a>b", .printQueue("a>b")), ("mark a", .mark("a")),
        ("print event orders:12", .printEvent(source: "orders", index: 12)),
        ("logs", .logs(nil, count: 20)), ("l 5", .logs(nil, count: 5)),
        ("break stage=ship/1", .break(.stage("ship/1", when: nil))),
        ("b stage ship", .break(.stage("ship", when: nil))),
        ("b invariant", .break(.invariant(nil))),
        ("b invariant never below", .break(.invariant("never below"))),
        (
            "b queue a/0>b/1 > 90%",
            .break(.queue("a/0>b/1", .init(isPercent: true, value: 90, includesIt: false)))
        ),
        (
            "b queue a>b>=3",
            .break(.queue("a>b", .init(isPercent: false, value: 3, includesIt: true)))
        ),
    ]

    @Test func `a line is the command it says`() throws {
        for (line, command) in table { #expect(try parse(line) == command, "\(line)") }
    }

    @Test(arguments: ["", "   ", "# a comment", "  # another"])
    func `empty lines and comments are nothing`(line: String) throws {
        #expect(try parse(line) == nil)
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
        #expect(error.marked("abcdef") == "  abcdef\n     ^\n")
        #expect(error.marked("\u{1B}bcdef") == "  \\u{1B}bcdef\n          ^\n")
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

    @Test func `every command in the table is read, and its short forms are its own`() throws {
        var forms: [String] = []
        for entry in CommandTable.entries {
            forms += [entry.name] + entry.short
            let meant = try CommandTable.find(entry.name, at: 0)
            #expect(meant.name == entry.name)
            // Commands that want something say so; that is reading them, too.
            _ = try? parse(entry.name)
            #expect(try parse("help \(entry.name)") == .help(entry.name))
        }
        #expect(Set(forms).count == forms.count)
    }

    @Test(arguments: [
        ("2026-11-24T12:04:31Z", "2026-11-24T12:04:31.000000000Z"),
        ("2026-11-24t12:04:31.25z", "2026-11-24T12:04:31.250000000Z"),
        ("2026-11-24T12:04:31+02:00", "2026-11-24T10:04:31.000000000Z"),
        ("2026-11-24T12:04:31-00:30", "2026-11-24T12:34:31.000000000Z"),
        ("2026-11-24 12:04:31", "2026-11-24T12:04:31.000000000Z"),
    ])
    func `a time of the day is a place`(text: String, instant: String) throws {
        guard case .time(let time) = try Place(text) else {
            Issue.record("\(text) is no time")
            return
        }
        #expect(time.description == instant)
    }

    @Test(arguments: ["2026-13-24T12:04:31Z", "2026-11-24T12:04", "-5", "5%%", "12..5s"])
    func `what looks like a number and is none is no mark`(text: String) {
        #expect(throws: CommandError.self) { try Place(text) }
    }
}
