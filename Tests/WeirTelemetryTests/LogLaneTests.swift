import Testing
import WeirBase
import WeirTelemetry

@Suite struct LogLaneTests {
    private let sites = LogSites()
    private let lane: LogLane

    init() {
        lane = LogLane(capacity: 4 * TelemetryBounds.maximumLogRecordBytes.count, sites: sites)
    }

    private func record(_ index: UInt32 = 1, values: [LogValue] = []) -> LogRecord {
        LogRecord(
            step: 88_009, index: index, operatorIndex: 2, ordinal: 3, subtask: 4, time: -5, site: 6,
            values: values)
    }

    private func roundTrip(_ fields: LogFields) throws -> [LogValue] {
        lane.append(record(), fields: fields)
        let batch = try #require(lane.drain(worker: 0))
        return try #require(batch.records.first).values
    }

    @Test func `a record comes back with values of every kind`() throws {
        let fields: LogFields = [
            "least": .integer(.min), "most": .integer(.max), "third": .double(1.0 / 3),
            "yes": true, "no": false, "text": "Wehr – 堰", "none": "",
        ]
        lane.append(record(), fields: fields)
        let batch = try #require(lane.drain(worker: 9))
        #expect(batch.worker == 9)
        #expect(batch.lost == 0)
        #expect(batch.records == [record(values: fields.elements.map(\.value))])
        #expect(lane.drain(worker: 9) == nil)
    }

    @Test func `not-a-number keeps its bits`() throws {
        let number = Double(nan: 0x77, signaling: false)
        guard case .double(let back)? = try roundTrip(["a": .double(number)]).first else {
            Issue.record("no number came back")
            return
        }
        #expect(back.bitPattern == number.bitPattern)
    }

    @Test func `records come out in order over many laps of the ring`() {
        var next: UInt32 = 0
        var expected: UInt32 = 0
        let text = String(repeating: "x", count: 900)
        for _ in 0..<50 {
            for _ in 0..<37 {
                lane.append(record(next), fields: ["text": .text(text)])
                next += 1
            }
            for record in lane.drain(worker: 0)?.records ?? [] {
                if record.index != expected { Issue.record("\(record.index) for \(expected)") }
                expected += 1
            }
        }
        #expect(expected == next)
        #expect(lane.droppedCount == 0)
    }

    @Test func `rule 27: records without room are lost and counted once`() throws {
        let text = String(repeating: "x", count: 15_000)
        for index in 0..<6 as Range<UInt32> {
            lane.append(record(index), fields: ["text": .text(text)])
        }
        #expect(lane.droppedCount == 2)
        let first = try #require(lane.drain(worker: 0))
        #expect(first.records.map(\.index) == [0, 1, 2, 3])
        #expect(first.lost == 2)
        lane.append(record(6), fields: [:])
        #expect(try #require(lane.drain(worker: 0)).lost == 0)
    }

    @Test func `the ring is filled to its last byte and no further`() throws {
        // A record's own length and its numbers take 38 bytes, the head of a text 3.
        let head = 4 + 4 + 8 + 4 + 2 + 2 + 4 + 8 + 2 + 1 + 2
        let room = TelemetryBounds.maximumLogRecordBytes.count / 4
        let quarter = String(repeating: "x", count: room - head)
        let full: LogFields = ["text": .text(quarter)]
        for _ in 0..<3 {
            for index in 0..<16 as Range<UInt32> { lane.append(record(index), fields: full) }
            #expect(lane.droppedCount == 0)
            #expect(try #require(lane.drain(worker: 0)).records.count == 16)
        }
        for index in 0..<15 as Range<UInt32> { lane.append(record(index), fields: full) }
        lane.append(record(15), fields: ["text": .text(quarter + "x")])
        #expect(lane.droppedCount == 1)
        lane.checkInvariants()
    }

