import Foundation
import Testing

/// `weir bench`: the workload's files, byte for byte, and figures beside those of bare loops.
@Suite struct BenchTests {
    /// The hashes are those of the reference generator, another program in another language.
    @Test(arguments: [
        ("inorder", "binary", "f7f24e0ddf071dc47ab7566f03f906d8e76870e2af244a964f44d60cbdd39842"),
        ("shuffled", "binary", "0c4304c9d7e9ecba0b111ea82bb21be9307d5ac228074ac6f265649f1a6ecc72"),
        ("inorder", "jsonl", "bca08fd923e069fb3832d7aa9095c6ede4380c42519f45d1e21ea8eab8e31816"),
        ("shuffled", "jsonl", "091db0221be1eccd13f602879ab33aafbcf0a6cb0c9fa3c35a66616c2b49223f"),
    ])
    func `the first ten thousand events are those of the reference`(
        order: String, format: String, hash: String
    ) throws {
        let outcome = try Weir().shell(
            "\"$WEIR\" bench generate --events 10000 --order \(order) --format \(format) "
                + "--output - | sha256sum")
        #expect(outcome.output.hasPrefix(hash), "\(outcome)")
    }

    @Test func `each pair of runs is a line with the loop's figures and the ratio`() throws {
        let outcome = try Weir()(
            "bench", "nexmark", "--query", "q5", "--events", "20000", "--repeat", "2", "--json")
        #expect(outcome.code == 0, "\(outcome)")
        let runs = try outcome.outputLines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(runs.count == 2)
        for run in runs {
            #expect(run["query"] as? String == "q5" && run["events"] as? Int == 20_000)
            #expect(run["record"] as? Bool == true)
            #expect((run["traceBytes"] as? Int ?? 0) > 0)
            let cost = try #require(run["cpuSecondsPerMillion"] as? Double)
            let loop = try #require(run["loopCpuSecondsPerMillion"] as? Double)
            let ratio = try #require(run["ratio"] as? Double)
            #expect(abs(ratio - cost / loop) < 1e-6 * ratio)
        }
        // The rows are those of the loop, in each run.
        #expect(Set(runs.compactMap { $0["digest"] as? String }).count == 1)
        #expect(Set(runs.compactMap { $0["rows"] as? Int }).count == 1)
    }

