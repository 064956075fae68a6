import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

@Suite struct RecordCodecTests {
    private static let records = [
        Fixture.record(step: 5, values: [.integer(.min), .integer(.max), .integer(0)]),
        Fixture.record(
            step: 4, index: .max, operatorIndex: .max, ordinal: .max, subtask: .max, time: .min,
            site: .max, values: [.text(""), .text("äöü 🌊"), .double(-0.5), .flag(false)]),
        Fixture.record(step: 9, index: 0, values: []),
    ]

    private static func decode(_ message: ArraySlice<UInt8>) throws -> LogBatch? {
        var reader = ByteReader(message)
        guard case .records(let head) = try LogCodec.head(&reader) else { return nil }
        return try LogCodec.records(head, &reader, zstd: Zstd())
    }

    @Test func `log records of any value come back`() throws {
        let message = LogCodec.encode(Self.records[...], worker: 3, lost: 7, zstd: Zstd())
        let batch = LogBatch(worker: 3, records: Self.records, lost: 7)
        #expect(try Self.decode(message[...]) == batch)
    }

    /// A sample in which no member is missing.
    private static var wholeSample: MetricSample {
        var sample = Fixture.metric
        (sample.newest, sample.isPartial, sample.restsFor) = (7, true, .seconds(2))
        var subtask = sample.subtasks[0]
        (subtask.waiting, subtask.lagRecords, subtask.lagSince) = (3, 4, .milliseconds(5))
        (subtask.watermarkLag, subtask.skew) = (-6, 7)
        var latency = LatencySample(hop: LatencySample.wholeWay)
        (latency.sum, latency.counts) = (1_000, [3, 9])
        subtask.latencies = [latency]
        subtask.busiestKey = BusiestKey(key: "k", share: 0.25)
        subtask.drops = [DropSample(reason: "late", count: 1)]
        sample.subtasks = [subtask]
        sample.channels[0].oldestSince = .milliseconds(8)
        (sample.recorder.offersDropped, sample.recorder.sampleBytes) = (1, 2)
        sample.recorder.sampleNanoseconds = 3
        sample.process = ProcessSample(processorNanoseconds: 9, residentBytes: 10)
        return sample
    }