    /// Characters of one to four bytes and clusters, so that the cut falls everywhere in them.
    @Test(arguments: ["x", "é", "堰", "🌊", "👨‍👩‍👧‍👦", "e\u{301}"])
    func `long text is cut between characters and says so`(character: Character) throws {
        for padding in 0..<4 {
            let text =
                String(repeating: "-", count: padding)
                + String(repeating: character, count: TelemetryBounds.maximumLogRecordBytes.count)
            guard case .text(let back)? = try roundTrip(["text": .text(text)]).first else {
                Issue.record("no text came back")
                return
            }
            #expect(back.utf8.count <= TelemetryBounds.maximumLogRecordBytes.count)
            #expect(back.utf8.count > TelemetryBounds.maximumLogRecordBytes.count - 100)
            #expect(back.hasSuffix("…"))
            let kept = back.unicodeScalars.dropLast()
            #expect(text.unicodeScalars.starts(with: kept))
        }
    }

    @Test func `a cut text takes no more than its room`() {
        let text = LogValue.text(String(repeating: "x", count: 1_000))
        for room in 8...600 {
            var writer = ByteWriter()
            LogRecord.encode(text, into: &writer, room: room)
            // The room is that behind the byte of the type.
            #expect(writer.count - 1 <= room, "\(room)")
        }
    }

    @Test func `fields behind a long one keep their places`() throws {
        let long = LogValue.text(String(repeating: "x", count: 40_000))
        let values = try roundTrip(["a": long, "b": 7, "c": long, "d": "short"])
        #expect(values.count == 4)
        #expect(values[1] == 7)
        #expect(values[2] == "…")
        #expect(values[3] == "…")
    }

    @Test func `every cut of an encoded value is refused`() {
        let values: [LogValue] = [.integer(.min), .double(0.5), .flag(true), .text("堰堰")]
        for value in values {
            var writer = ByteWriter()
            LogRecord.encode(value, into: &writer, room: 100)
            for count in 0..<writer.count {
                var reader = ByteReader(writer.bytes[..<count])
                #expect(throws: MalformedBytes.self) { try LogRecord.decodeValue(&reader) }
            }
        }
        var unknown = ByteReader([5])
        #expect(throws: MalformedBytes.self) { try LogRecord.decodeValue(&unknown) }
    }

    private func site(
        _ level: LogLevel = .info, _ message: StaticString = "order_reserved",
        file: StaticString = "A.swift", line: UInt32 = 1, fields: LogFields = [:]
    ) -> UInt32 {
        lane.site(level: level, message: message, file: file, line: line, fields: fields)
    }

    @Test func `a statement has one number, whoever meets it`() {
        let other = LogLane(capacity: 4 * TelemetryBounds.maximumLogRecordBytes.count, sites: sites)
        let number = site(fields: ["a": 1])
        #expect(site(fields: ["a": 2]) == number)
        #expect(
            other.site(
                level: .info, message: "order_reserved", file: "A.swift", line: 1, fields: ["a": 3])
                == number)
        #expect(sites.sites(from: 0).map(\.fields) == [["a"]])
    }

    @Test func `statements that differ in any part have different numbers`() {
        let numbers = [
            site(), site(.warning), site(.info, "other"), site(file: "B.swift"), site(line: 2),
            site(fields: ["a": 1]), site(fields: ["b": 1]),
        ]
        #expect(Set(numbers).count == numbers.count)
        #expect(sites.sites(from: 5).count == 2)
        #expect(sites.sites(from: 99).isEmpty)
    }

    @Test func `records are ordered by step, element, operator and making`() {
        let earlier = record()
        for change in [\LogRecord.ordinal, \.index] as [WritableKeyPath<LogRecord, UInt32>] {
            var later = earlier
            later[keyPath: change] += 1
            #expect(LogRecord.precedes(earlier, later))
            #expect(!LogRecord.precedes(later, earlier))
        }
        var behind = earlier
        behind.operatorIndex += 1
        behind.ordinal = 0
        #expect(LogRecord.precedes(earlier, behind))
        #expect(!LogRecord.precedes(behind, earlier))
        var later = earlier
        later.step = later.step.next
        later.index = 0
        #expect(LogRecord.precedes(earlier, later))
        #expect(!LogRecord.precedes(earlier, earlier))
    }
}
