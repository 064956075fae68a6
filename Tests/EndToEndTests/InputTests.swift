import Glibc
import Testing

/// What `logs` makes of inputs, ordinary and hostile.
struct InputTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    /// Runs `logs` over `input`; gives the outcome and the sum of all counts it wrote.
    private func count(_ input: String, standard: String? = nil) throws -> (Outcome, Int) {
        let outcome = try weir.run(
            ["run", "logs", "--input", input, "--output", "rows.jsonl", "--record", "t.mcap"],
            input: standard)
        return (
            outcome, try scratch.exists("rows.jsonl") ? Rows.sum(scratch.lines("rows.jsonl")) : 0
        )
    }

    @Test func `a file of which most lines cannot be read says so, with the first and what to try`()
        throws
    {
        let odd = (0..<1_200).map { "\($0) \u{1B}[31mnothing known\u{7}\n" }.joined()
        try scratch.write("odd.log", Lines.text(0..<2) + odd)
        let run = [
            "run", "logs", "--input", "odd.log", "--output", "rows", "--no-record", "--ui", "none",
        ]
        let told = try weir.run(run).errors
        #expect(
            told.contains("unparsed   parse: 1,200 of 1,202 lines could not be read"), "\(told)")
        #expect(
            told.contains(#"line 3, it has none of the known forms of a log's line: 0 \u{1B}[31m"#),
            "\(told)")
        #expect(told.contains("Say what a line looks like: --set format='(?<time>"), "\(told)")
        #expect(!told.contains("\u{1B}"))
        #expect(try JSONLine(weir.run(run + ["--json"]).errors).number("unparsed") == 1_200)
    }

    @Test func `a few lines that cannot be read are a number without advice`() throws {
        try scratch.write("a.log", Lines.text(0..<20) + "odd\n")
        let run = [
            "run", "logs", "--input", "a.log", "--output", "rows", "--no-record", "--ui", "none",
        ]
        let told = try weir.run(run).errors
        #expect(
            told.contains(
                "unparsed   parse: 1 of 21 lines could not be read; the first is line 21"),
            "\(told)")
        #expect(!told.contains("Say what a line looks like"))
        try scratch.write("a.log", Lines.text(0..<20))
        #expect(try !weir.run(run).errors.contains("unparsed"))
        #expect(try JSONLine(weir.run(run + ["--json"]).errors).number("unparsed") == 0)
    }

    private func verifies() throws -> Bool {
        try weir("replay", "t.mcap", "--verify").code == 0
    }

    @Test(arguments: [
        ("none.log", "does not exist"), (".", "is a directory"), ("", "path is empty"),
        ("none/none.log", "does not exist"),
    ])
    func `an input that is no file is code 2`(input: String, words: String) throws {
        let (outcome, _) = try count(input)
        #expect(outcome.code == 2 && outcome.errors.contains(words), "\(outcome)")
        #expect(!scratch.exists("t.mcap"), "a run that never began left a trace")
    }

    @Test func `an input that may not be read is code 5`() throws {
        try scratch.write("a.log", Lines.text(0..<10))
        chmod(scratch.file("a.log"), 0)
        let outcome = try weir.withoutPrivilege(
            "run logs --input a.log --output - --no-record --ui none")
        #expect(outcome.code == 5 && outcome.errors.contains("permission"), "\(outcome)")
    }

    @Test func `an output that may not be written is code 5`() throws {
        try scratch.write("a.log", Lines.text(0..<10))
        try scratch.write("kept.jsonl", "kept")
        chmod(scratch.file("kept.jsonl"), 0o400)
        let outcome = try weir.withoutPrivilege(
            "run logs --input a.log --output kept.jsonl --no-record --ui none")
        #expect(outcome.code == 5, "\(outcome)")
        #expect(outcome.errors.lowercased().contains("permission"), "\(outcome)")
        #expect(try scratch.text("kept.jsonl") == "kept")
    }

    @Test(arguments: [
        ("", 0), ("\n", 1), ("\n\n\n", 3), ("no final newline", 1),
        ("2024-01-02 03:04:05 INFO a: x\r\n2024-01-02 03:04:06 INFO a: y\r\n", 2),
        ("\r\n\r\n", 2), ("\u{FEFF}2024-01-02 03:04:05 INFO a: x\n", 1),
        ("2024-13-45 99:99:99 INFO a: no such day\n", 1), ("{\"time\":{\"a\":[1,2\n", 1),
        ("9999-12-31 23:59:59 INFO a: late\n0001-01-01 00:00:00 INFO a: early\n", 2),
        ("99999999999999999999-01-01 00:00:00 INFO a: x\n", 1),
        ("262143-01-01 00:00:00 INFO a: x\n-9999-01-01 00:00:00 INFO a: x\n", 2),
        ("\u{0}\u{0}\u{0}\n", 1),
    ])
    func `each line is counted once, whatever is in it`(text: String, lines: Int) throws {
        try scratch.write("a.log", text)
        let (outcome, sum) = try count("a.log")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(sum == lines)
        #expect(try verifies())
    }

    @Test func `binary and invalid UTF-8 are lines like others`() throws {
        var bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        bytes += [0xFF, 0xFE, 0x0A, 0xC3, 0x28, 0x0A, 0xED, 0xA0, 0x80]
        try scratch.write("a.bin", bytes)
        let (outcome, sum) = try count("a.bin")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(sum == bytes.split(separator: 0x0A, omittingEmptySubsequences: false).count)
        #expect(try verifies())
        for line in try scratch.lines("rows.jsonl") { _ = try JSONLine(line) }
    }

    @Test func `a line of 10 MB is read`() throws {
        let long = [UInt8](repeating: 0x78, count: 10_000_000)
        try scratch.write("a.log", Array(Lines.text(0..<3).utf8) + long + [0x0A])
        let (outcome, sum) = try count("a.log")
        #expect(outcome.code == 0 && sum == 4, "\(outcome)")
        #expect(try verifies())
    }

    @Test func `a line of 20 MB counts as one that cannot be read, and the run goes on`() throws {
        let long = [UInt8](repeating: 0x78, count: 20_000_000)
        let text = Array(Lines.text(0..<3).utf8) + long + [0x0A] + Array(Lines.text(3..<5).utf8)
        try scratch.write("a.log", text)
        let (outcome, sum) = try count("a.log")
        #expect(outcome.code == 0 && sum == 6, "\(outcome)")
        #expect(try verifies())
    }

    @Test func `standard input is read and its trace needs no file`() throws {
        try scratch.write("a.log", Lines.text(0..<5_000))
        let (outcome, sum) = try count("-", standard: "a.log")
        #expect(outcome.code == 0 && sum == 5_000, "\(outcome)")
        try scratch.remove("a.log")
        #expect(try verifies())
    }

    @Test func `standard input from a pipe is read`() throws {
        try scratch.write("a.log", Lines.text(0..<5_000))
        let outcome = try weir.shell(
            "cat a.log | $WEIR run logs --input - --output rows.jsonl --no-record --ui none")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try Rows.sum(scratch.lines("rows.jsonl")) == 5_000)
    }

    @Test func `a closed standard input is code 2`() throws {
        let outcome = try weir.shell("$WEIR run logs --input - --no-record <&-")
        #expect(outcome.code == 2 && outcome.errors.contains("closed"), "\(outcome)")
    }

    @Test func `a FIFO is read to its writer's end`() throws {
        try scratch.write("a.log", Lines.text(0..<5_000))
        let outcome = try weir.shell(
            """
            mkfifo f && (cat a.log > f &) && \
            $WEIR run logs --input f --output rows.jsonl --record t.mcap --ui none
            """)
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try Rows.sum(scratch.lines("rows.jsonl")) == 5_000)
        try scratch.remove("f")
        #expect(try verifies())
    }

    @Test func `a run that waits for a FIFO's writer can be interrupted`() throws {
        try #require(mkfifo(scratch.file("f"), 0o600) == 0)
        let run = try weir.start(["run", "logs", "--input", "f", "--record", "t.mcap"])
        try Patience.require("the trace's header") { scratch.size("t.mcap") > 1_000 }
        run.send(SIGINT)
        #expect(try run.finish().code == 0)
    }
}

/// Rows of `logs`.
enum Rows {
    static func sum(_ lines: [String]) throws -> Int {
        try lines.reduce(0) { $0 + (try JSONLine($1).number("count") ?? 0) }
    }
}