    /// The paths of the members of a value, and of what it holds, that are nil or empty.
    private static func missing(in value: Any, _ path: String = "sample") -> [String] {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            return mirror.children.first.map { missing(in: $0.value, path) } ?? [path]
        }
        if mirror.displayStyle == .collection, mirror.children.isEmpty { return [path] }
        return mirror.children.enumerated().flatMap { index, child in
            missing(in: child.value, "\(path).\(child.label ?? "\(index)")")
        }
    }

    @Test func `every member of a sample is written, as the library writes it, and comes back`()
        throws
    {
        let sample = Self.wholeSample
        // A member that is new has to be in the example as well.
        #expect(Self.missing(in: sample) == [])
        let json = JSONCodec.encode(sample)
        let generic: any Encodable = sample
        #expect(try json == JSONCodec.encode(generic))
        #expect(try JSONCodec.decode(MetricSample.self, json[...]) == sample)
    }

    @Test func `a sample's own JSON is that of the library, whatever its numbers are`() throws {
        var random = SeededGenerator(seed: 4)
        for round in 0..<50 {
            var sample = Fixture.metric
            sample.newest = round % 3 == 0 ? nil : Int64.random(in: .min ... .max, using: &random)
            sample.subtasks = (0..<round).map { number in
                var subtask = SubtaskSample(stage: "\"é\n/\(number)", subtask: number)
                subtask.recordsIn = random.next()
                subtask.recordsOut = random.next()
                subtask.bytesIn = ByteCount(random.next())
                subtask.bytesOut = .max
                subtask.errors = random.next()
                subtask.turns = TurnCount(random.next())
                subtask.busy = random.next()
                subtask.idle = random.next()
                subtask.backpressured = random.next()
                subtask.waiting = random.next() % 2 == 0 ? nil : random.next()
                subtask.lagRecords = number % 2 == 0 ? nil : random.next()
                subtask.watermarkLag = number % 3 == 0 ? nil : .min
                subtask.drops = (0..<number % 4).map {
                    DropSample(reason: "late\"\($0)", count: random.next())
                }
                if number % 5 == 0 { subtask.drops = nil }
                return subtask
            }
            if round % 2 == 0 {
                sample.recorder.offersDropped = random.next()
                sample.recorder.sampleBytes = ByteCount(random.next())
                sample.recorder.sampleNanoseconds = random.next()
            }
            let generic: any Encodable = sample
            #expect(try JSONCodec.encode(sample) == JSONCodec.encode(generic))
            let json = JSONCodec.encode(sample)
            #expect(try JSONCodec.decode(MetricSample.self, json[...]) == sample)
        }
    }

    @Test func `log messages cut or flipped anywhere never trap`() throws {
        let message = LogCodec.encode(Self.records[...], worker: 3, lost: 7, zstd: Zstd())
        for count in message.indices {
            #expect(throws: MalformedBytes.self) { try Self.decode(message.prefix(count)) }
        }
        for index in message.indices {
            for bit in 0..<8 {
                var changed = message
                changed[index] ^= 1 << UInt8(bit)
                do { _ = try Self.decode(changed[...]) } catch is MalformedBytes {}
            }
        }
    }

    @Test func `input and results cut or flipped anywhere never trap`() throws {
        let blocks = [Fixture.block(4, "some bytes"), Fixture.block(5, "")]
        let input = InputCodec.encode(blocks[...])
        let results = [CallResult(subtask: 3, call: 1 << 40, bytes: [1, 2])]
        let journal = InputCodec.encode(results[...])
        #expect(try InputCodec.decode(input[...]) == blocks)
        #expect(try InputCodec.decodeResults(journal[...]) == results)
        for (message, decode) in [
            (input, { (bytes: ArraySlice<UInt8>) in _ = try InputCodec.decode(bytes) }),
            (journal, { bytes in _ = try InputCodec.decodeResults(bytes) }),
        ] {
            for count in message.indices {
                #expect(throws: MalformedBytes.self) { try decode(message.prefix(count)) }
            }
            for index in message.indices {
                var changed = message
                changed[index] ^= 0x81
                do { try decode(changed[...]) } catch is MalformedBytes {}
            }
        }
    }

    @Test func `an input block without stored bytes keeps its hash only`() throws {
        var block = Fixture.block(0, "in a file")
        block.bytes = nil
        #expect(try InputCodec.decode(InputCodec.encode([block])[...]) == [block])
    }

    @Test func `a log record with one small integer takes twelve bytes or less`() throws {
        var generator = SeededGenerator(seed: 1)
        var records: [LogRecord] = []
        for step in 0..<200 {
            for index in 1...UInt32(1 + generator.next() % 64) {
                records.append(
                    Fixture.record(
                        step: Step(step * 3), index: index, subtask: SubtaskIndex(step % 4),
                        time: RunTime(step * 40), values: [.integer(Int64(generator.next() % 500))])
                )
            }
        }
        let zstd = Zstd()
        let clock = ContinuousClock()
        var message: [UInt8] = []
        let time = clock.measure {
            message = LogCodec.encode(records[...], worker: 0, lost: 0, zstd: zstd)
        }
        let bytes = Double(message.count) / Double(records.count)
        print("log: \(bytes) bytes a record, \(time / records.count) each in this build")
        #expect(bytes <= 12)
    }

    @Test func `a large batch is split into chunks that stay small`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            var batch = RecordBatch()
            let text = String(repeating: "x", count: 60_000)
            batch.inputs = (0..<40).map { Fixture.block($0, text) }
            batch.newSites = Fixture.sites
            batch.logs = [
                LogBatch(
                    worker: 0,
                    records: (1...200).map {
                        Fixture.record(step: $0, values: [.text(text), .integer(1)])
                    }, lost: 0)
            ]
            try Fixture.write(path, [batch])
            let trace = try Trace.open(path: path)
            for chunk in trace.store.current.chunks {
                #expect(chunk.uncompressedSize <= 400 << 10)
            }
            let contents = try Contents(trace)
            #expect(contents.inputs == batch.inputs)
            #expect(contents.logs.flatMap(\.records) == batch.logs[0].records)
        }
    }

    @Test func `sizes add up by topic and column`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let trace = try Trace.open(path: path)
            let sizes = try trace.verify()
            #expect(try trace.sizes() == sizes)
            #expect(sizes.steps == 12 && sizes.turns == 8 && sizes.ends == 8)
            #expect(sizes.logRecords == 3 && sizes.logsLost == 3)
            #expect(sizes.topics.first { $0.topic == .schedule }?.messages == 2)
            #expect(sizes.columns.map(\.name) == ScheduleCodec.columnNames)
            let total = sizes.topics.reduce(ByteCount.zero) { $0 + $1.bytes }
            #expect(total <= (try trace.byteCount))
        }
    }
}
