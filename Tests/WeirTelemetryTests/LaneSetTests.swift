import Testing
import WeirBase
import WeirTelemetry

@Suite struct LaneLayoutTests {
    private static let layouts = [
        LaneLayout(workers: 1, workerSlots: 64, sources: [], executors: 0),
        LaneLayout(workers: 3, workerSlots: 4096, sources: [0, .mebibytes(1), 64], executors: 2),
        LaneLayout(lanes: [
            LaneSpec(role: .reader, index: 0, slots: 64, dataBytes: 1),
            LaneSpec(role: .rest, index: 0, slots: 64),
            LaneSpec(role: .executor, index: 0, slots: 128, dataBytes: 2),
        ]),
    ]

    @Test(arguments: layouts)
    func `lanes lie apart, aligned, and fill the block`(layout: LaneLayout) {
        var regions: [Range<Int>] = []
        for (index, spec) in layout.lanes.enumerated() {
            for (start, count) in [
                (layout.tails(of: index), 128), (layout.slots(of: index), spec.slots * 32),
                (layout.data(of: index), spec.dataBytes.count),
            ] {
                #expect(start % LaneLayout.alignment == 0)
                if count > 0 { regions.append(start..<start + count) }
            }
        }
        regions.sort { $0.lowerBound < $1.lowerBound }
        for (left, right) in zip(regions, regions.dropFirst()) {
            #expect(left.upperBound <= right.lowerBound)
        }
        #expect(regions.first?.lowerBound == 0)
        #expect(regions.last.map { layout.byteCount - $0.upperBound < 128 } == true)
        #expect(regions.last.map { $0.upperBound <= layout.byteCount } == true)
    }

    @Test func `an ordinary run has a lane for everyone who notes`() {
        let roles = Self.layouts[1].lanes.map(\.role)
        #expect(
            roles == [
                .rest, .worker, .worker, .worker, .reader, .reader, .reader, .executor, .executor,
            ])
    }

    @Test func `lanes of one set do not write into each other`() {
        let set = LaneSet(layout: Self.layouts[1])
        defer { withExtendedLifetime(set) {} }
        let lanes =
            [set.rest] + set.workers + set.readers.map(\.notes) + set.executors.map(\.notes)
        for (index, lane) in lanes.enumerated() {
            while lane.tryReserve(1) {
                lane.noteRest(step: Step(index), time: 0, digest: 0, markers: [])
            }
        }
        for (index, lane) in lanes.enumerated() {
            var count = 0
            while let note = lane.peek() {
                if note.number != UInt64(index) { Issue.record("a note of lane \(note.number)") }
                lane.advance(past: note)
                count += 1
            }
            #expect(count == lane.capacity)
        }
    }
}

@Suite struct LaneSetRoomTests {
    private let set = LaneSet(
        layout: LaneLayout(
            workers: 2, workerSlots: 64, sources: [256, 256], executors: 2, readerSlots: 64))

    @Test func `rule 2: whoever waits for room is seen, whichever lane it is`() {
        let lanes = set.workers + set.readers.map(\.notes) + set.executors.map(\.notes)
        for (index, lane) in lanes.enumerated() {
            #expect(!set.isRoomWanted)
            lane.askForRoom()
            #expect(set.isRoomWanted, "lane \(index)")
            // Whoever still waits asks again.
            set.free()
        }
        #expect(!set.isRoomWanted)
    }

    @Test func `rule 23: giving back reaches every lane and the bytes beside it`() {
        let lanes =
            [set.rest] + set.workers + set.readers.map(\.notes) + set.executors.map(\.notes)
        for lane in set.readers {
            let isNoted = [UInt8](repeating: 7, count: 128).withUnsafeBytes {
                lane.note(
                    input: .bytes, source: 0, index: 0, offset: 0, bytes: $0, isStored: true,
                    time: 0, isCancelled: { true })
            }
            #expect(isNoted)
            #expect(lane.notes.peek().flatMap { lane.input(of: $0) } != nil)
        }
        for lane in lanes {
            while lane.tryReserve(1) {
                lane.noteRest(step: 1, time: 0, digest: 0, markers: [])
            }
            while let note = lane.peek() { lane.advance(past: note) }
        }
        #expect(lanes.allSatisfy { $0.backlog == $0.capacity })
        set.free()
        #expect(lanes.allSatisfy { $0.backlog == 0 && $0.tryReserve($0.capacity) })
        #expect(set.readers.allSatisfy { $0.takenBytes == 0 })
    }
}

@Suite struct DataLaneTests {
    private let lanes: LaneSet
    private var lane: DataLane { lanes.readers[0] }

    init() {
        lanes = LaneSet(
            layout: LaneLayout(
                workers: 1, workerSlots: 64, sources: [256], executors: 1, readerSlots: 64))
    }

    private func note(
        _ bytes: [UInt8], index: UInt64, isStored: Bool = true, on lane: DataLane
    ) -> Bool {
        bytes.withUnsafeBytes { raw in
            lane.note(
                input: .bytes, source: 3, index: index, offset: index * 10, bytes: raw,
                isStored: isStored, time: 42, isCancelled: { true })
        }
    }

    private func take(_ lane: DataLane) -> [InputBlock] {
        var blocks: [InputBlock] = []
        while let note = lane.notes.peek() {
            if let block = lane.input(of: note) { blocks.append(block) }
            lane.notes.advance(past: note)
        }
        return blocks
    }

