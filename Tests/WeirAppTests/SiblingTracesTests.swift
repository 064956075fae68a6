import Foundation
import Testing
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirApp

/// How a newer trace of the same pipeline is found beside one that is shown.
@Suite struct SiblingTracesTests {
    /// Writes a trace of a run that started at a time.
    private func write(_ path: String, run: Int, started: Instant) throws {
        var header = RunHeader(
            run: String(repeating: "\(run)", count: 32), pipeline: "orders", version: "1",
            plan: "00112233aabbccdd", seed: 7)
        header.started = started
        let writer = try TraceWriter(path: path, header: header, overwrite: false)
        try writer.finish(RunEnd(cause: "finished", steps: 0, turns: 0, events: 0))
    }

    /// A folder with a trace that is shown, and files that come beside it and are no traces.
    private func withFolder(
        unreadable count: Int,
        _ body: (_ folder: String, _ siblings: inout SiblingTraces) throws -> Void
    ) throws {
        let folder = NSTemporaryDirectory() + "weir-siblings-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write(folder + "/shown.mcap", run: 1, started: Instant(nanoseconds: 1_000))
        var siblings = SiblingTraces(of: try Trace.open(path: folder + "/shown.mcap"))
        for number in 0..<count {
            try Data("no trace".utf8).write(to: URL(filePath: folder + "/a\(number).mcap"))
        }
        try body(folder, &siblings)
    }

    /// The newest trace that is found within a few looks.
    private func newest(_ siblings: inout SiblingTraces) -> String? {
        var looks = 0
        while !siblings.look(), looks < 10 { looks += 1 }
        return siblings.newest
    }

    @Test func `files that cannot be read keep nobody from a newer trace`() throws {
        try withFolder(unreadable: 40) { folder, siblings in
            try write(folder + "/newer.mcap", run: 2, started: Instant(nanoseconds: 2_000))
            #expect(newest(&siblings) == folder + "/newer.mcap")
        }
    }

    @Test func `a run that began before the one that is shown is no news`() throws {
        try withFolder(unreadable: 0) { folder, siblings in
            try write(folder + "/older.mcap", run: 2, started: Instant(nanoseconds: 999))
            #expect(newest(&siblings) == nil)
            // One that began in the same instant is another run, and may be the next.
            try write(folder + "/other.mcap", run: 3, started: Instant(nanoseconds: 1_000))
            #expect(newest(&siblings) == folder + "/other.mcap")
        }
    }

    @Test func `a trace whose header comes late is found among unreadable ones`() throws {
        try withFolder(unreadable: 40) { folder, siblings in
            try Data().write(to: URL(filePath: folder + "/late.mcap"))
            var isEarly = false
            for _ in 0..<5 where siblings.look() { isEarly = true }
            #expect(!isEarly)
            // The file gets its contents and stays the same file.
            try write(folder + "/written.mcap", run: 2, started: Instant(nanoseconds: 2_000))
            let bytes = try Data(contentsOf: URL(filePath: folder + "/written.mcap"))
            try FileManager.default.removeItem(atPath: folder + "/written.mcap")
            let file = try FileHandle(forWritingTo: URL(filePath: folder + "/late.mcap"))
            try file.write(contentsOf: bytes)
            try file.close()
            #expect(newest(&siblings) == folder + "/late.mcap")
        }
    }
}
