import Foundation
import Testing

@testable import WeirApp

/// What is removed to keep the folder of automatic traces small, and what never is.
@Suite struct RetentionTests {
    /// Runs `body` with a folder of its own.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "weir-retention-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    /// Makes a file of so many megabytes that takes no room, written so many days ago. It begins as
    /// a trace of Weir's does, or as an MCAP file of another program.
    private func make(_ path: String, megabytes: UInt64, days: Double, isOurs: Bool) throws {
        let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
        let profile = Array((isOurs ? "weir" : "ros2").utf8)
        let header: [UInt8] = [1, 12, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0] + profile + [0, 0, 0, 0]
        try Data(magic + header).write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: megabytes * 1_000_000)
        try file.close()
        let time = Date(timeIntervalSince1970: 1_800_000_000 - days * 86_400)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
    }

    @Test func `a large file of somebody else costs no trace`() throws {
        try withFolder { folder in
            try make(folder + "/theirs.mcap", megabytes: 5_000, days: 9, isOurs: false)
            for day in 1...3 {
                try make(
                    folder + "/\(day).mcap", megabytes: 300, days: Double(day), isOurs: true)
            }
            #expect(Retention.makeRoom(in: folder) == [])
        }
    }

    @Test func `the oldest traces go, no more than needed, and nothing of somebody else`() throws {
        try withFolder { folder in
            try make(folder + "/theirs.mcap", megabytes: 800, days: 9, isOurs: false)
            for day in 1...4 {
                try make(
                    folder + "/\(day).mcap", megabytes: 400, days: Double(day), isOurs: true)
            }
            #expect(Retention.makeRoom(in: folder) == ["\(folder)/4.mcap", "\(folder)/3.mcap"])
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(left == ["1.mcap", "2.mcap", "theirs.mcap"])
        }
    }

    @Test func `a trace whose lanes lie beside it stays, as its run records or has died`() throws {
        try withFolder { folder in
            for day in 1...4 {
                try make(
                    folder + "/\(day).mcap", megabytes: 400, days: Double(day), isOurs: true)
            }
            try Data().write(to: URL(fileURLWithPath: folder + "/4.mcap.lanes"))
            #expect(Retention.makeRoom(in: folder) == ["\(folder)/3.mcap"])
        }
    }
}
