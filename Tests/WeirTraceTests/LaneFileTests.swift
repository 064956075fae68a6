import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

@Suite struct LaneFileTests {
    static let layout = LaneLayout(
        workers: 2, workerSlots: 256, sources: [1 << 12], executors: 1, readerSlots: 64)

    @Test func `a lane file is its owner's, exclusive, and told as recording`() throws {
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
                try RecordingPlace(folder + "/run.mcap", overwrites: true)
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

    @Test func `a header cut or flipped anywhere is refused`() throws {
        let page = try #require(LaneFileHeader(run: Fixture.run, layout: Self.layout).page)
        let size = UInt64(page.count + Self.layout.byteCount)
        #expect(try LaneFileHeader(page: page, fileSize: size).layout == Self.layout)
        #expect(throws: MalformedBytes.self) {
            try LaneFileHeader(page: page, fileSize: size - 1)
        }
        for place in page.indices {
            #expect(throws: MalformedBytes.self) {
                try LaneFileHeader(page: Array(page.prefix(place)), fileSize: size)
            }
            var changed = page
            changed[place] ^= 0x10
            #expect(throws: MalformedBytes.self, "byte \(place)") {
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
