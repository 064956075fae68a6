import Foundation
import Glibc
import Testing

/// Whatever stands at a path that a flag writes to: refused and as it was, or written.
struct OverwriteTests {
    /// What stands at the path `place` of a scratch folder.
    enum Thing: String, CaseIterable, Sendable {
        case file, emptyFile, foreignMcap, trace, recordedTrace, cutTrace, directory, pipe, socket
        case characterDevice, blockDevice
        case linkToFile, linkToDirectory, linkToPipe, linkToDevice, linkToTrace, linkLoop
        case belowMissingFolder, belowFile, standardOutput, nothing

        var needsRoot: Bool { self == .characterDevice || self == .blockDevice }
        /// The argument that leads there.
        var argument: String {
            switch self {
            case .belowMissingFolder: "none/place"
            case .belowFile: "rows/place"
            case .standardOutput: "-"
            case .nothing: ""
            default: "place"
            }
        }
    }

    /// The commands with a flag that writes; `PLACE` is the path.
    static let writers = [
        "run orders --limit 20 --rate max --ui none --record PLACE",
        "run orders --limit 20 --rate max --ui none --overwrite --record PLACE",
        "run orders --limit 20 --rate max --ui none --no-record --output PLACE",
        "run orders --limit 20 --rate max --ui none --no-record --output shipments=PLACE",
        "recover t.mcap --output PLACE",
        "export t.mcap --signal schedule --output PLACE",
        "replay t.mcap --output PLACE",
    ]

    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        _ = try weir(
            "run", "orders", "--limit", "20", "--rate", "max", "--ui", "none", "--record",
            "t.mcap", "--output", "rows")
    }

    /// What must be refused, with 2 and before anything is touched.
    private static func isRefused(_ thing: Thing, by writer: String) -> Bool {
        switch thing {
        case .standardOutput: writer.contains("--record") || writer.contains("recover")
        case .file, .emptyFile, .foreignMcap, .cutTrace, .pipe, .characterDevice, .linkToFile,
            .linkToPipe, .linkToDevice:
            writer.contains("--record") || writer.contains("recover")
        case .trace, .linkToTrace: !writer.contains("--overwrite")
        case .recordedTrace, .directory, .socket, .blockDevice, .linkToDirectory, .linkLoop,
            .belowMissingFolder, .belowFile, .nothing:
            true
        }
    }

    @Test(arguments: writers)
    func `what is refused stays as it was, whatever it is`(writer: String) throws {
        for thing in Thing.allCases where Self.isRefused(thing, by: writer) {
            if thing.needsRoot, getuid() != 0 { continue }
            let recorder = try make(thing)
            let before = try inventory(whileRecording: recorder != nil)
            let line = writer.replacingOccurrences(of: "PLACE", with: "'\(thing.argument)'")
            let outcome = try weir.shell("exec timeout 20 \"$WEIR\" \(line)")
            #expect(outcome.code == 2, "\(thing): \(outcome)")
            #expect(outcome.errors.hasPrefix("weir: error: "), "\(thing): \(outcome)")
            let after = try inventory(whileRecording: recorder != nil)
            #expect(after == before, "\(thing): \(outcome)")
            try remove(thing, recorder)
        }
    }

    @Test(arguments: writers.filter { !$0.contains("--record") && !$0.contains("recover") })
    func `devices and pipes are written as they are, and files emptied first`(
        writer: String
    ) throws {
        var things: [Thing] = [.file, .emptyFile, .linkToFile, .pipe, .linkToPipe]
        if getuid() == 0 { things += [.characterDevice, .linkToDevice] }
        for thing in things {
            _ = try make(thing)
            let node = status("place")
            let line = writer.replacingOccurrences(of: "PLACE", with: thing.argument)
            let isPipe = thing == .pipe || thing == .linkToPipe
            let outcome = try weir.shell(
                (isPipe ? "cat place > got & " : "") + "timeout 20 \"$WEIR\" \(line)"
                    + (isPipe ? "; code=$?; wait; exit $code" : ""))
            #expect(outcome.code == 0, "\(thing): \(outcome)")
            #expect(status("place") == node, "\(thing)")
            if isPipe { #expect(scratch.size("got") > 0, "\(thing)") }
            if thing == .file || thing == .linkToFile {
                #expect(try scratch.text("place").hasPrefix("{"), "\(thing)")
            }
            try remove(thing, nil)
        }
    }

    @Test(arguments: [
        ("--output t.mcap --record u.mcap", "a recorded run"),
        ("--output u.mcap --record u.mcap", "overwrite the output"),
        ("--output u.mcap.lanes --record u.mcap", "overwrite the output"),
        ("--output link --record u.mcap", "overwrite the output"),
        ("--output hard --record rows", "overwrite the output"),
    ])
    func `places of one run that are one file are refused, however they are spelt`(
        flags: String, hint: String
    ) throws {
        symlink("u.mcap", scratch.file("link"))
        link(scratch.file("rows"), scratch.file("hard"))
        let before = try inventory()
        let outcome = try weir.shell(
            "\"$WEIR\" run orders --limit 20 --rate max --ui none \(flags)")
        #expect(outcome.code == 2 && outcome.errors.contains(hint), "\(outcome)")
        #expect(try inventory() == before)
    }

    @Test func `the folder of traces is kept small at the cost of traces alone`() throws {
        try scratch.write("big", [UInt8](repeating: 0, count: 1))
        let made = try weir.shell(
            """
            mkdir weir-traces && cd weir-traces && truncate -s 700M mine.mcap &&
            cp ../t.mcap old.mcap && truncate -s 1100M old.mcap && touch -d '2 days ago' *.mcap
            """)
        #expect(made.code == 0, "\(made)")
        let outcome = try weir("run", "orders", "--limit", "20", "--rate", "max", "--ui", "none")
        #expect(outcome.code == 0 && outcome.errors.contains("removed    weir-traces/old.mcap"))
        #expect(scratch.size("weir-traces/mine.mcap") == 700 << 20)
    }

    // MARK: Things

    /// Puts a thing at the place; gives who records into it.
    private func make(_ thing: Thing) throws -> RunningProcess? {
        let target = scratch.file("target")
        let path = scratch.file("place")
        switch thing {
        case .file: try scratch.write("place", "mine\n")
        case .emptyFile: try scratch.write("place", "")
        case .foreignMcap: try scratch.write("place", "\u{89}MCAP0\r\n and what else there is")
        case .trace: try scratch.copy("t.mcap", "place")
        case .recordedTrace:
            let run = try weir.start([
                "run", "orders", "--limit", "0", "--record", "place", "--ui", "none",
            ])
            try Patience.require("the trace") { scratch.size("place") > 1_000 || run.hasEnded }
            return run
        case .cutTrace: try scratch.write("place", Array(scratch.bytes("t.mcap").prefix(20)))
        case .directory: mkdir(path, 0o755)
        case .pipe: mkfifo(path, 0o644)
        case .socket:
            let made = try weir.shell(
                "exec python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"place\")'")
            #expect(made.code == 0, "\(made)")
        case .characterDevice: mknod(path, S_IFCHR | 0o666, makeNumber(1, 3))
        case .blockDevice: mknod(path, S_IFBLK | 0o660, makeNumber(7, 201))
        case .linkToFile:
            try scratch.write("target", "mine\n")
            symlink("target", path)
        case .linkToDirectory:
            mkdir(target, 0o755)
            symlink("target", path)
        case .linkToPipe:
            mkfifo(target, 0o644)
            symlink("target", path)
        case .linkToDevice: symlink("/dev/null", path)
        case .linkToTrace:
            try scratch.copy("t.mcap", "target")
            symlink("target", path)
        case .linkLoop: symlink("place", path)
        case .belowMissingFolder, .belowFile, .standardOutput, .nothing: break
        }
        return nil
    }

    private func remove(_ thing: Thing, _ recorder: RunningProcess?) throws {
        if let recorder {
            recorder.send(SIGKILL)
            _ = try recorder.finish()
        }
        _ = try weir.shell("rm -rf place place.lanes target got")
    }

    private func makeNumber(_ major: UInt64, _ minor: UInt64) -> dev_t {
        dev_t(major << 8 | minor & 0xFF | (minor & ~0xFF) << 12)
    }

    /// What can be told apart of a file.
    private struct Seen: Equatable {
        var mode: UInt32
        var inode: UInt64
        var device: UInt64
        var size: Int
        var contents: Data?
    }

    private func status(_ name: String) -> Seen? {
        var status = stat()
        guard lstat(scratch.file(name), &status) == 0 else { return nil }
        return Seen(
            mode: UInt32(status.st_mode), inode: UInt64(status.st_ino),
            device: UInt64(status.st_rdev), size: 0)
    }

    /// Every file of the folder but what processes print. A trace that is recorded grows.
    private func inventory(whileRecording: Bool = false) throws -> [String: Seen] {
        var found: [String: Seen] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: scratch.path) {
            if name.hasPrefix(".out-") || name.hasPrefix(".err-") { continue }
            guard var seen = status(name) else { continue }
            let kind = mode_t(seen.mode) & S_IFMT
            if kind == S_IFREG, !(whileRecording && name.hasPrefix("place")) {
                seen.size = scratch.size(name)
                seen.contents = try Data(scratch.bytes(name))
            }
            if kind == S_IFLNK {
                let target = try FileManager.default.destinationOfSymbolicLink(
                    atPath: scratch.file(name))
                seen.contents = Data(target.utf8)
            }
            found[name] = seen
        }
        return found
    }
}
