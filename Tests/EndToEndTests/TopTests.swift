import Glibc
import Testing

/// `weir top` and `weir export --follow` beside a run that goes on.
@Suite struct TopTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    /// A run without an end that has begun to record.
    private func recording(_ trace: String, _ more: String...) throws -> RunningProcess {
        let run = try weir.start(
            [
                "run", "orders", "--limit", "0", "--seed", "2", "--ui", "none", "--record", trace,
            ] + more)
        try Patience.require("a trace that grows") { scratch.size(trace) > 20_000 }
        return run
    }

    @Test func `a file that is no trace is refused with 4, none at all with 2`() throws {
        try scratch.write("no.mcap", "this is no trace")
        #expect(try weir("top", "no.mcap").code == 4)
        let none = try weir("top")
        #expect(none.code == 2)
        #expect(none.errors.contains("no run is being recorded here"), "\(none)")
        #expect(try weir("top", "missing.mcap").code == 2)
        #expect(try weir("top", "99999999").code == 2)
        let screen = try weir("top", "no.mcap", "--ui", "tui")
        #expect(screen.code == 2, "\(screen)")
    }

    @Test(arguments: ["top", "inspect", "replay", "export"])
    func `a path that a terminal would obey is shown and not obeyed`(command: String) throws {
        let more = command == "export" ? ["--signal", "logs"] : []
        let outcome = try weir.run([command, "\u{1B}]0;evil\u{07}\u{9B}31m.mcap"] + more)
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("evil"))
        // By scalars: a control may be part of a larger character.
        let scalars = outcome.errors.unicodeScalars
        #expect(!scalars.contains("\u{1B}") && !scalars.contains("\u{9B}"))
    }

    @Test(.serialized, arguments: ["match", "reserve", "ship", "shipments", "orders"])
    func `the stage that was made slow is named as the one that limits`(stage: String) throws {
        let run = try recording("t.mcap", "--rate", "max", "--set", "slow=\(stage):2000")
        let top = try weir.start(["top", "t.mcap", "--ui", "plain"])
        try Patience.require("ten samples in a row that name \(stage)") {
            let named = top.output.split(separator: "\n")
                .filter { $0.hasSuffix("limits the run") }.suffix(10)
            return named.count == 10 && named.allSatisfy { $0.contains(" \(stage) ") }
        }
        #expect(!run.hasEnded)
    }

    @Test func `lines come for a run found by its process, and end with it`() throws {
        let run = try recording("t.mcap")
        let top = try weir.start(["top", "\(run.process)", "--ui", "plain"])
        try Patience.require("lines of two samples") {
            top.output.split(separator: "\n").filter { $0.contains("shipments ") }.count >= 3
        }
        run.send(SIGKILL)
        let outcome = try top.finish()
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("died: no end in its trace"), "\(outcome)")
        #expect(!outcome.output.contains("\u{1B}"))
    }

    @Test func `a run that is stopped is told to be old, and Ctrl-C leaves with 0`() throws {
        let run = try recording("t.mcap")
        let top = try weir.start(["top", "t.mcap", "--ui", "plain"])
        try Patience.require("lines") { top.output.contains("shipments") }
        run.send(SIGSTOP)
        try Patience.require("its age") { top.errors.contains("the newest sample is 4") }
        run.send(SIGCONT)
        try Patience.require("samples again") { top.errors.contains("samples come again") }
        top.send(SIGINT)
        #expect(try top.finish().code == 0)
        #expect(!run.hasEnded)
    }

    @Test func `without an argument the newest trace is shown and said to have ended`() throws {
        let run = try weir("run", "orders", "--limit", "1500", "--ui", "none")
        #expect(run.code == 0, "\(run)")
        let top = try weir("top")
        #expect(top.code == 0, "\(top)")
        #expect(top.errors.contains("is the newest trace"))
        #expect(top.errors.contains("ended: finished"))
        #expect(top.outputLines.count == 8, "\(top)")
    }

    @Test(arguments: ["logs", "spans", "schedule", "metrics"])
    func `a followed export writes what an export of the finished trace writes`(
        signal: String
    ) throws {
        let run = try recording("t.mcap")
        let follow = try weir.start(["export", "t.mcap", "--follow", "--signal", signal])
        try Patience.require("lines while it runs") { !follow.output.isEmpty }
        #expect(!run.hasEnded)
        run.send(SIGINT)
        #expect(try run.finish().code == 0)
        let followed = try follow.finish()
        #expect(followed.code == 0, "\(followed)")
        #expect(followed.output == (try weir("export", "t.mcap", "--signal", signal)).output)
    }

    @Test func `a followed export ends with a run that dies, and has what its lanes held`() throws {
        let run = try recording("t.mcap")
        let follow = try weir.start(["export", "t.mcap", "--follow", "--signal", "schedule"])
        try Patience.require("lines while it runs") { !follow.output.isEmpty }
        run.send(SIGKILL)
        _ = try run.finish()
        let followed = try follow.finish()
        #expect(followed.code == 0)
        #expect(followed.errors.contains("incomplete"), "\(followed.errors)")
        #expect(followed.output == (try weir("export", "t.mcap", "--signal", "schedule")).output)
    }

    @Test func `a followed export is left by Ctrl-C with 0 and by a closed pipe quietly`() throws {
        let run = try recording("t.mcap")
        let follow = try weir.start(["export", "t.mcap", "--follow", "--signal", "metrics"])
        try Patience.require("lines") { !follow.output.isEmpty }
        follow.send(SIGINT)
        let left = try follow.finish()
        #expect(left.code == 0 && left.errors.isEmpty, "\(left)")
        #expect(left.output.hasSuffix("\n"))
        let piped = try weir.shell(
            "\"$WEIR\" export t.mcap --follow --signal metrics 2>err | head -n 1; wc -c < err")
        #expect(piped.code == 0)
        #expect(piped.outputLines.last == "0", "\(piped)")
        #expect(!run.hasEnded)
    }
}
