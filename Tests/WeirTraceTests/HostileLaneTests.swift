import Foundation
import Glibc
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// Lane files that somebody made to hurt whoever reads them, or cuts meanwhile. What cannot be
/// ends what is believed of them, and nothing traps or fills the memory.
@Suite struct HostileLaneTests {
    @Test func `lanes that are cut while they are read are as they were found`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap.lanes"
            do {
                let lanes = try MappedLanes.create(
                    path: path, run: Fixture.run, layout: LaneFileTests.layout)
                lanes.lanes.workers[1].reserve(1)
                lanes.lanes.workers[1].noteTurn(
                    step: 7, kind: .input, subtask: 1, inlet: 0, count: 3, time: 4)
            }
            guard case .left(let left) = try MappedLanes.find(path: path) else {
                Issue.record("the lanes were not found")
                return
            }
            try #require(truncate(path, 0) == 0)
            left.lanes.rewindToTails()
            #expect(left.lanes.workers[1].peek()?.number == 7)
            #expect(left.lanes.workers[0].peek() == nil)
        }
    }

    @Test func `more open turns than a schedule can say end what is believed of lanes`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path, [Fixture.batches[0]], end: nil)
            let layout = LaneLayout(
                workers: 1, workerSlots: 1 << 17, sources: [], executors: 0)
            do {
                let lanes = try MappedLanes.create(
                    path: path + ".lanes", run: Fixture.run, layout: layout)
                let lane = lanes.lanes.workers[0]
                for step in 0..<ScheduleCodec.maximumOpen + 10 {
                    lane.reserve(1)
                    lane.noteTurn(
                        step: Step(5 + step), kind: .input, subtask: 1, inlet: 0, count: 1, time: 9)
                }
            }
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            // One turn is open in the file.
            #expect(rewritten.steps.count == 4 + ScheduleCodec.maximumOpen - 1)
            let contents = try Contents(Trace.open(path: folder + "/new.mcap"))
            #expect(contents.schedules.last?.steps.last?.step == rewritten.steps)
        }
    }

    @Test func `a lane's note of more bytes than a block may have is not believed`() throws {
        let lanes = LaneSet(
            layout: LaneLayout(
                workers: 1, workerSlots: 64, sources: [.kibibytes(4)], executors: 1, readerSlots: 64
            ))
        let lane = lanes.readers[0]
        for count in [1 << 11, 1 << 11 + 1] {
            let words: [UInt64] = [UInt64(count), 0, 0, 0]
            lane.notes.reserve(3)
            _ = words.withUnsafeBufferPointer {
                lane.notes.note(kind: LaneNote.inputBlock, number: 0, 0, 0, more: $0)
            }
            let note = try #require(lane.notes.peek())
            #expect((lane.input(of: note) != nil) == (count <= lane.maximumBlock))
            lane.notes.advance(past: note)
        }
        let executor = lanes.executors[0]
        executor.notes.reserve(1)
        executor.notes.note(
            kind: LaneNote.callResult, number: 1, UInt64(executor.maximumBlock + 1) << 32, 0)
        #expect(executor.result(of: try #require(executor.notes.peek())) == nil)
    }

    @Test func `notes of a lane that share their bytes are believed as far as the ring has them`()
        throws
    {
        let lanes = LaneSet(
            layout: LaneLayout(
                workers: 1, workerSlots: 64, sources: [.kibibytes(4)], executors: 0, readerSlots: 64
            ))
        let lane = lanes.readers[0]
        for index in 0..<9 {
            // A quarter of the ring, and always the same one.
            let words: [UInt64] = [1 << 10, 0, 0, 0]
            lane.notes.reserve(3)
            _ = words.withUnsafeBufferPointer {
                lane.notes.note(
                    kind: LaneNote.inputBlock, number: UInt64(index), 0, 0, more: $0)
            }
        }
        var merge = LaneMerge(lanes: lanes, header: Fixture.header)
        merge.collect()
        #expect(merge.tail.inputs.map(\.index) == [0, 1, 2, 3])
    }

    @Test func `a long stretch of steps is divided without a change to what it says`() throws {
        var whole = ScheduleBatch()
        for batch in Fixture.schedules { join(batch, to: &whole) }
        // As a merge gives them.
        whole.ends.sort { $0.step < $1.step }
        for entries in 1...22 {
            for numbers in [1, 3, 100] {
                let division = SchedulePieces(maximumEntries: entries, maximumNumbers: numbers)
                let encoder = ScheduleEncoder()
                let decoder = ScheduleDecoder()
                var found = ScheduleBatch()
                for piece in division.pieces(of: whole) {
                    #expect(piece.steps.count + piece.ends.count <= entries)
                    join(try decoder.decode(try encoder.encode(piece)[...]), to: &found)
                }
                #expect(described(found) == described(whole), "\(entries) \(numbers)")
            }
        }
    }

    /// Adds a stretch of the schedule to the one before it.
    private func join(_ batch: ScheduleBatch, to whole: inout ScheduleBatch) {
        for var note in batch.steps {
            let words = batch.words(of: note)
            note.words = whole.words.count..<whole.words.count + words.count
            whole.words += words
            whole.steps.append(note)
        }
        for var end in batch.ends {
            let emitted = batch.emitted(of: end)
            end.emitted = whole.emitted.count..<whole.emitted.count + emitted.count
            whole.emitted += emitted
            whole.ends.append(end)
        }
    }

    /// What a stretch says, in whatever order its numbers lie.
    private func described(_ batch: ScheduleBatch) -> [String] {
        batch.steps.map { note in
            "\(note.step) \(note.kind) \(note.subtask) \(note.count) \(batch.words(of: note))"
        }
            + batch.ends.map { "\($0.step) \($0.duration) \(batch.emitted(of: $0))" }
    }

    @Test func `a ring whose blocks would fit no chunk is refused`() throws {
        let size = UInt64(1 << 40)
        for (bytes, isRefused) in [(Mcap.maximumChunk, false), (2 * Mcap.maximumChunk, true)] {
            let layout = LaneLayout(lanes: [
                LaneSpec(role: .rest, index: 0, slots: 64),
                LaneSpec(role: .reader, index: 0, slots: 64, dataBytes: ByteCount(bytes)),
            ])
            let page = try #require(LaneFileHeader(run: Fixture.run, layout: layout).page)
            let header = try? LaneFileHeader(page: page, fileSize: size)
            #expect((header == nil) == isRefused, "\(bytes) bytes")
        }
    }
}
