import Glibc
import Testing

/// What a run says of the elements that had no effect.
struct BooksTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir("BooksFixture") }

    private func drops(_ outcome: Outcome) throws -> [String: Int] {
        try JSONLine(outcome.errors).member("drops").compactMapValues { ($0 as? Int) }
    }

    /// The last value of the metric by stage and reason: `count late 3`.
    private func metrics(_ trace: String) throws -> [String] {
        var last: [String: Int] = [:]
        let export = try weir("export", trace, "--signal", "metrics")
        for line in try export.outputLines.map({ try JSONLine($0) })
        where line.string("name") == "weir_records_dropped_total" {
            let labels = line.member("labels").compactMapValues { $0 as? String }
            guard let stage = labels["stage"], let reason = labels["reason"] else { continue }
            last["\(labels["subtask"] ?? labels["channel"] ?? "") \(stage) \(reason)"] =
                line.number("value")
        }
        let byStage = Dictionary(
            last.map { ($0.key.drop { $0 != " " }.dropFirst(), $0.value) }, uniquingKeysWith: +)
        return byStage.filter { $0.value > 0 }.map { "\($0.key) \($0.value)" }.sorted()
    }

    @Test func `late elements are told wherever a run is looked at`() throws {
        try scratch.write("in.txt", "1 k\n50 k\n2 k\n3 k\n4 k\n")
        let run = [
            "run", "late", "--input", "in.txt", "--output", "-", "--workers", "0", "--seed", "1",
            "--ui", "none",
        ]
        let told = try weir.run(run + ["--json", "--record", "t.mcap"])
        #expect(told.outputLines == ["k 0 1", "k 50 1"])
        let json = try JSONLine(told.errors)
        #expect(json.number("in") == 5 && json.number("dropped") == 3)
        #expect(try drops(told) == ["late": 3])
        #expect(json.string("guarantee") == "each input once, but 3 late elements were dropped")
        #expect(try metrics("t.mcap") == ["count late 3"])
        let summary = try weir.run(run + ["--no-record"])
        #expect(summary.errors.contains("\n  dropped    3 late: count\n"))
        let looked = try weir(
            "replay", "t.mcap", "--at", "end", "-x", "info drops", "-x", "info books")
        let lines = looked.outputLines.map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines.contains("count late 3") && lines.contains("count 5 2 3 0"), "\(looked)")
    }

    @Test func `the books balance wherever a recorded run is looked at`() throws {
        var arguments = ["replay", "\(Weir.repository)/traces/orders/race.mcap"]
        for position in ["end", "6000", "3000", "6100", "1"] {
            arguments += ["-x", "goto \(position)", "-x", "info books"]
        }
        let looked = try Weir().run(arguments)
        try #require(looked.code == 0, "\(looked)")
        let imbalances = looked.outputLines.filter { $0.contains("not balance") }
        #expect(imbalances == [])
        #expect(looked.outputLines.count { $0.hasPrefix("shipments ") } == 5)
    }

    @Test func `a run stopped at once says how much it had read in vain`() throws {
        try scratch.write("in.txt", (0..<200_000).map { "\($0)\n" }.joined())
        let run = try weir.start([
            "run", "slow", "--input", "in.txt", "--output", "rows.txt", "--record", "t.mcap",
            "--ui", "none", "--json",
        ])
        try Patience.require("rows") { scratch.size("rows.txt") > 0 || run.hasEnded }
        run.send(SIGINT)
        try Patience.require("the end") {
            run.send(SIGINT)
            return run.hasEnded
        }
        let outcome = try run.finish()
        // Notes about stages that take long come before it.
        let line = try #require(outcome.errors.split(separator: "\n").last)
        let json = try JSONLine(String(line))
        let stopped = try #require(json.member("drops")["stopped"] as? Int)
        #expect(json.number("dropped") == stopped)
        let rows = try scratch.text("rows.txt").split(separator: "\n").count
        // What the source had read ahead of a file can be read again, and is not counted.
        #expect(json.string("guarantee")?.contains("were not processed: stopped before") == true)
        // A second interrupt waits a moment for turns to end; then only what is published is known.
        guard json.has("imbalances") else {
            #expect(json.number("in") ?? 0 >= rows + stopped)
            return
        }
        #expect(json.number("in") == rows + stopped)
        let dropped = try metrics("t.mcap").compactMap { Int($0.split(separator: " ")[2]) }
        #expect(dropped.reduce(0, +) == stopped)
    }

    @Test func `rows that a full disk did not take are unwritten`() throws {
        try scratch.write("in.txt", (0..<2_000).map { "\($0)\n" }.joined())
        let outcome = try weir(
            "run", "echo", "--input", "in.txt", "--output", "/dev/full", "--no-record", "--ui",
            "none")
        #expect(outcome.code == 5)
        #expect(outcome.errors.contains(" unwritten: rows\n"), "\(outcome)")
        #expect(outcome.errors.contains("rows were not written"), "\(outcome)")
        #expect(!outcome.errors.contains("each input once"))
    }

    @Test func `a line that a followed file has not ended is said`() throws {
        try scratch.write("in.txt", "one\ntwo\nthr")
        let run = try weir.start([
            "run", "echo", "--follow", "--input", "in.txt", "--output", "rows.txt", "--record",
            "t.mcap", "--ui", "none", "--json",
        ])
        try Patience.require("rows") { scratch.size("rows.txt") == 8 || run.hasEnded }
        run.send(SIGINT)
        let outcome = try run.finish()
        #expect(try scratch.text("rows.txt") == "one\ntwo\n")
        #expect(try drops(outcome) == ["incomplete": 1])
        let looked = try weir("replay", "t.mcap", "--at", "end", "-x", "info drops")
        let words = looked.output.split { $0.isWhitespace }.suffix(3).joined(separator: " ")
        #expect(words == "lines incomplete 1", "\(looked)")
    }
}
