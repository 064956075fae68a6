import Glibc
import Testing
import WeirTrace

/// What leaves a trace: lines of four signals, filtered, and again from a replay.
struct ExportTests {
    private let weir: Weir

    init() throws {
        weir = try Weir()
        let run = try weir(
            "run", "orders", "--rate", "max", "--limit", "2000", "--record", "t.mcap", "--seed", "5"
        )
        try #require(run.code == 0, "\(run)")
    }

    private func export(_ signal: String, _ more: String...) throws -> [String] {
        let outcome = try weir.run(["export", "t.mcap", "--signal", signal] + more)
        #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome)")
        #expect(outcome.output.isEmpty || outcome.output.hasSuffix("\n"))
        return outcome.outputLines
    }

    @Test(arguments: [
        (
            "logs",
            [
                "timestamp", "level", "message", "logger", "run", "pipeline", "stage", "subtask",
                "step", "seq", "trace_id", "span_id", "source", "error", "fields",
            ]
        ),
        (
            "spans",
            [
                "start", "end", "name", "kind", "status", "trace_id", "span_id", "parent_span_id",
                "links", "pipeline", "stage", "subtask", "step", "fields",
            ]
        ),
        (
            "metrics",
            ["timestamp", "name", "type", "unit", "value", "count", "sum", "buckets", "labels"]
        ),
        (
            "schedule",
            [
                "step", "timestamp", "stage", "subtask", "kind", "turn", "inlet", "count",
                "emitted", "cell", "accepted", "dropped", "evicted", "duration_ns",
            ]
        ),
    ])
    func `each line is an object with the contract's keys in their order`(
        signal: String, keys: [String]
    ) throws {
        let lines = try export(signal)
        #expect(lines.count > 10)
        for line in lines {
            let object = try JSONLine(line)
            #expect(object.follows(keys), "\(object.keys)")
            let time = object.string("timestamp") ?? object.string("start") ?? ""
            #expect(
                time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/) != nil, "\(line)")
        }
    }

    @Test func `steps of the schedule are all numbers from 1 on`() throws {
        let steps = try export("schedule").map { try JSONLine($0).number("step") ?? 0 }
        #expect(steps == Array(1...steps.count))
    }

    @Test func `ranks of logs rise by one and their steps never fall`() throws {
        let objects = try export("logs").map(JSONLine.init)
        #expect(objects.map { $0.number("seq") } == Array(1...objects.count).map(Optional.some))
        let steps = objects.compactMap { $0.number("step") }
        #expect(steps == steps.sorted())
    }

    @Test func `logs from a replay are the recorded ones`() throws {
        #expect(try export("logs") == export("logs", "--regenerate"))
    }

    @Test func `a replay gives more logs at a lower level than were recorded`() throws {
        let (recorded, more) = (
            try export("logs"), try export("logs", "--regenerate", "--level", "trace")
        )
        #expect(more.count > recorded.count)
        let levels = Set(try more.compactMap { try JSONLine($0).string("level") })
        #expect(!levels.isDisjoint(with: ["debug", "trace"]))
    }

    @Test func `a level, a stage and a time leave out the others`() throws {
        let warnings = try export("logs", "--level", "warning")
        #expect(try warnings.allSatisfy { try JSONLine($0).string("level") != "info" })
        let stage = try export("spans", "--stage", "match")
        #expect(!stage.isEmpty)
        #expect(try stage.allSatisfy { try JSONLine($0).string("stage") == "match" })
        #expect(try export("logs", "--from", "1h").isEmpty)
        #expect(try export("schedule", "--to", "1h") == export("schedule"))
        #expect(try export("schedule", "--from", "0s") == export("schedule"))
    }

    @Test(arguments: ["logs", "spans", "metrics", "schedule"])
    func `what ends at a time and what begins there are all there is`(signal: String) throws {
        func lines(_ more: String...) throws -> Set<String> {
            let trace = "\(Weir.repository)/traces/orders/race.mcap"
            let outcome = try weir.run(["export", trace, "--signal", signal] + more)
            #expect(outcome.code == 0, "\(outcome)")
            return Set(outcome.outputLines)
        }
        let (all, before, after) = (
            try lines(), try lines("--to", "300ms"), try lines("--from", "300ms")
        )
        #expect(!before.isEmpty && !after.isEmpty, "\(before.count) and \(after.count)")
        #expect(before.isDisjoint(with: after) && before.union(after) == all)
    }

    @Test(arguments: [
        (["--signal", "log"], "Did you mean logs?"), (["--signal", "logs", "--level", "x"], "x"),
        (["--signal", "logs", "--stage", "mach"], "Did you mean match?"),
        (["--signal", "logs", "--from", "x"], "--from"),
        (["--signal", "logs", "--format", "xml"], "format"),
        (["--signal", "schedule", "--regenerate"], "regenerate"),
        (["--signal", "logs", "--regenerate", "--follow"], "Give --follow or --regenerate"),
    ])
    func `a wrong filter is code 2 and leaves no file`(arguments: [String], hint: String) throws {
        let outcome = try weir.run(["export", "t.mcap", "--output", "out.jsonl"] + arguments)
        #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains(hint), "\(outcome)")
        #expect(!weir.scratch.exists("out.jsonl"))
    }

    @Test func `an export of a run that died says that it is not whole`() throws {
        #expect(try weir("export", "t.mcap", "--signal", "logs").errors.isEmpty)
        let bytes = try weir.scratch.bytes("t.mcap")
        try weir.scratch.write("cut.mcap", Array(bytes.prefix(bytes.count / 2)))
        let outcome = try weir("export", "cut.mcap", "--signal", "logs")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.errors.contains("weir: note: incomplete: the run died"), "\(outcome)")
    }

    @Test(arguments: [("debug", ["debug", "info"]), ("info", ["info"]), ("warning", [])])
    func `a run keeps records from the level on that is asked for`(
        level: String, kept: [String]
    ) throws {
        let run = try weir(
            "run", "orders", "--rate", "max", "--limit", "300", "--seed", "5", "--set",
            "race=fixed", "--record", "leveled.mcap", "--log-level", level, "--ui", "none")
        #expect(run.code == 0, "\(run)")
        let lines = try weir("export", "leveled.mcap", "--signal", "logs").outputLines
        #expect(Set(try lines.compactMap { try JSONLine($0).string("level") }) == Set(kept))
    }

    @Test func `an export to a file is what standard output would have had`() throws {
        #expect(try export("spans", "--output", "spans.jsonl").isEmpty)
        #expect(try weir.scratch.lines("spans.jsonl") == export("spans"))
    }

    @Test(arguments: ["orders/busy", "orders/overdrawn", "orders/race", "logs/shop"])
    func `no counter of a shipped trace falls`(name: String) throws {
        let trace = try Trace.open(path: "\(Weir.repository)/traces/\(name).mcap")
        #expect(try CounterCheck(trace).faults == [])
    }

    @Test func `each turn of each subtask is in one hop and each sink tells its latency`()
        throws
    {
        let weir = try Weir()
        // Half a second: some of its samples are taken while watermarks are on their way.
        let run = try weir(
            "run", "orders", "--limit", "2000", "--rate", "4000", "--ui", "none", "--record",
            "t.mcap")
        try #require(run.code == 0, "\(run)")
        let schedule = try weir("export", "t.mcap", "--signal", "schedule")
        var turns: [String: Int] = [:]
        let kinds = ["input", "timer", "completion", "continue", "idle", "end", "failure"]
        for line in try schedule.outputLines.map({ try JSONLine($0) })
        where kinds.contains(line.string("kind") ?? "") {
            let subtask = "\(line.string("stage") ?? "")/\(line.number("subtask") ?? -1)"
            turns[subtask, default: 0] += 1
        }
        let metrics = try weir("export", "t.mcap", "--signal", "metrics").outputLines
            .map { try JSONLine($0) }
        var hops: [String: Int] = [:]
        var ends: Set<String> = []
        for line in metrics where line.string("type") == "histogram" {
            let labels = line.member("labels")
            let subtask = "\(labels["stage"] ?? "")/\(labels["subtask"] ?? "")"
            guard line.string("name") == "weir_hop_latency_seconds" else {
                #expect(line.string("name") == "weir_end_to_end_latency_seconds")
                ends.insert(subtask)
                continue
            }
            let hop = labels["hop"] as? String ?? ""
            if ["decode", "process", "encode"].contains(hop) {
                hops[subtask] = line.number("count")
            }
        }
        #expect(hops == turns)
        #expect(ends == ["shipments/0"])
        let names = Set(metrics.compactMap { $0.string("name") })
        #expect(
            names.isSuperset(of: [
                "weir_channel_oldest_seconds", "weir_watermark_lag_seconds",
                "weir_waiting_seconds_total", "process_cpu_seconds_total",
                "process_resident_memory_bytes",
            ]))
    }

    /// By stage and hop: how many latencies there are, and their mean in seconds.
    private func hops(of trace: String, by weir: Weir) throws -> [String: (Int, Double)] {
        var hops: [String: (Int, Double)] = [:]
        for text in try weir("export", trace, "--signal", "metrics").outputLines {
            let line = try JSONLine(text)
            guard line.string("name") == "weir_hop_latency_seconds",
                let count = line.number("count"), let sum = line.real("sum")
            else { continue }
            let labels = line.member("labels")
            hops["\(labels["stage"] ?? "") \(labels["hop"] ?? "")"] = (count, sum / Double(count))
        }
        return hops
    }

    @Test func `every hop from a file to the rows is measured where it happens`() throws {
        let weir = try Weir()
        let lines = (0..<5_000).map { "2026-11-24T12:00:\($0 % 60 / 10)\($0 % 10)Z INFO a: b\n" }
        try weir.scratch.write("in.log", lines.joined())
        let run = try weir(
            "run", "logs", "--input", "in.log", "--parallelism", "1", "--ui", "none", "--record",
            "t.mcap")
        try #require(run.code == 0, "\(run)")
        #expect(
            try hops(of: "t.mcap", by: weir).keys.sorted() == [
                "count process", "count queue", "counts encode", "counts queue", "counts write",
                "late process", "late queue", "lateCount process", "lateCount queue",
                "parse decode", "parse read",
            ])
    }

    @Test func `what waits for a slow stage waits in its queue`() throws {
        let weir = try Weir()
        let run = try weir(
            "run", "orders", "--limit", "0", "--duration", "2s", "--set", "slow=reserve:300",
            "--parallelism", "1", "--ui", "none", "--record", "t.mcap")
        try #require(run.code == 0, "\(run)")
        let hops = try hops(of: "t.mcap", by: weir)
        let (queue, process) = (hops["reserve queue"]?.1 ?? 0, hops["reserve process"]?.1 ?? 1)
        #expect(queue > 3 * process, "\(hops)")
    }

    @Test func `no counter of a slowed run falls and the states of each subtask sum to its time`()
        throws
    {
        let weir = try Weir()
        let run = try weir(
            "run", "orders", "--limit", "0", "--duration", "3s", "--set", "slow=reserve:300",
            "--ui", "none", "--record", "t.mcap")
        try #require(run.code == 0, "\(run)")
        let check = try CounterCheck(Trace.open(path: weir.scratch.file("t.mcap")))
        #expect(check.faults == [])
        #expect(check.samples > 20)
    }
}