    @Test(arguments: ["inorder", "shuffled"], ["1", "2"])
    func `in memory each query folds to what its bare loop folds to, by however many subtasks`(
        order: String, workers: String
    ) throws {
        let outcome = try Weir()(
            "bench", "nexmark", "--events", "10000", "--order", order, "--repeat", "1", "--json",
            "--workers", workers)
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.outputLines.count == 10)
    }

    @Test(arguments: ["inorder", "shuffled"], [["--no-record"], ["--workers", "2"]])
    func `from file to file each query writes the rows of its bare loop`(
        order: String, flags: [String]
    ) throws {
        let outcome = try Weir().run(
            [
                "bench", "nexmark", "--mode", "file", "--events", "10000", "--order", order,
                "--repeat", "1", "--json",
            ] + flags)
        #expect(outcome.code == 0, "\(outcome)")
        let runs = try outcome.outputLines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(runs.compactMap { $0["query"] as? String }.count == 10)
        #expect(
            runs.allSatisfy { $0["mode"] as? String == "file" && $0["events"] as? Int == 10_000 })
        #expect(runs.allSatisfy { ["scanner", "simdjson"].contains($0["loop"] as? String) })
    }

    @Test func `rows go where they are wanted, and are the same as those from memory`() throws {
        let scratch = try Scratch()
        let (lines, rows) = (scratch.file("events.jsonl"), scratch.file("rows.jsonl"))
        let events = ["--events", "5000", "--order", "shuffled"]
        _ = try Weir().run(["bench", "generate", "--output", lines] + events)
        let outcome = try Weir().run(
            [
                "bench", "nexmark", "--mode", "file", "--query", "q1", "--input", lines, "--output",
                rows, "--repeat", "1",
            ] + events)
        #expect(outcome.code == 0, "\(outcome)")
        let memory = try Weir().run(
            [
                "run", "nexmark", "--seed", "42", "--set", "query=q1", "--set", "events=5000",
                "--set", "order=shuffled", "--no-record", "--output", "-",
            ])
        #expect(try scratch.text("rows.jsonl") == memory.output)
        #expect(memory.outputLines.count == 4_600)
    }

    @Test func `events at a rate have the latency of their rows beside the cost`() throws {
        let outcome = try Weir()(
            "bench", "nexmark", "--mode", "latency", "--rate", "200000", "--events", "100000",
            "--repeat", "1", "--json")
        #expect(outcome.code == 0, "\(outcome)")
        let runs = try outcome.outputLines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(runs.compactMap { $0["query"] as? String } == ["q1", "q1hop", "q5"])
        for run in runs {
            #expect(run["mode"] as? String == "latency" && run["events"] as? Int == 100_000)
            // Half a second of events take no less.
            #expect(try #require(run["seconds"] as? Double) >= 0.49)
            let ranks = try ["p50", "p99", "p999", "greatest"].map {
                try #require(run[$0] as? Double)
            }
            #expect(ranks == ranks.sorted() && ranks[0] > 0 && ranks[3] < 60)
        }
    }

    @Test func `a run without a trace says so, and a person reads a line for each query`() throws {
        let outcome = try Weir()(
            "bench", "nexmark", "--query", "q2", "--events", "5000", "--repeat", "1", "--no-record")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.outputLines.count == 2)
        #expect(outcome.outputLines.last?.contains("times the bare loop") == true)
    }

    @Test(arguments: ["events.jsonl", "link.jsonl", "hard.jsonl", "./events.jsonl"])
    func `rows are not written over the lines that are read`(output: String) throws {
        let weir = try Weir()
        let scratch = weir.scratch
        _ = try weir("bench", "generate", "--output", "events.jsonl", "--events", "100")
        let before = try scratch.bytes("events.jsonl")
        #expect(before.count > 1_000)
        let made = try weir.shell("ln -s events.jsonl link.jsonl && ln events.jsonl hard.jsonl")
        #expect(made.code == 0, "\(made)")
        let outcome = try weir(
            "bench", "nexmark", "--mode", "file", "--query", "q1", "--events", "100", "--input",
            "events.jsonl", "--output", output, "--repeat", "1")
        #expect(outcome.code == 2, "\(outcome)")
        #expect(
            outcome.errors.hasPrefix("weir: error: the run's rows would overwrite the events"),
            "\(outcome)")
        #expect(try scratch.bytes("events.jsonl") == before)
    }

    @Test(arguments: [
        ["nexmart"], ["nexmark", "--query", "q6"], ["nexmark", "--events", "0"],
        ["nexmark", "--mode", "disk"], ["nexmark", "--order", "sorted"], ["generate"],
        ["nexmark", "--workers", "0"], ["nexmark", "--repeat", "0"],
        ["generate", "--output", "-", "--format", "csv"], ["nexmark", "--input", "events.jsonl"],
        ["nexmark", "--mode", "file", "--laps", "2"], ["nexmark", "--rate", "1000"],
        ["nexmark", "--mode", "latency", "--query", "q3"],
        ["nexmark", "--mode", "latency", "--rate", "0"],
        ["nexmark", "--mode", "latency", "--laps", "2"],
        ["nexmark", "--mode", "latency", "--order", "shuffled"],
    ])
    func `what cannot be measured is refused before anything is generated`(
        arguments: [String]
    ) throws {
        let outcome = try Weir().run(["bench"] + arguments)
        #expect(outcome.code == 2, "\(outcome)")
        #expect(outcome.errors.hasPrefix("weir: error: "), "\(outcome)")
        #expect(outcome.output.isEmpty)
    }

    @Test func `a rate of which twenty seconds are too many events is refused by its name`() throws
    {
        let outcome = try Weir()("bench", "nexmark", "--mode", "latency", "--rate", "100000000")
        #expect(outcome.code == 2, "\(outcome)")
        #expect(
            outcome.errors.contains(
                "20 seconds of --rate 100000000 are 2000000000 events, more than 100000000"),
            "\(outcome)")
        #expect(outcome.errors.contains("Give --events, or a rate of 5000000 at most"))
    }
}
