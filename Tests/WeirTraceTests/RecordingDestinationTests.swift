import Foundation
import Glibc
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// Where a trace may be written, and what stays as it is.
@Suite struct RecordingDestinationTests {
    private func create(
        _ path: String, overwrites: Bool, meanwhile: () throws -> Void = {}
    ) throws {
        let destination = try RecordingDestination(path, overwrites: overwrites)
        try meanwhile()
        let created = try destination.create(
            run: Fixture.run, layout: LaneFileTests.layout, header: Fixture.header,
            byteBound: nil)
        try created.writer.finish(Fixture.end)
        try created.lanes.remove()
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func inode(_ path: String) -> UInt64 {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test func `a trace gives way to another when asked, and nothing else is left`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            try create(path, overwrites: false)
            let first = inode(path)
            let refused = #expect(throws: TraceError.self) { try create(path, overwrites: false) }
            #expect(refused?.code == .usage && refused?.reason.contains("--overwrite") == true)
            #expect(inode(path) == first)
            try create(path, overwrites: true)
            #expect(inode(path) != first)
            #expect(try names(folder) == ["t.mcap"])
        }
    }

    @Test func `lanes that a dead run left go with their trace, and alone they stay`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            try create(path, overwrites: false)
            do {
                _ = try MappedLanes.create(
                    path: path + ".lanes", run: Fixture.run, layout: LaneFileTests.layout)
            }
            #expect(throws: TraceError.self) { try create(path, overwrites: false) }
            try create(path, overwrites: true)
            #expect(try names(folder) == ["t.mcap"])
            do {
                _ = try MappedLanes.create(
                    path: folder + "/u.mcap.lanes", run: Fixture.run,
                    layout: LaneFileTests.layout)
            }
            let error = #expect(throws: TraceError.self) {
                try create(folder + "/u.mcap", overwrites: true)
            }
            #expect(error?.reason.contains("a run that died") == true)
            #expect(try names(folder) == ["t.mcap", "u.mcap.lanes"])
        }
    }

    @Test(arguments: ["file", "folder", "pipe", "link"])
    func `what stands where the lanes belong is never touched`(kind: String) throws {
        try withFolder { folder in
            let (path, lanes) = (folder + "/t.mcap", folder + "/t.mcap.lanes")
            switch kind {
            case "file": try write("mine", lanes)
            case "folder": mkdir(lanes, 0o700)
            case "pipe": mkfifo(lanes, 0o600)
            default: symlink("elsewhere", lanes)
            }
            let before = inode(lanes)
            let error = #expect(throws: TraceError.self) { try create(path, overwrites: true) }
            #expect(error?.code == .usage)
            #expect(inode(lanes) == before)
            #expect(try names(folder) == ["t.mcap.lanes"])
        }
    }

    @Test func `what came to the place after it was judged is put back`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            try create(path, overwrites: false)
            let error = #expect(throws: TraceError.self) {
                try create(path, overwrites: true) {
                    try FileManager.default.removeItem(atPath: path)
                    try write("mine", path)
                }
            }
            #expect(error?.code == .usage)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
            #expect(try names(folder) == ["t.mcap"])
        }
    }

    @Test func `a file that got the number of the one that was judged is put back`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            try write("mine", path)
            let found = try FileLocation(path)
            let number = try #require(found.number)
            // As if the trace that was judged had had this number.
            let error = #expect(throws: TraceError.self) { try SetAside(path, number, .trace) }
            #expect(error?.code == .usage)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
            #expect(try names(folder) == ["t.mcap"])
        }
    }

    @Test func `a file that is put back does not replace what came meanwhile`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            try write("old", path)
            let number = try #require(try FileLocation(path).number)
            let aside = try SetAside(path, number, .file)
            try write("new", path)
            aside.putBack()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            // The old one waits in its folder.
            let waiting = try #require(try names(folder).first { $0 != "t.mcap" })
            let old = try String(contentsOfFile: "\(folder)/\(waiting)/trace", encoding: .utf8)
            #expect(old == "old")
        }
    }

    @Test func `a file of another program is no trace of ours, though it is MCAP`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            try create(path, overwrites: false)
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let profile = try #require(bytes.firstRange(of: Array(Mcap.profile.utf8)))
            bytes.replaceSubrange(profile, with: Array("ros2".utf8))
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try FileLocation(path).kind == .file)
            let error = #expect(throws: TraceError.self) { try create(path, overwrites: true) }
            #expect(error?.code == .usage)
            #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
        }
    }

    @Test func `what came to a free place after it was judged is an error`() throws {
        try withFolder { folder in
            let path = folder + "/t.mcap"
            let error = #expect(throws: TraceError.self) {
                try create(path, overwrites: false, meanwhile: { try write("mine", path) })
            }
            #expect(error?.code == .usage)
            let (text, left) = try (String(contentsOfFile: path, encoding: .utf8), names(folder))
            #expect(text == "mine" && left == ["t.mcap"])
        }
    }

    @Test func `a link is followed, also to where nothing is, and the lanes lie there`() throws {
        try withFolder { folder in
            mkdir(folder + "/there", 0o700)
            symlink("there/t.mcap", folder + "/link.mcap")
            let destination = try RecordingDestination(folder + "/link.mcap", overwrites: false)
            let created = try destination.create(
                run: Fixture.run, layout: LaneFileTests.layout, header: Fixture.header,
                byteBound: nil)
            #expect(try names(folder + "/there") == ["t.mcap", "t.mcap.lanes"])
            #expect(try Trace.open(path: folder + "/link.mcap").isRecording)
            try created.writer.finish(Fixture.end)
            try created.lanes.remove()
            #expect(try names(folder) == ["link.mcap", "there"])
        }
    }

    @Test(arguments: ["loop", "a/b", "none/t.mcap", "file/t.mcap", "none/"])
    func `a path that leads nowhere is refused`(name: String) throws {
        try withFolder { folder in
            symlink("loop", folder + "/loop")
            try write("", folder + "/file")
            let error = #expect(throws: TraceError.self) {
                try RecordingDestination(folder + "/" + name, overwrites: true)
            }
            #expect(error?.code == .usage)
        }
    }
}
