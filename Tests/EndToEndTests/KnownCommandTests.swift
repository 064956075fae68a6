import Foundation
import KeptText
import Testing

/// What commands print, whole: answers, errors and code, as they were looked at once and kept.
///
/// Drawn runs of a seed and the traces that ship say the same each time. What depends on the clock
/// or on the machine is a `#` in the kept file. A change that is meant is looked at, and then kept:
/// `WEIR_WRITE_KNOWN=DIR` writes the files anew.
struct KnownCommandTests {
    private let weir: Weir

    init() throws {
        weir = try Weir()
        let traces = Weir.repository + "/traces/"
        for (name, path) in ["race": "orders/race.mcap", "shop": "logs/shop.mcap"] {
            try FileManager.default.copyItem(
                atPath: traces + path, toPath: weir.scratch.file(name + ".mcap"))
        }
        let whole = try weir.scratch.bytes("race.mcap")
        // A run that died without lanes, and a trace with a byte that is another one.
        try weir.scratch.write("cut.mcap", Array(whole.prefix(40_000)))
        var damaged = whole
        damaged[20_000] ^= 0x40
        try weir.scratch.write("damaged.mcap", damaged)
        try weir.scratch.write(
            "in.log",
            "2024-01-02 03:04:05 INFO a: x\nnothing\n\0\0\n2030-01-02 03:04:05 WARN b: y\n"
                + "2024-01-02 03:04:06 INFO a: x\n")
        try weir.scratch.write("script", "when\nassert 1 == 2\n\nassert 2 == 2\nnosuch 1\nquit\n")
        try weir.scratch.write("asserts", "assert 1 == 2\nassert 1 == 1\nassert 3 == 4\nquit\nx\n")
    }

    private static let orders =
        "run orders --workers 0 --seed 3 --limit 500 --rate max --ui none"
    private static let logs = "run logs --input in.log --workers 0 --seed 1 --no-record --ui none"

    @Test(
        arguments: [
            ("list", "list", 0), ("list-json", "list --json", 0),
            ("orders", orders + " --no-record", 0),
            ("orders-recorded", orders + " --record t.mcap", 0),
            ("orders-json", orders + " --record t.mcap --json", 0),
            ("orders-fixed", orders + " --no-record --set race=fixed --json", 0),
            ("violation", orders + " --record t.mcap --on-violation stop", 1),
            ("violation-json", orders + " --record t.mcap --on-violation stop --json", 1),
            ("logs", logs, 0), ("logs-json", logs + " --json", 0),
            ("logs-none", "run logs --input none.log --no-record --ui none", 2),
            ("top", "top race.mcap --ui plain", 0),
        ] as [(String, String, Int32)])
    func `runs and lists print what they did`(
        name: String, command: String, code: Int32
    ) throws {
        try compare(name, command, code)
    }

    @Test(
        arguments: [
            ("cut-inspect", "inspect cut.mcap", 0), ("cut-check", "check cut.mcap", 4),
            ("cut-verify", "replay cut.mcap --verify", 0),
            ("cut-when", "replay cut.mcap -x when", 0),
            ("cut-json", "replay cut.mcap -x when --json", 0),
            ("cut-recover", "recover cut.mcap --output whole.mcap", 0),
            ("damaged-inspect", "inspect damaged.mcap", 4),
            ("damaged-check", "check damaged.mcap", 4),
            ("damaged-recover", "recover damaged.mcap --output whole.mcap", 0),
            ("recover-there", "recover cut.mcap --output race.mcap", 2),
            ("recover-standard", "recover cut.mcap --output -", 2),
            ("script", "replay race.mcap --script script", 2),
            ("script-json", "replay race.mcap --script script --json", 2),
            ("asserts", "replay race.mcap --script asserts", 1),
            ("asserts-json", "replay race.mcap --script asserts --json", 1),
            ("one-assert", "replay race.mcap -x when -x failure --at 5", 2),
            ("nowhere", "replay race.mcap --at nowhere -x when", 2),
            ("verify-twice", "replay shop.mcap --verify --times 2", 0),
            ("no-script", "replay race.mcap --script nowhere", 2),
            ("folder-script", "replay race.mcap --script .", 2),
            ("no-command", "replay race.mcap --script -", 0),
        ] as [(String, String, Int32)])
    func `traces are told of as they were`(name: String, command: String, code: Int32) throws {
        try compare(name, command, code)
    }

    @Test(arguments: ["", " --json"])
    func `a bench prints its figures in the same form`(form: String) throws {
        try compare(
            "bench" + (form.isEmpty ? "" : "-json"),
            "bench nexmark --query q2 --events 4000 --repeat 1 --no-record" + form, 0)
    }

    private func compare(_ name: String, _ command: String, _ code: Int32) throws {
        let outcome = try weir.run(command.split(separator: " ").map(String.init))
        #expect(outcome.code == code, "\(outcome)")
        let text = Self.masked(
            outcome.output + "~\n" + outcome.errors, program: weir.program)
        let kept = KeptText("Known/Commands", variable: "WEIR_WRITE_KNOWN")
        #expect(try kept.difference(of: text, from: "\(name).txt") == nil)
    }

    /// Leaves out what depends on the clock, the machine, and where the program lies.
    private static func masked(_ text: String, program: String) -> String {
        text.replacing(program, with: "weir")
            .replacing(/after [0-9.]+ s,/, with: "after # s,")
            .replacing(/elements, [0-9.]+ ?[kMG]?\/s/, with: "elements, #/s")
            .replacing(/p50 .* p99.9 .*/, with: "p50 # p99 # p99.9 #")
            .replacing(/CPU {8}[0-9.]+ s/, with: "CPU        # s")
            .replacing(/t\.mcap, [0-9.]+ [kM]?B/, with: "t.mcap, #")
            .replacing(/[0-9.]+ ns an event, bare loop [0-9.]+; [0-9.]+ ?[kMG]? events/) { _ in
                "# ns an event, bare loop #; # events"
            }
            .replacing(/rows, [0-9.]+ [kMG]?B/, with: "rows, # B")
            .replacing(/: [0-9.]+ \/ [0-9.]+ \/ [0-9.]+ times/, with: ": # / # / # times")
            .replacing(
                /"(seconds|[a-zA-Z]*[cC]puSeconds[a-zA-Z]*|eventsPerSecond|p50|p99|p999)":[0-9.e-]+/
            ) { "\"\($0.output.1)\":#" }
            .replacing(/"(traceBytes|peakBytes|ratio|duration_ns)":[0-9.e-]+/) {
                "\"\($0.output.1)\":#"
            }
    }
}
