import Testing
import WeirBase

@testable import WeirTelemetry

/// Lanes beside lists: random operations, the same on both, and every fact of the lane's structure
/// behind each.
@Suite struct LaneModelTests {
    @Test(arguments: 0..<16 as Range<UInt64>)
    func `a note lane is a bounded list whose room comes back when it is given back`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed, stream: 0x1A4E)
        let test = TestLane()
        defer { withExtendedLifetime(test) {} }
        let lane = test.lane
        /// Slots of the notes in the lane that are not given back, and which of them were taken.
        var waiting: [(number: UInt64, slots: Int)] = []
        var taken = 0
        var reserved = 0
        var number: UInt64 = 0
        func used() -> Int { waiting.reduce(0) { $0 + $1.slots } }
        for _ in 0..<800 {
            switch random.below(6) {
            case 0:
                let count = 1 + random.below(9)
                let fits = used() + reserved + count <= lane.capacity
                #expect(lane.tryReserve(count) == fits)
                if fits { reserved += count }
            case 1, 2:
                let words = random.below(5) * 3
                let slots = 1 + NoteLane.extraSlots(words: words)
                guard reserved >= slots else { break }
                number += 1
                let more = (0..<UInt64(words)).map { $0 + number }
                let written = more.withUnsafeBufferPointer {
                    words == 0
                        ? {
                            lane.note(kind: 1, number: number, 5, 6); return 1
                        }()
                        : lane.note(kind: 1, number: number, 5, 6, more: $0)
                }
                #expect(written == slots)
                reserved -= slots
                waiting.append((number, slots))
            case 3:
                let count = random.below(reserved + 1)
                lane.release(count)
                reserved -= count
            case 4:
                let note = lane.peek()
                #expect(note?.number == (taken < waiting.count ? waiting[taken].number : nil))
                guard let note else { break }
                #expect(note.slots == waiting[taken].slots)
                lane.advance(past: note)
                taken += 1
            default:
                lane.free()
                waiting.removeFirst(taken)
                taken = 0
            }
            lane.checkInvariants()
            #expect(lane.backlog == waiting.prefix(taken).reduce(0) { $0 + $1.slots })
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `a data lane keeps bytes whole and in order over the ring's end`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed, stream: 0xDA7A)
        let lanes = LaneSet(
            layout: LaneLayout(workers: 1, workerSlots: 64, sources: [512], executors: 0))
        defer { withExtendedLifetime(lanes) {} }
        let lane = lanes.readers[0]
        var waiting: [[UInt8]] = []
        var used = 0
        var index: UInt64 = 0
        for _ in 0..<600 {
            if random.below(3) > 0 {
                let bytes = (0..<random.below(120)).map { UInt8(truncatingIfNeeded: $0) ^ 0x5A }
                guard used + bytes.count <= lane.dataCapacity else { continue }
                let isNoted = bytes.withUnsafeBytes {
                    lane.note(
                        input: .bytes, source: 3, index: index, offset: index * 7, bytes: $0,
                        isStored: true, time: 9, isCancelled: { true })
                }
                // The notes' own ring may be full before the bytes' is.
                guard isNoted else { continue }
                index += 1
                used += bytes.count
                waiting.append(bytes)
            } else {
                for bytes in waiting {
                    let note = try #require(lane.notes.peek())
                    let block = try #require(lane.input(of: note))
                    #expect(block.bytes == bytes && Int(block.length) == bytes.count)
                    lane.notes.advance(past: note)
                }
                #expect(lane.notes.peek() == nil)
                lane.free()
                (waiting, used) = ([], 0)
            }
            lane.checkInvariants()
        }
        #expect(index > 100)
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `a log lane is a list that drops what has no room`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x106)
        let lane = LogLane(
            capacity: 4 * TelemetryBounds.maximumLogRecordBytes.count, sites: LogSites())
        var waiting: [Step] = []
        var dropped: UInt64 = 0
        for step in 0..<1_500 as Range<Step> {
            if random.below(60) > 0 {
                let record = LogRecord(
                    step: step, index: 1, operatorIndex: 2, ordinal: 3, subtask: 4, time: 5,
                    site: 6, values: [])
                let before = lane.droppedCount
                lane.append(
                    record,
                    fields: ["text": .text(String(repeating: "y", count: random.below(4_000)))])
                if lane.droppedCount == before { waiting.append(step) } else { dropped += 1 }
            } else {
                let batch = lane.drain(worker: 0)
                #expect((batch?.records.map(\.step) ?? []) == waiting)
                waiting = []
            }
            lane.checkInvariants()
            #expect(lane.droppedCount == dropped)
        }
        #expect(dropped > 0, "the lane was never full: the test says nothing")
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `a sketch of keys stays bounded and never counts more than it saw`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x5EE)
        let sketch = KeySketch()
        for _ in 0..<5_000 {
            // Every fifth is one key; the others are hardly ever the same.
            let key = random.below(5) == 0 ? 1 : random.next() | 2
            sketch.add(key) { key == 1 ? "heavy" : String(repeating: "k", count: 90) }
            sketch.checkInvariants()
        }
        let counts = sketch.counts
        let heavy = counts.keys.first { $0.text == "heavy" }
        #expect(heavy.map { $0.count * 10 > counts.seen } == true)
    }
}
