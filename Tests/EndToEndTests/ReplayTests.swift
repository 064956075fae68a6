import Testing

/// A recorded run comes again: the same steps, the same digest, the same rows.
struct ReplayTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    private func orders(_ trace: String, _ more: String...) throws -> Outcome {
        try weir.run(
            ["run", "orders", "--rate", "max", "--limit", "3000", "--record", trace] + more)
    }

    @Test(arguments: ["0", "1", "2", "7"])
    func `a run replays identically three times, to the same rows`(workers: String) throws {
        let run = try orders("t.mcap", "--workers", workers, "--output", "rows.jsonl")
        #expect(run.code == 0, "\(run)")
        let replay = try weir("replay", "t.mcap", "--verify", "--times", "3")
        #expect(replay.code == 0 && replay.errors.isEmpty, "\(replay)")
        let line = try #require(replay.outputLines.first)
        #expect(
            line.wholeMatch(of: /identical: steps [1-9]\d*, digest [0-9a-f]{16}, 3 times/) != nil)
        let again = try weir("replay", "t.mcap", "--output", "again.jsonl")
        #expect(again.code == 0, "\(again)")
        #expect(try scratch.bytes("rows.jsonl") == scratch.bytes("again.jsonl"))
        #expect(scratch.size("rows.jsonl") > 0)
    }

    @Test func `rows of a replay on standard output are the run's, byte for byte`() throws {
        _ = try orders("t.mcap", "--output", "rows.jsonl")
        let replay = try weir("replay", "t.mcap", "--verify", "--output", "-")
        #expect(replay.code == 0)
        #expect(try Array(replay.output.utf8) == scratch.bytes("rows.jsonl"))
        #expect(replay.errors.hasPrefix("identical: "))
    }

    @Test func `a simulated run of one seed is the same run twice, of another seed another`() throws
    {
        var facts: [[String]] = []
        for (trace, seed) in [("a.mcap", "7"), ("b.mcap", "7"), ("c.mcap", "8")] {
            let run = try orders(trace, "--workers", "0", "--seed", seed)
            #expect(run.code == 0, "\(run)")
            // Durations of turns are measured also in a simulated run: they are no part of it.
            let schedule = try weir("export", trace, "--signal", "schedule").outputLines.map {
                $0.replacing(/"timestamp":"[^"]*",/, with: "")
                    .replacing(/,"duration_ns":\d+/, with: "")
            }
            let inspect = try JSONLine(try weir("inspect", trace, "--json").output)
            let sinks = inspect.member("digest")["shipments"] as? [String: String]
            facts.append(schedule + [sinks?["ordered"] ?? "none"])
        }
        #expect(facts[0].count > 100 && facts[0].last != "none")
        #expect(facts[0] == facts[1], "the same seed gave two runs")
        #expect(facts[0] != facts[2])
    }

    @Test func `the seed of a summary makes the same rows' sums again`() throws {
        func facts(_ trace: String) throws -> JSONLine {
            try JSONLine(try weir("inspect", trace, "--json").output)
        }
        _ = try orders("a.mcap", "--workers", "0")
        let seed = try #require(try facts("a.mcap").number("seed"))
        _ = try orders("b.mcap", "--workers", "0", "--seed", "\(seed)")
        #expect(try facts("a.mcap").number("steps") == facts("b.mcap").number("steps"))
    }

    @Test(arguments: [("0", 0), ("1", 4), ("77", 308)])
    func `--limit is what each source gives`(limit: String, events: Int) throws {
        // 0 is no limit: such a run is ended by its duration.
        let arguments =
            ["run", "orders", "--rate", "max", "--limit", limit, "--record", "t.mcap"]
            + (limit == "0" ? ["--duration", "300ms"] : [])
        let run = try weir.run(arguments)
        #expect(run.code == 0, "\(run)")
        let object = try JSONLine(try weir("inspect", "t.mcap", "--json").output)
        let taken = try #require(object.number("events"))
        #expect(limit == "0" ? taken > 1_000 : taken == events)
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test func `--duration ends a run and leaves its trace whole`() throws {
        let run = try weir(
            "run", "orders", "--limit", "0", "--duration", "0.5s", "--record", "t.mcap", "--json")
        #expect(run.code == 0, "\(run)")
        let object = try JSONLine(try weir("inspect", "t.mcap", "--json").output)
        let nanoseconds = try #require(object.number("duration_ns"))
        #expect((400_000_000..<5_000_000_000).contains(nanoseconds))
        #expect(try weir("check", "t.mcap").code == 0)
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test(arguments: ["1", "2", "5"])
    func `--parallelism is part of the trace`(parallelism: String) throws {
        let run = try orders("t.mcap", "--parallelism", parallelism)
        #expect(run.code == 0, "\(run)")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
        let schedule = try weir("export", "t.mcap", "--signal", "schedule", "--stage", "reserve")
        let subtasks = Set(
            try schedule.outputLines.compactMap { try JSONLine($0).number("subtask") })
        #expect(subtasks.count == Int(parallelism))
    }

    @Test func `without a path the newest trace is taken`() throws {
        for _ in 0..<2 {
            #expect(try weir("run", "orders", "--limit", "50", "--rate", "max").code == 0)
        }
        #expect(try weir("replay", "--verify").code == 0)
        #expect(try weir("inspect", "--json").code == 0)
    }

    @Test func `a trace of other settings replays with them`() throws {
        let run = try orders("t.mcap", "--set", "race=fixed", "--set", "slow=ship:5")
        #expect(run.code == 0, "\(run)")
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test func `inspect's JSON has the contract's keys`() throws {
        _ = try orders("t.mcap")
        let object = try JSONLine(try weir("inspect", "t.mcap", "--json").output)
        let keys = [
            "pipeline", "plan", "seed", "workers", "steps", "turns", "events", "started",
            "duration_ns", "bytes", "topics", "columns", "version", "complete", "digest", "failure",
            "recordedWith",
        ]
        #expect(object.follows(keys), "\(object.keys)")
        #expect(Set(object.keys).union(["failure"]) == Set(keys))
        #expect(object.flag("complete") == true)
        #expect(object.number("bytes") == scratch.size("t.mcap"))
    }
}
