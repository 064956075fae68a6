import Foundation
import Glibc
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

@Suite struct LaneFileTests {
    static let layout = LaneLayout(
        workers: 2, workerSlots: 256, sources: [.kibibytes(4)], executors: 1, readerSlots: 64)

    @Test func `rule 29: a lane file is its owner's, exclusive, and told as recording`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap.lanes"
            let lanes = try MappedLanes.create(
                path: path, run: Fixture.run, layout: Self.layout)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let again = #expect(throws: TraceError.self) {
                try MappedLanes.create(path: path, run: Fixture.run, layout: Self.layout)
            }
            #expect(again?.code == .usage)
            let overwritten = #expect(throws: TraceError.self) {
                try RecordingDestination(folder + "/run.mcap", overwrites: true)
            }
            #expect(overwritten?.reason.contains("another process") == true)
            guard case .recording = try MappedLanes.find(path: path) else {
                Issue.record("the recorder's lock was not seen")
                return
            }
            try lanes.remove()
            guard case .missing = try MappedLanes.find(path: path) else {
                Issue.record("the file is still there")
                return
            }
        }
    }

    @Test func `rule 29: a process that the recorder started does not hold its lanes`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap.lanes"
            let child: pid_t
            do {
                let lanes = try MappedLanes.create(
                    path: path, run: Fixture.run, layout: Self.layout)
                // Started while the lanes are locked, and alive when they are let go.
                child = try startedShell()
                withExtendedLifetime(lanes) {}
            }
            defer {
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
            }
            guard case .left = try MappedLanes.find(path: path) else {
                Issue.record("the lanes are still locked, by a process that does not record")
                return
            }
        }
    }

    /// A shell that waits, and has said that it runs: what is closed when it is executed is closed.
    ///
    /// By the system's own call: Foundation closes more than that.
    private func startedShell() throws -> pid_t {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let texts: [String] = ["sh", "-c", "echo; exec sleep 60"]
        var words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child = pid_t()
        try #require(posix_spawn(&child, "/bin/sh", &actions, nil, &words, environ) == 0)
        close(ends[1])
        var byte: UInt8 = 0
        try #require(read(ends[0], &byte, 1) == 1)
        close(ends[0])
        return child
    }

    @Test func `notes outlive the recorder and reading leaves the file as it is`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap.lanes"
            do {
                let lanes = try MappedLanes.create(
                    path: path, run: Fixture.run, layout: Self.layout)
                lanes.lanes.workers[1].reserve(1)
                lanes.lanes.workers[1].noteTurn(
                    step: 1, kind: .input, subtask: 1, inlet: 0, count: 3, time: 4)
            }
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            guard case .left(let left) = try MappedLanes.find(path: path) else {
                Issue.record("the lanes were not found")
                return
            }
            #expect(left.run == Fixture.run)
            #expect(left.lanes.layout == Self.layout)
            left.lanes.rewindToTails()
            let note = try #require(left.lanes.workers[1].peek())
            #expect(note.number == 1)
            left.lanes.workers[1].advance(past: note)
            left.lanes.free()
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
    }

    @Test func `whoever reads lanes keeps no lock on them`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap.lanes"
            do {
                _ = try MappedLanes.create(path: path, run: Fixture.run, layout: Self.layout)
            }
            guard case .left(let left) = try MappedLanes.find(path: path) else {
                Issue.record("the lanes were not found")
                return
            }
            let descriptor = open(path, O_RDWR)
            defer { close(descriptor) }
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            withExtendedLifetime(left) {}
        }
    }

    @Test func `a header cut or flipped anywhere is refused`() throws {
        let page = try #require(LaneFileHeader(run: Fixture.run, layout: Self.layout).page)
        let size = UInt64(page.count + Self.layout.byteCount)
        #expect(try LaneFileHeader(page: page, fileSize: size).layout == Self.layout)
        #expect(throws: MalformedBytes.self) {
            try LaneFileHeader(page: page, fileSize: size - 1)
        }
        for index in page.indices {
            #expect(throws: MalformedBytes.self) {
                try LaneFileHeader(page: Array(page.prefix(index)), fileSize: size)
            }
            var changed = page
            changed[index] ^= 0x10
            #expect(throws: MalformedBytes.self, "byte \(index)") {
                try LaneFileHeader(page: changed, fileSize: size)
            }
        }
    }

    @Test func `a layout with a fitting checksum is still checked`() throws {
        let size = UInt64(1 << 40)
        for lanes in [
            [LaneSpec(role: .rest, index: 0, slots: 63)],
            [LaneSpec(role: .rest, index: 0, slots: 96)],
            [LaneSpec(role: .rest, index: 0, slots: 1 << 25)],
            [LaneSpec(role: .rest, index: 0, slots: 64, dataBytes: 3)],
            [LaneSpec(role: .worker, index: 0, slots: 64)],
            [
                LaneSpec(role: .rest, index: 0, slots: 64),
                LaneSpec(role: .rest, index: 1, slots: 64),
            ],
        ] {
            let page = try #require(
                LaneFileHeader(run: Fixture.run, layout: LaneLayout(lanes: lanes)).page)
            #expect(throws: MalformedBytes.self) {
                try LaneFileHeader(page: page, fileSize: size)
            }
        }
    }
}
