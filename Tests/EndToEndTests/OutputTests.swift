import Testing

/// Where rows go, and what happens when they cannot.
struct OutputTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        try weir.scratch.write("a.log", Lines.text(0..<20_000))
    }

    @Test func `rows on standard output are all that is there`() throws {
        let outcome = try weir("run", "logs", "--input", "a.log", "--output", "-")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try Rows.sum(outcome.outputLines) == 20_000)
        #expect(outcome.output.hasSuffix("}\n"))
    }

    @Test func `a full device is code 5 with a sentence, and the trace verifies`() throws {
        let outcome = try weir(
            "run", "logs", "--input", "a.log", "--output", "/dev/full", "--record", "t.mcap")
        #expect(outcome.code == 5, "\(outcome)")
        #expect(outcome.errors.contains("\"/dev/full\""), "\(outcome)")
        #expect(outcome.errors.contains("weir: error: "), "\(outcome)")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test func `standard output on a full device is code 5`() throws {
        let outcome = try weir.shell(
            "$WEIR run logs --input a.log --output - --no-record > /dev/full")
        #expect(outcome.code == 5 && outcome.errors.contains("standard output"), "\(outcome)")
    }

    @Test func `the answers of other commands on a full device are code 5`() throws {
        _ = try weir("run", "logs", "--input", "a.log", "--record", "t.mcap")
        for command in [
            "list", "inspect t.mcap --json", "export t.mcap --signal schedule", "check t.mcap",
            "replay t.mcap --verify", "--help",
        ] {
            let outcome = try weir.shell("$WEIR \(command) > /dev/full")
            #expect(outcome.code == 5, "\(command): \(outcome)")
        }
    }

    @Test(arguments: [
        "run logs --input a.log --output - --no-record",
        "run orders --limit 5000 --rate max --output - --record t2.mcap",
        "export t.mcap --signal schedule", "export t.mcap --signal spans",
        "export t.mcap --signal logs --regenerate --level trace",
        "replay t.mcap --output -", "inspect t.mcap --json", "list --json", "--help",
    ])
    func `a reader that goes away early is code 0 and silence`(command: String) throws {
        _ = try weir("run", "logs", "--input", "a.log", "--record", "t.mcap")
        let outcome = try weir.shell(
            "{ $WEIR \(command); echo $? > code; } 2> errors | head -1 > /dev/null")
        #expect(outcome.code == 0)
        let errors = try scratch.text("errors")
        #expect(try scratch.lines("code") == ["0"], "\(errors)")
        #expect(!errors.contains("weir: error") && !errors.contains("roken pipe"), "\(errors)")
    }

    @Test func `an output that is the input is refused and the input stays`() throws {
        let outcome = try weir("run", "logs", "--input", "a.log", "--output", "./a.log")
        #expect(outcome.code == 2 && outcome.errors.contains("overwrite"), "\(outcome)")
        #expect(scratch.size("a.log") == Lines.text(0..<20_000).utf8.count)
    }

    @Test(arguments: ["a.log", "./a.log", "rows.jsonl"])
    func `a trace that is the input or the output is refused`(record: String) throws {
        let outcome = try weir(
            "run", "logs", "--input", "a.log", "--output", "rows.jsonl", "--record", record)
        #expect(outcome.code == 2, "\(outcome)")
        #expect(scratch.size("a.log") == Lines.text(0..<20_000).utf8.count)
    }

    @Test(arguments: ["t.mcap", "a.log"])
    func `a replay's output that is its trace or its input is refused`(output: String) throws {
        try scratch.write("a.log", Lines.large())
        _ = try weir("run", "logs", "--input", "a.log", "--record", "t.mcap")
        let (trace, input) = (scratch.size("t.mcap"), scratch.size("a.log"))
        let outcome = try weir("replay", "t.mcap", "--output", output)
        #expect(outcome.code == 2, "\(outcome)")
        #expect(scratch.size("t.mcap") == trace && scratch.size("a.log") == input)
    }

    @Test(arguments: [
        "export t.mcap --signal logs --output t.mcap", "recover t.mcap --output t.mcap",
    ])
    func `an export or recovery onto its own trace is refused`(command: String) throws {
        _ = try weir("run", "logs", "--input", "a.log", "--record", "t.mcap")
        let size = scratch.size("t.mcap")
        let outcome = try weir.shell("$WEIR \(command)")
        #expect(outcome.code == 2, "\(outcome)")
        #expect(scratch.size("t.mcap") == size)
    }

    @Test(arguments: [("none/rows.jsonl", 2), (".", 2)])
    func `an output that cannot be is refused`(output: String, code: Int32) throws {
        let outcome = try weir("run", "logs", "--input", "a.log", "--output", output)
        #expect(outcome.code == code && outcome.errors.contains("weir: error: "), "\(outcome)")
    }
}