    @Test func `a block comes back with its place, hash and bytes`() {
        var hash = StableHash()
        hash.combine(bytes: [1, 2, 3])
        #expect(note([1, 2, 3], index: 9, on: lane))
        #expect(
            take(lane) == [
                InputBlock(
                    source: 3, index: 9, kind: .bytes, offset: 90, length: 3, hash: hash.value,
                    time: 42, bytes: [1, 2, 3])
            ])
    }

    @Test func `a block that is not stored keeps length and hash only`() {
        #expect(note([UInt8](repeating: 1, count: 5_000), index: 0, isStored: false, on: lane))
        let blocks = take(lane)
        #expect(blocks.first?.bytes == nil)
        #expect(blocks.first?.length == 5_000)
        #expect(lane.takenBytes == 0)
    }

    @Test(arguments: InputKind.allCases)
    func `every kind of block comes back`(kind: InputKind) {
        let noted = lane.note(
            input: kind, source: 0, index: 0, offset: 0,
            bytes: UnsafeRawBufferPointer(start: nil, count: 0), isStored: true, time: 0,
            isCancelled: { true })
        #expect(noted)
        let blocks = take(lane)
        #expect(blocks.first?.kind == kind)
        #expect(blocks.first?.bytes == [])
    }

    @Test func `blocks of every length go round the ring`() {
        var generator = SeededGenerator(seed: 12)
        for index in 0..<500 as Range<UInt64> {
            let bytes = (0..<generator.below(129)).map { UInt8(truncatingIfNeeded: $0) &+ 1 }
            #expect(note(bytes, index: index, on: lane))
            #expect(take(lane).first?.bytes == bytes)
            lane.free()
        }
    }

    @Test func `without room a cancelled note leaves nothing behind`() {
        #expect(note([UInt8](repeating: 1, count: 128), index: 0, on: lane))
        #expect(note([UInt8](repeating: 2, count: 128), index: 1, on: lane))
        #expect(!note([3], index: 2, on: lane))
        #expect(take(lane).map(\.index) == [0, 1])
        #expect(!note([3], index: 2, on: lane))
        #expect(lane.takenBytes == 256)
        #expect(lane.isHalfTaken)
        lane.free()
        #expect(!lane.isHalfTaken)
        #expect(note([3], index: 2, on: lane))
        #expect(take(lane).map(\.bytes) == [[3]])
        lane.free()
        // The slots that were set aside for what was cancelled were given back.
        #expect(lane.notes.tryReserve(lane.notes.capacity))
    }

    @Test func `without room a cancelled result leaves nothing behind`() {
        let lane = lanes.executors[0]
        let half = [UInt8](repeating: 1, count: lane.maximumBlock)
        for (call, isNoted) in [(1, true), (2, true), (3, false), (4, false)] as [(UInt64, Bool)] {
            #expect(
                lane.note(result: call, subtask: 0, bytes: half, isCancelled: { true }) == isNoted)
        }
        while let note = lane.notes.peek() { lane.notes.advance(past: note) }
        lane.free()
        #expect(lane.notes.tryReserve(lane.notes.capacity))
    }

    @Test func `without slots a cancelled note leaves nothing behind`() {
        var index: UInt64 = 0
        while note([], index: index, on: lane) { index += 1 }
        #expect(index == 21)
        #expect(take(lane).count == 21)
        lane.free()
        #expect(note([], index: index, on: lane))
    }

    @Test func `results come back with their bytes`() {
        let lane = lanes.executors[0]
        #expect(lane.note(result: 5, subtask: 7, bytes: [9, 8], isCancelled: { true }))
        #expect(lane.note(result: 6, subtask: 7, bytes: [], isCancelled: { true }))
        var results: [CallResult] = []
        while let note = lane.notes.peek() {
            #expect(lane.input(of: note) == nil)
            if let result = lane.result(of: note) { results.append(result) }
            lane.notes.advance(past: note)
        }
        #expect(
            results == [
                CallResult(subtask: 7, call: 5, bytes: [9, 8]),
                CallResult(subtask: 7, call: 6, bytes: []),
            ])
    }

    @Test func `rule 2: a note that cannot be is refused`() {
        let good: [UInt64] = [3, 0, 0, 0]
        func block(_ second: UInt64, _ more: [UInt64], kind: UInt8 = LaneNote.inputBlock) -> Bool {
            let note = RawNote(
                kind: kind, slots: 3, number: 0, second: second, third: 0, more: more)
            return lane.input(of: note) != nil
        }
        #expect(block(0, good))
        #expect(!block(0, good, kind: LaneNote.callResult))
        #expect(!block(7 << 16, good))
        #expect(!block(0, [3, 0, 0]))
        #expect(!block(0, [1 << 32, 0, DataLane.absent, 0]))
        // No writer puts more than half of the ring into one block.
        #expect(!block(0, [129, 0, 0, 0]))
        #expect(block(0, [128, 0, .max - 1, 0]))
    }

    @Test func `a set left behind is read from its tails`() {
        let layout = LaneLayout(
            workers: 1, workerSlots: 64, sources: [256], executors: 1, readerSlots: 64)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: layout.byteCount, alignment: LaneLayout.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
        defer { memory.deallocate() }
        let first = LaneSet(layout: layout, memory: memory)
        for index in 0..<3 as Range<UInt64> {
            #expect(note([UInt8](repeating: 7, count: 100), index: index, on: first.readers[0]))
            if index < 2 {
                _ = take(first.readers[0])
                first.free()
            }
        }
        let second = LaneSet(layout: layout, memory: memory)
        defer { withExtendedLifetime((first, second)) {} }
        second.rewindToTails()
        #expect(second.readers[0].takenBytes == 0)
        #expect(!second.readers[0].isHalfTaken)
        let blocks = take(second.readers[0])
        #expect(blocks.map(\.index) == [2])
        #expect(blocks.first?.bytes == [UInt8](repeating: 7, count: 100))
    }
}
