import Glibc
import Testing

/// The debugger's commands on a captured run, as scripts give them.
struct DebuggerTests {
    static let trace = Weir.repository + "/traces/orders/overdrawn.mcap"
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    private func answers(_ commands: String..., json: Bool = false) throws -> Outcome {
        try weir.run(
            ["replay", Self.trace] + (json ? ["--json"] : []) + commands.flatMap { ["-x", $0] })
    }

    @Test func `it opens at the first failure and says what stands there`() throws {
        let outcome = try answers("when", "info threads")
        #expect(outcome.code == 0, "\(outcome)")
        let lines = outcome.outputLines
        #expect(
            lines[0] == "step 80 of 586: reserve/1 accesses cell budget in the turn of step 59")
        #expect(lines[1].contains("violation: budget is never overdrawn"))
        #expect(lines.last?.contains("waits to access cell budget") == true)
    }

    @Test(arguments: [
        ("start", 0), ("end", 586), ("failure", 80), ("12", 12), ("50%", 293), ("0s", 1),
        ("10ms", 19), ("2026-11-25T01:37:37.182002Z", 19),
    ])
    func `it opens where --at says`(position: String, step: Int) throws {
        let outcome = try weir(
            "replay", Self.trace, "--at", position, "--json", "-x", "print step")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try JSONLine(outcome.output).number("value") == step)
    }

    @Test(arguments: [
        ("587", "from 0 to 586"), ("9h", "0s to 0.520153s"), ("101%", "0% to 100%"),
        ("nowhere", "RFC 3339"), ("1980-01-01T00:00:00Z", "2026-11-25T01:37:37"),
    ])
    func `a place that is not in the run is refused with the range`(
        position: String, range: String
    ) throws {
        let outcome = try weir("replay", Self.trace, "--at", position, "-x", "when")
        #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains(range), "\(outcome)")
    }

    @Test func `the state of a place is listed and looked into`() throws {
        let outcome = try answers(
            "info states", "print state cell budget", "print cell budget.tours",
            "print state match[1].waiting.count", "info states match")
        #expect(outcome.code == 0, "\(outcome)")
        let lines = outcome.outputLines
        #expect(lines[0] == "cell budget = Budget(left: -1000, tours: 5)")
        #expect(lines.contains("cell budget.tours = 5"))
        #expect(lines.contains("match[1].waiting.count = 0"))
        #expect(lines.filter { $0.hasPrefix("match[1] = ") }.count == 2)
        #expect(lines.contains { $0.hasSuffix("more of match: 'info states match'") })
    }

    @Test func `state that an open turn holds is shown as at its beginning`() throws {
        let outcome = try answers(
            "goto end", "reverse-continue", "break stage=reserve/1", "goto 150",
            "reverse-continue", "step 3", "info states reserve")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.output.contains("(as at the beginning of the turn of step "), "\(outcome)")
    }

    @Test func `the last write of a cell is the access that changed it`() throws {
        let outcome = try answers("last-write cell budget", "goto 79", "lw cell budget")
        let lines = outcome.outputLines
        #expect(lines[0].hasPrefix("cell budget was last written at step 80: reserve/1 accesses"))
        #expect(lines[1] == "  before  Budget(left: 0, tours: 4)")
        #expect(lines[2] == "  after   Budget(left: -1000, tours: 5)")
        #expect(lines[3] == "  look    goto 80")
        #expect(lines[5].contains("last written at step 68"))
    }

    @Test func `breaks stop in both directions at the same steps`() throws {
        let commands = ["goto start", "watch cell budget.left", "c", "c", "c", "rc", "rc", "rc"]
        let outcome = try weir.run(
            ["replay", Self.trace, "--json"] + commands.flatMap { ["-x", $0] })
        let steps = try outcome.outputLines.map { try JSONLine($0) }.compactMap {
            $0.string("answer") == "moved" ? $0.number("step") : nil
        }
        #expect(steps.count == 7 && steps[0] == 0, "\(outcome)")
        #expect(steps[1] == steps[5] && steps[2] == steps[4] && steps[6] == 0)
        #expect(steps[1] < steps[2] && steps[2] < steps[3])
    }

    @Test func `breaks at a stage, an invariant, a log line and a queue say why they stopped`()
        throws
    {
        for (what, expected) in [
            ("stage=ship when step > 100", "ship/"), ("invariant", "step 80 of"),
            ("log /stock_short.*item=11$/", "stock_short order=356 item=11"),
            ("queue match>reserve > 20%", "of 1024"), ("when cell budget.left < 0", "step 80 of"),
        ] {
            let outcome = try answers("break \(what)", "goto start", "continue")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.output.contains("  1: break \(what)"), "\(outcome)")
            #expect(outcome.output.contains(expected), "\(outcome)")
        }
    }

    @Test func `elements, queues and logs are shown`() throws {
        let outcome = try answers(
            "print event orders:10", "print queue match/1>reserve/1", "logs /stock_short/ 2",
            "logs /no such line/", "info stages", "info queues", "info runnable", "info marks")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.output.contains("taken in the turn of step 1: 'goto 1'"))
        #expect(outcome.output.contains("match/1>reserve/1: 702 of 1024 wait"))
        #expect(outcome.output.contains("no log line up to step 80 matches /no such line/"))
        #expect(outcome.outputLines.filter { $0.contains("stock_short") }.count == 2)
    }

    @Test func `a false assertion makes the code 1, and the script goes on`() throws {
        try scratch.write(
            "s.weir",
            """
            # what should hold here
            assert cell budget.left < 0

            assert step == 81
            assert step == 80 and not cell budget.tours == 4
            """)
        let outcome = try weir("replay", Self.trace, "--script", "s.weir")
        #expect(outcome.code == 1)
        #expect(outcome.outputLines.map { $0.prefix(5) } == ["true ", "FALSE", "true "])
        #expect(outcome.errors.contains("1 of 3 assertions was false"), "\(outcome)")
        #expect(outcome.errors.contains("s.weir:4: assert step == 81"), "\(outcome)")
    }

    @Test func `a script's error says file, line and place, and ends it with code 2`() throws {
        try scratch.write("s.weir", "when\n\nassert step < \"a\"\nwhen\n")
        let outcome = try weir("replay", Self.trace, "--script", "s.weir")
        #expect(outcome.code == 2)
        #expect(outcome.outputLines.filter { $0.hasPrefix("step 80") }.count == 1)
        #expect(
            outcome.errors.hasSuffix(
                """
                weir: error: s.weir:3: a number is compared with a text here.
                  assert step < "a"
                              ^

                """), "\(outcome)")
        let json = try weir("replay", Self.trace, "--json", "-x", "stp")
        let error = try JSONLine(
            try #require(json.errors.split(separator: "\n").last.map(String.init)))
        #expect(error.string("error") == "-x 1: there is no command 'stp'")
        #expect(error.string("advice") == "Did you mean step?")
        for missing in ["nowhere.weir", "."] {
            let outcome = try weir("replay", Self.trace, "--script", missing)
            #expect(outcome.code == 2 && outcome.errors.contains(missing), "\(outcome)")
        }
    }

    @Test func `commands come from standard input, each answered before the next`() throws {
        let outcome = try weir.shell(
            "(echo when; sleep 0.1; printf 'print step') | \"$WEIR\" replay '\(Self.trace)'")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.outputLines.last == "step = 80")
        let nothing = try weir("replay", Self.trace)
        #expect(nothing.code == 0 && nothing.output.isEmpty)
        #expect(nothing.errors.contains("no command came"), "\(nothing)")
        let both = try weir.shell(
            "echo 'print step' | \"$WEIR\" replay '\(Self.trace)' -x 'goto 5' --script -")
        #expect(both.outputLines.last == "step = 5", "\(both)")
    }

    @Test func `every command's answer is one line of JSON with its command first`() throws {
        let commands = [
            "when", "info stages", "info states", "info queues", "info runnable", "info threads",
            "break stage=ship", "break log /x/", "info breaks", "info marks", "print cell budget",
            "print depth(match>reserve)", "print queue match>reserve", "print event orders:3",
            "last-write cell budget", "logs 2", "step", "rs", "next", "rn", "goto 7", "c", "rc",
            "mark a", "back", "forward", "watch cell budget", "delete 1", "delete",
            "assert step >= 0", "help", "help goto", "quit", "never reached",
        ]
        let outcome = try weir.run(
            ["replay", Self.trace, "--json"] + commands.flatMap { ["-x", $0] })
        #expect(outcome.code == 0, "\(outcome)")
        let lines = try outcome.outputLines.map { try JSONLine($0) }
        #expect(lines.map { $0.string("command") } == commands.dropLast())
        for line in lines {
            #expect(Array(line.keys.prefix(2)) == ["command", "answer"])
            if let index = line.keys.firstIndex(of: "steps_run") {
                #expect(Array(line.keys[index...]) == ["steps_run", "duration_ns"])
            }
        }
    }

    @Test func `a reader who goes away is no error`() throws {
        let outcome = try weir.shell(
            "i=0; while [ $i -lt 400 ]; do echo info states match; i=$((i+1)); done > s; "
                + "{ \"$WEIR\" replay '\(Self.trace)' --script s; echo $? > code; } | head -1")
        #expect(outcome.outputLines.count == 1, "\(outcome)")
        try Patience.require("the code") { scratch.size("code") > 0 }
        #expect(try scratch.text("code") == "0\n", "\(outcome)")
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal ends a script with its code`(signal: Int32) throws {
        let outcome = try weir.shell(
            "mkfifo f; \"$WEIR\" replay '\(Self.trace)' --script f > out 2> err & p=$!; "
                + "exec 3> f; echo when >&3; until grep -q 'step 80' out; do sleep 0.01; done; "
                + "kill -\(signal) $p; wait $p")
        #expect(outcome.code == 128 + signal, "\(outcome)")
    }

    @Test func `a trace that is still recorded, or was cut, opens with what is there`() throws {
        let run = try weir.start([
            "run", "orders", "--limit", "0", "--record", "t.mcap", "--ui", "none",
        ])
        try Patience.require("some steps") { scratch.size("t.mcap") > 30_000 }
        let open = try weir("replay", "t.mcap", "--at", "5", "-x", "step", "-x", "rs 2")
        run.send(SIGINT)
        #expect(open.code == 0 && open.outputLines.last?.hasPrefix("step 4 of ") == true, "\(open)")
        #expect(open.errors.contains("the run goes on; "), "\(open)")
        #expect(try run.finish().code == 0)
        try scratch.write("cut.mcap", Array(try scratch.bytes("t.mcap").prefix(30_000)))
        let cut = try weir("replay", "cut.mcap", "--at", "5", "-x", "step")
        #expect(cut.code == 0 && cut.errors.contains("incomplete"), "\(cut)")
    }

    @Test func `hostile names and keys are shown as escapes`() throws {
        let log = "2024-01-02 00:00:00 INFO \u{1B}]0;evil\u{7}\u{202E}: hello\n"
        try scratch.write("in.log", String(repeating: log, count: 3))
        let run = try weir(
            "run", "logs", "--input", "in.log", "--record", "t.mcap", "--output", "o")
        #expect(run.code == 0, "\(run)")
        let commands = ["when", "info states", "info queues", "print event lines:0", "logs", "rs"]
        for extra in [[], ["--json"]] {
            let outcome = try weir.run(
                ["replay", "t.mcap", "-x", "goto end"] + extra + commands.flatMap { ["-x", $0] })
            let all = outcome.output + outcome.errors
            #expect(all.contains("evil") || outcome.code == 2, "\(outcome)")
            #expect(all.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }, "\(outcome)")
        }
    }
}
