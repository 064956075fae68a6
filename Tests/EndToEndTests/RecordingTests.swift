import Glibc
import Testing

/// A trace that cannot be written, and one that somebody else writes.
struct RecordingTests {
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        try weir.scratch.write("a.log", Lines.noise())
    }

    @Test(arguments: ["none/t.mcap", ".", "/proc/t.mcap", ""])
    func `a place where no trace can be is refused before the run`(path: String) throws {
        let outcome = try weir(
            "run", "orders", "--limit", "10", "--rate", "max", "--record", path)
        #expect(outcome.code == 2 || outcome.code == 5, "\(outcome)")
        #expect(outcome.errors.hasPrefix("weir: error: "), "\(outcome)")
    }

    @Test func `a default recording that cannot be is said, and the run goes on`() throws {
        try scratch.write("weir-traces", "a file where the folder should be")
        let outcome = try weir("run", "orders", "--limit", "10", "--rate", "max")
        #expect(outcome.code == 0 && outcome.errors.contains("not recorded"), "\(outcome)")
        #expect(outcome.errors.contains("trace      none"), "\(outcome)")
    }

    /// Fills up while the whole input is taken into the trace.
    private static let run =
        "$WEIR run logs --input a.log --embed-input --output /dev/null --ui none"

    @Test func `an explicit trace that meets the limit on file sizes is code 5`() throws {
        let outcome = try weir.shell("ulimit -f 5000; exec \(Self.run) --record t.mcap")
        #expect(outcome.code == 5, "\(outcome)")
        #expect(outcome.errors.contains("t.mcap"), "\(outcome)")
    }

    @Test func `a default trace that meets the limit on file sizes is left, and the run goes on`()
        throws
    {
        let outcome = try weir.shell("ulimit -f 5000; exec \(Self.run)")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.errors.contains("goes on unrecorded"), "\(outcome)")
        #expect(outcome.errors.contains("logs finished"), "\(outcome)")
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `a full disk ends an explicit recording with code 5, and not a default one`() throws {
        let mounted = try weir.shell("mkdir small && mount -t tmpfs -o size=3500k tmpfs small")
        guard mounted.code == 0 else { return }
        defer { umount2(scratch.file("small"), Int32(MNT_DETACH)) }
        let explicit = try weir.shell("\(Self.run) --record small/t.mcap")
        #expect(explicit.code == 5, "\(explicit)")
        #expect(explicit.errors.contains("No space left"), "\(explicit)")
        let readable = try weir("inspect", "small/t.mcap")
        #expect(readable.code == 0 && readable.output.contains("complete   no"), "\(readable)")
        let automatic = try weir.shell(
            "rm small/*; cp a.log /dev/null; ln -s small weir-traces; \(Self.run)")
        #expect(automatic.code == 0, "\(automatic)")
        #expect(automatic.errors.contains("goes on unrecorded"), "\(automatic)")
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `a disk too small for the lanes is code 5 before the run`() throws {
        let mounted = try weir.shell("mkdir tiny && mount -t tmpfs -o size=100k tmpfs tiny")
        guard mounted.code == 0 else { return }
        defer { umount2(scratch.file("tiny"), Int32(MNT_DETACH)) }
        let outcome = try weir.shell("\(Self.run) --record tiny/t.mcap")
        #expect(outcome.code == 5 && outcome.errors.contains("No space left"), "\(outcome)")
        #expect(!scratch.exists("tiny/t.mcap.lanes"))
    }

    @Test func `a trace that another process records into is refused and left alone`() throws {
        let first = try weir.start([
            "run", "orders", "--limit", "0", "--record", "t.mcap", "--ui", "none",
        ])
        try Patience.require("the trace") { scratch.size("t.mcap") > 1_000 || first.hasEnded }
        for arguments in [
            ["run", "orders", "--limit", "10", "--rate", "max", "--record", "t.mcap"],
            ["replay", "t.mcap", "--verify"], ["recover", "t.mcap", "--output", "whole.mcap"],
        ] {
            let second = try weir.run(arguments)
            #expect(second.code == 2 && second.errors.contains("another process"), "\(second)")
        }
        // Reading a growing trace is allowed.
        #expect(try weir("inspect", "t.mcap").output.contains("still recording"))
        first.send(SIGINT)
        #expect(try first.finish().code == 0)
        #expect(try weir("replay", "t.mcap", "--verify").code == 0)
    }

    @Test func `recording stops at --keep, and what there is verifies`() throws {
        let outcome = try weir.shell("\(Self.run) --record t.mcap --keep 500kB")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.errors.contains("bound") && outcome.errors.contains("incomplete"))
        let replay = try weir("replay", "t.mcap", "--verify")
        #expect(replay.code == 0, "\(replay)")
    }
}
