import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

@Suite struct ScheduleCodecTests {
    @Test func `durations keep three significant bits`() throws {
        for shift in 0..<32 {
            for offset in [UInt32(0), 1, 2, 3, 5] {
                let duration = (1 << UInt32(shift)) &+ offset
                let code = DurationCode.code(duration)
                let back = try #require(DurationCode.duration(code))
                #expect(DurationCode.code(back) == code)
                let error = back > duration ? back - duration : duration - back
                #expect(error <= duration / 8)
            }
        }
        #expect(DurationCode.duration(DurationCode.code(.max)) != nil)
        for code in UInt8.min...UInt8.max {
            guard let duration = DurationCode.duration(code) else { continue }
            #expect(DurationCode.code(duration) == code)
        }
    }

    @Test func `a block cut or flipped anywhere never traps`() throws {
        let block = try ScheduleEncoder().encode(Fixture.schedules[0])
        for count in block.indices {
            #expect(throws: MalformedBytes.self) {
                try ScheduleDecoder().decode(block.prefix(count))
            }
        }
        for index in block.indices {
            for bit in 0..<8 {
                var changed = block
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: MalformedBytes.self, "byte \(index), bit \(bit)") {
                    try ScheduleDecoder().decode(changed[...])
                }
            }
        }
    }

    /// The chain proves nothing to somebody who computes it: columns are checked by themselves.
    @Test func `random columns with a fitting chain never trap`() throws {
        var generator = SeededGenerator(seed: 11)
        var decoded = 0
        for _ in 0..<2_000 {
            let steps = Int(generator.next() % 6)
            var columns: [ColumnWriter] = []
            for name in ScheduleCodec.columnNames {
                var column = ColumnWriter()
                let count =
                    name == "kind" ? steps : name == "duration" ? 0 : Int(generator.next() % 12)
                for _ in 0..<count {
                    let byte = UInt8(truncatingIfNeeded: generator.next())
                    column.append(byte: name == "kind" ? 1 + byte % 11 : byte)
                }
                columns.append(column)
            }
            var writer = ByteWriter()
            writer.append(ScheduleCodec.version)
            writer.append(fixed: UInt64(1))
            writer.append(varint: UInt64(steps))
            writer.append(varint: 0)
            writer.append(varint: 0)
            writer.append(fixed: UInt64(0))
            ColumnSet.write(columns, to: &writer, zstd: Zstd())
            writer.append(
                fixed: ScheduleEncoder.chain(
                    after: 0, from: 1, steps: steps, columns.map(\.bytes)))
            do {
                _ = try ScheduleDecoder().decode(writer.bytes[...])
                decoded += 1
            } catch {
                #expect(!error.reason.isEmpty)
            }
        }
        #expect(decoded < 2_000)
    }

    @Test func `a claim of many bytes is refused before they are allocated`() throws {
        var writer = ByteWriter()
        writer.append(varint: 1)
        writer.append(varint: UInt64(ColumnSet.maximumBytes) + 1)
        writer.append(varint: 0)
        var reader = ByteReader(writer.bytes)
        var stored: [ByteCount] = []
        #expect(throws: MalformedBytes.self) {
            try ColumnSet.read(["a"], from: &reader, zstd: Zstd(), stored: &stored)
        }
    }

    /// A block of these columns, of which the others are empty, with a chain that fits.
    private func block(
        _ bytes: [String: [UInt8]], steps: Int, version: UInt8 = ScheduleCodec.version
    ) -> [UInt8] {
        let columns = ScheduleCodec.columnNames.map { name in
            var column = ColumnWriter()
            column.append(contentsOf: bytes[name] ?? [])
            return column
        }
        var writer = ByteWriter()
        writer.append(version)
        writer.append(fixed: UInt64(1))
        writer.append(varint: UInt64(steps))
        writer.append(varint: 0)
        writer.append(varint: 0)
        writer.append(fixed: UInt64(0))
        ColumnSet.write(columns, to: &writer, zstd: Zstd())
        writer.append(
            fixed: ScheduleEncoder.chain(after: 0, from: 1, steps: steps, columns.map(\.bytes)))
        return writer.bytes
    }

    @Test func `a rest point of the first version is read without markers`() throws {
        // A rest point 7 us after the start, and a void: the columns are those of both versions,
        // but for the number of markers.
        var columns: [String: [UInt8]] = [
            "kind": [10, 11], "time": [14], "digest": [1, 2, 3, 4, 5, 6, 7, 8],
        ]
        let first = block(columns, steps: 2, version: ScheduleCodec.versionWithoutMarkers)
        columns["wordCount"] = [0]
        let second = block(columns, steps: 2)
        let read = try ScheduleDecoder().decode(first[...])
        let same = try ScheduleDecoder().decode(second[...])
        #expect(read == same)
        #expect(read.steps[0].time == 7 && read.steps[0].digest == 0x0807_0605_0403_0201)
        // Neither is read as the other.
        for (block, version) in [(first, ScheduleCodec.version), (second, 1)] {
            let changed = [version] + block.dropFirst()
            #expect(throws: MalformedBytes.self) { try ScheduleDecoder().decode(changed[...]) }
        }
    }

    @Test func `an access belongs to a step before it`() throws {
        // A void, and an access that lies so many steps behind its turn.
        for (back, turn) in [(1, 1), (2, nil), (3, nil)] as [(UInt8, Step?)] {
            let block = block(
                ["kind": [11, 8], "subtask": [0], "port": [0], "turn": [back]], steps: 2)
            let batch = try? ScheduleDecoder().decode(block[...])
            #expect(batch?.steps.last?.turn == turn, "\(back)")
        }
    }

    @Test func `a number of more than 64 bits is refused`() {
        for (last, value) in [(1, UInt64.max), (2, nil), (3, nil)] as [(UInt8, UInt64?)] {
            let bytes = [UInt8](repeating: 0xFF, count: 9) + [last]
            var column = ColumnReader(name: "a", bytes: bytes)
            #expect((try? column.next()) == value, "\(last)")
            var reader = ByteReader(bytes)
            #expect((try? reader.varint()) == value, "\(last)")
        }
    }

    @Test func `all columns of a message share one bound`() throws {
        let half = [UInt8](repeating: 0, count: ColumnSet.maximumBytes / 2)
        for more in [0, 1] {
            var first = ColumnWriter()
            first.append(contentsOf: half)
            var second = first
            if more > 0 { second.append(byte: 0) }
            var writer = ByteWriter()
            ColumnSet.write([first, second], to: &writer, zstd: Zstd())
            var reader = ByteReader(writer.bytes)
            var stored: [ByteCount] = []
            let columns = try? ColumnSet.read(
                ["a", "b"], from: &reader, zstd: Zstd(), stored: &stored)
            #expect((columns != nil) == (more == 0))
        }
    }

    @Test func `a turn whose end was lost is not open behind a rest point`() throws {
        var batch = ScheduleBatch()
        Fixture.turn(&batch, step: 1, subtask: 0, time: 1)
        batch.ends = []
        var rest = StepNote(step: 2, kind: .rest)
        rest.time = 2
        batch.steps.append(rest)
        Fixture.turn(&batch, step: 3, subtask: 0, time: 3)
        batch.ends = []
        let encoder = ScheduleEncoder()
        let decoder = ScheduleDecoder()
        _ = try decoder.decode(try encoder.encode(batch)[...])
        #expect(encoder.state.open.map(\.step) == [3])
        #expect(decoder.state == encoder.state)
    }

    @Test func `a missing block is a missing step`() throws {
        let encoder = ScheduleEncoder()
        _ = try encoder.encode(Fixture.schedules[0])
        let second = try encoder.encode(Fixture.schedules[1])
        let error = #expect(throws: MalformedBytes.self) {
            try ScheduleDecoder().decode(second[...])
        }
        #expect(error?.reason.contains("step 1 is missing") == true)
    }

    @Test func `a step out of order is refused when it is written`() {
        var batch = ScheduleBatch()
        Fixture.turn(&batch, step: 2, subtask: 0, time: 1)
        let error = #expect(throws: TraceError.self) { try ScheduleEncoder().encode(batch) }
        #expect(error?.reason.contains("step 2 was recorded where 1 was due") == true)
    }

    @Test func `at full load a turn takes six bytes or less`() throws {
        let bytes = try Self.bytesPerTurn(count: 256)
        print("schedule: \(bytes) bytes a turn at full load")
        #expect(bytes <= 6)
    }

    @Test func `with one element a turn it takes eight bytes or less`() throws {
        let bytes = try Self.bytesPerTurn(count: 1)
        print("schedule: \(bytes) bytes a turn of one element")
        #expect(bytes <= 8)
    }

    /// Four subtasks on two workers as a run interleaves them: a source, two filters behind an
    /// exchange, a sink with two inlets; times in µs, 64th samples, ends a few turns late.
    private static func bytesPerTurn(count: UInt32) throws -> Double {
        var generator = SeededGenerator(seed: 3)
        func below(_ bound: UInt64) -> UInt64 { generator.next() % bound }
        let encoder = ScheduleEncoder()
        let decoder = ScheduleDecoder()
        let clock = ContinuousClock()
        var encoding = Duration.zero
        var decoding = Duration.zero
        var step: Step = 1
        var time = RunTime.start
        var bytes = 0
        var turns = 0
        for _ in 0..<16 {
            var batch = ScheduleBatch()
            var waiting: [(step: Step, subtask: SubtaskIndex)] = []
            for _ in 0..<8_000 {
                let subtask = SubtaskIndex(below(4))
                time = time + .microseconds(Int64(count > 1 ? 2 + below(20) : below(3)))
                let taken = count > 1 && below(10) == 0 ? UInt32(1 + below(255)) : count
                var note = StepNote(step: step, kind: .input)
                note.subtask = subtask
                note.port = subtask == 3 ? UInt16(below(2)) : 0
                note.count = taken
                note.time = time - .microseconds(Int64(below(3)))
                batch.steps.append(note)
                waiting.append((step, subtask))
                if waiting.count > 2 {
                    let ended = waiting.remove(at: Int(below(2)))
                    end(ended, count, &batch, below)
                }
                step = step.next
                turns += 1
            }
            for ended in waiting { end(ended, count, &batch, below) }
            let start = clock.now
            let block = try encoder.encode(batch)
            let middle = clock.now
            _ = try decoder.decode(block[...])
            encoding += middle - start
            decoding += clock.now - middle
            bytes += block.count
        }
        print("a turn: \(encoding / turns) to write, \(decoding / turns) to read in this build")
        return Double(bytes) / Double(turns)
    }

    private static func end(
        _ turn: (step: Step, subtask: SubtaskIndex), _ count: UInt32, _ batch: inout ScheduleBatch,
        _ below: (UInt64) -> UInt64
    ) {
        var emitted: [UInt32] = []
        switch turn.subtask {
        case 0:
            let left = count > 1 ? 120 + UInt32(below(17)) : UInt32(below(2))
            emitted = [left, count - left]
        case 1, 2: emitted = [count > 1 ? 100 + UInt32(below(30)) : UInt32(below(2))]
        default: break
        }
        let duration = count > 1 ? 10 + UInt32(below(25)) : UInt32(below(3))
        Fixture.end(
            &batch, step: turn.step, emitted: emitted, duration: duration,
            sample: turn.step.isMultiple(of: 64) ? below(.max) : nil)
    }
}
