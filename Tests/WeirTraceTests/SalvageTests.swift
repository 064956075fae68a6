import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// What recovery makes of damaged traces: a whole file with every whole chunk that means anything.
@Suite struct SalvageTests {
    private func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func write(_ bytes: some Sequence<UInt8>, _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// Recovers a file and reads the result; nil where not even the header can be read.
    private func recovered(
        _ bytes: some Sequence<UInt8>, _ folder: String
    ) throws -> (rewritten: Trace.Rewritten, trace: Trace, contents: Contents)? {
        let (path, output) = (folder + "/damaged.mcap", folder + "/recovered.mcap")
        try write(bytes, path)
        let rewritten: Trace.Rewritten
        do {
            rewritten = try Trace.recover(path: path, to: output, overwrite: true)
        } catch {
            #expect([.damaged, .notATrace, .unknownVersion].contains(error.code), "\(error)")
            return nil
        }
        let trace = try Trace.open(path: output)
        #expect(trace.isClosed)
        _ = try trace.verify()
        return (rewritten, trace, try Contents(trace))
    }

    /// What of the whole trace the recovered one may hold.
    private func expectPart(
        _ contents: Contents, of whole: Contents, _ comment: Comment
    ) {
        let isPart =
            whole.schedules.starts(with: contents.schedules)
            && whole.inputs.starts(with: contents.inputs)
            && contents.logs.allSatisfy { whole.logs.contains($0) }
            && contents.incidents.allSatisfy { whole.incidents.contains($0) }
            && contents.metrics.allSatisfy { whole.metrics.contains($0) }
        #expect(isPart, comment)
    }

    /// The topics of the chunk that holds a byte; nil outside of chunks.
    private func topics(at offset: Int, _ index: McapIndex) -> [String]? {
        let entry = index.chunks.first { $0.offset <= offset && offset < $0.offset + $0.length }
        guard let entry else { return nil }
        return index.topics.filter { entry.holds(channel: $0.key) }.map(\.value)
    }

    @Test func `a byte changed anywhere costs the chunk it lies in and no other`() throws {
        try withFolder { folder in
            let path = folder + "/whole.mcap"
            try Fixture.write(path)
            var bytes = try bytes(path)
            let whole = try Contents(Trace.open(path: path))
            let index = try McapIndex(of: InputFile(opening: path))
            var unreadable = 0
            for offset in bytes.indices {
                let mask = UInt8(truncatingIfNeeded: offset &* 37) | 1
                bytes[offset] ^= mask
                defer { bytes[offset] ^= mask }
                guard let found = try recovered(bytes, folder) else {
                    unreadable += 1
                    continue
                }
                expectPart(found.contents, of: whole, "byte \(offset)")
                let lost = topics(at: offset, index) ?? []
                let needed = ["weir/schedule", "weir/input", "weir/journal"]
                if !lost.contains(where: needed.contains) {
                    let isWhole =
                        found.rewritten.cut == nil && found.contents.schedules == whole.schedules
                        && found.contents.inputs == whole.inputs
                    #expect(isWhole, "byte \(offset): \(found.rewritten)")
                }
                if !lost.contains("weir/log") {
                    let isWhole = found.contents.logs == whole.logs
                    #expect(isWhole, "byte \(offset): \(found.rewritten)")
                }
                #expect(!found.rewritten.hasDied, "byte \(offset)")
            }
            // The header stands once: nothing makes up for it.
            #expect(unreadable < Int(index.chunks[0].offset))
        }
    }

    @Test func `a byte changed anywhere in a file without a summary costs one chunk`() throws {
        try withFolder { folder in
            let path = folder + "/whole.mcap"
            try Fixture.write(path, end: nil)
            var bytes = try bytes(path)
            let whole = try Contents(Trace.open(path: path))
            let index = try McapIndex(of: InputFile(opening: path))
            for offset in Int(index.chunks[0].offset)..<bytes.count {
                bytes[offset] ^= 0x41
                defer { bytes[offset] ^= 0x41 }
                let found = try #require(try recovered(bytes, folder), "byte \(offset)")
                expectPart(found.contents, of: whole, "byte \(offset)")
                let lost = topics(at: offset, index) ?? []
                if lost.allSatisfy({ ["weir/log", "weir/metric", "weir/mark"].contains($0) }) {
                    let isWhole = found.contents.schedules == whole.schedules
                    #expect(isWhole, "byte \(offset): \(found.rewritten)")
                }
                #expect(found.rewritten.hasDied, "byte \(offset)")
            }
        }
    }

    @Test func `a file cut anywhere gives its whole chunks, and is whole afterwards`() throws {
        try withFolder { folder in
            let path = folder + "/whole.mcap"
            try Fixture.write(path)
            let bytes = try bytes(path)
            let whole = try Contents(Trace.open(path: path))
            var maximum = 0
            for count in bytes.indices {
                guard let found = try recovered(bytes.prefix(count), folder) else {
                    #expect(maximum == 0, "cut at \(count)")
                    continue
                }
                expectPart(found.contents, of: whole, "cut at \(count)")
                #expect(found.contents.schedules.count >= maximum, "cut at \(count)")
                #expect(found.rewritten.losses.isEmpty, "cut at \(count)")
                #expect(found.rewritten.hasDied == (found.contents.end == nil), "cut at \(count)")
                maximum = found.contents.schedules.count
            }
            #expect(maximum == whole.schedules.count)
        }
    }

    @Test func `patches of garbage never trap, and what comes out is whole`() throws {
        try withFolder { folder in
            let path = folder + "/whole.mcap"
            try Fixture.write(path)
            let bytes = try bytes(path)
            let whole = try Contents(Trace.open(path: path))
            var random = SeededGenerator(seed: 21)
            for round in 0..<300 {
                var damaged = bytes
                for _ in 0...random.below(4) {
                    let start = random.below(damaged.count)
                    let end = min(damaged.count, start + 1 + random.below(400))
                    switch random.below(4) {
                    case 0: damaged.removeSubrange(start..<end)
                    case 1: for offset in start..<end { damaged[offset] = 0 }
                    case 2: damaged.insert(contentsOf: damaged[start..<end], at: start)
                    default:
                        for offset in start..<end { damaged[offset] = UInt8(random.below(256)) }
                    }
                    if damaged.isEmpty { damaged = [0] }
                }
                guard let found = try recovered(damaged, folder) else { continue }
                #expect(
                    whole.schedules.starts(with: found.contents.schedules), "round \(round)")
                #expect(whole.inputs.starts(with: found.contents.inputs), "round \(round)")
            }
        }
    }

    /// Changes a byte in the middle of the first chunk that holds a topic.
    private func damage(_ topic: Topic, _ path: String, nth: Int = 0) throws -> McapChunkEntry {
        let index = try McapIndex(of: InputFile(opening: path))
        let channel = try #require(index.channel(topic.rawValue))
        let entry = index.chunks.filter { $0.holds(channel: channel) }[nth]
        var bytes = try bytes(path)
        bytes[Int(entry.offset) + 70] ^= 1
        try write(bytes, path)
        return entry
    }

    @Test func `lost logs are said and cost neither steps nor the run's end`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let before = try Contents(Trace.open(path: path))
            let entry = try damage(.log, path)
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.cut == nil && !rewritten.hasDied)
            let region = try #require(rewritten.losses.regions.first)
            #expect((region.offset, region.topics) == (entry.offset, [.log]))
            let trace = try Trace.open(path: folder + "/new.mcap")
            #expect(trace.end == before.end)
            #expect(!trace.isComplete)
            guard case .rewritten(let rewriting) = trace.recovery else {
                Issue.record("\(trace.recovery)")
                return
            }
            #expect(!rewriting.hasDied && rewriting.lost.contains("weir/log"))
            #expect(try Contents(trace).schedules == before.schedules)
            // Its statement went with the chunk: the records of the second batch keep their places.
            let statements = try trace.sites().map(\.message)
            #expect(statements == ["lost_statement", Fixture.sites[1].message])
            let last = try #require(try Contents(trace).logs.last)
            #expect(last == before.logs.last)
        }
    }

    @Test func `a gap in the schedule ends it, and logs behind it are kept`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let before = try Contents(Trace.open(path: path))
            _ = try damage(.schedule, path, nth: 1)
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.steps == 4)
            #expect(rewritten.cut?.step == 4)
            #expect(
                rewritten.whatIsWhole
                    == "The first 4 steps can still be replayed, those up to step 9 cannot; "
                    + "logs reach to step 7")
            let trace = try Trace.open(path: folder + "/new.mcap")
            #expect(trace.end == nil)
            #expect(try Contents(trace).schedules == [before.schedules[0]])
            #expect(try Contents(trace).logs == before.logs)
            #expect(try Trace.survey(path: path) == rewritten)
        }
    }

    @Test func `a message index with a changed byte is known for one and costs nothing`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            // Of so many messages that the index is as long as a chunk may be.
            let samples = [[UInt8]](repeating: JSONCodec.encode(Fixture.metric), count: 6)
            let encoder = ScheduleEncoder()
            let blocks = try Fixture.schedules.map { try encoder.encode($0) }
            let chunks: [Fixture.ForgedChunk] = [
                (.metric, 0, samples), (.schedule, 0, [blocks[0]]), (.schedule, 1, [blocks[1]]),
            ]
            try Fixture.forge(path, chunks, end: nil)
            let whole = try bytes(path)
            let index = try McapIndex(of: InputFile(opening: path))
            let entry = index.chunks[0]
            let start = Int(entry.offset + entry.length)
            try #require(whole[start] == Mcap.Opcode.messageIndex.rawValue)
            // Its kind, its length, and the length of the entries in it: two of the three are left.
            for (offset, mask) in [(0, 0x40), (1, 0x04), (11, 0x04)] as [(Int, UInt8)] {
                var changed = whole
                changed[start + offset] ^= mask
                try write(changed, path)
                let rewritten = try Trace.survey(path: path)
                #expect(rewritten.losses.regions.map(\.topics) == [[]], "byte \(offset)")
                #expect(rewritten.cut == nil && rewritten.steps == 12, "byte \(offset)")
            }
        }
    }

    @Test func `a single step that is missing at the end is said`() throws {
        for (steps, isWhole) in [(12, true), (13, false)] as [(Step, Bool)] {
            try withFolder { folder in
                let path = folder + "/run.mcap"
                var end = Fixture.end
                end.steps = steps
                try Fixture.write(path, end: end)
                let rewritten = try Trace.survey(path: path)
                #expect(rewritten.steps == 12)
                #expect((rewritten.cut == nil) == isWhole)
                #expect(rewritten.cut?.lastKnown == (isWhole ? nil : steps))
            }
        }
    }

    @Test func `of a run that made calls nothing is believed behind what nobody can tell`() throws {
        var header = Fixture.header
        header.sources = [SourceInfo(name: "orders", kind: "generator", location: "")]
        let results = InputCodec.encode([CallResult(subtask: 0, call: 1, bytes: [1])][...])
        for calls in [[], [results]] {
            try withFolder { folder in
                let path = folder + "/run.mcap"
                let encoder = ScheduleEncoder()
                let blocks = try Fixture.schedules.map { try encoder.encode($0) }
                let chunks: [Fixture.ForgedChunk] = [
                    (.journal, 0, calls), (.schedule, 0, [blocks[0]]),
                    (.metric, 0, [JSONCodec.encode(Fixture.metric)]),
                    (.schedule, 1, [blocks[1]]),
                ]
                try Fixture.forge(path, chunks, header: header, end: nil)
                var bytes = try bytes(path)
                let index = try McapIndex(of: InputFile(opening: path))
                let last = index.chunks[index.chunks.count - 2]
                // From the metrics' chunk on to the next one nothing is left to tell what it was.
                for offset in 0..<Int(index.chunks[index.chunks.count - 1].offset - last.offset) {
                    bytes[Int(last.offset) + offset] = 0xFE
                }
                try write(bytes, path)
                let rewritten = try Trace.survey(path: path)
                #expect(rewritten.losses.count > 0)
                // Without calls the next block tells that no step is missing.
                #expect(rewritten.steps == (calls.isEmpty ? 12 : 4))
            }
        }
    }

    @Test func `a message that is there twice is taken once, and said`() throws {
        try withFolder { folder in
            let path = folder + "/twice.mcap"
            let sample = JSONCodec.encode(Fixture.metric)
            try Fixture.forge(path, [(.metric, 0, [sample, sample]), (.metric, 1, [sample])])
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.losses.regions.map(\.reason) == ["message 1 is there twice"])
            #expect(try Contents(Trace.open(path: folder + "/new.mcap")).metrics.count == 2)
        }
    }

    @Test func `many losses are counted and a few are told`() {
        var losses = Losses()
        for number in 0..<20 as Range<UInt64> {
            losses.add(
                Losses.Region(
                    offset: number, bytes: 3, topics: number == 9 ? [.log] : [], reason: "x"))
        }
        #expect(losses.regions.count == TraceBounds.maximumToldRegions)
        #expect(losses.regions.last?.offset == 7)
        #expect(losses.summary == "20 parts of 60 bytes, with weir/log")
    }

    @Test func `steps whose input is lost are not kept`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            _ = try damage(.input, path, nth: 1)
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.steps == 4)
            let trace = try Trace.open(path: folder + "/new.mcap")
            #expect(try Contents(trace).inputs.count == 2)
        }
    }

    @Test func `what lanes hold goes on behind lost logs, and not behind lost steps`() throws {
        for (topic, steps) in [(Topic.log, 5), (.schedule, 0)] as [(Topic, Step)] {
            try withFolder { folder in
                let path = folder + "/run.mcap"
                try Fixture.write(path, [Fixture.batches[0]], end: nil)
                let lanes = try MappedLanes.create(
                    path: MappedLanes.path(beside: path), run: Fixture.run,
                    layout: LaneFileTests.layout)
                withExtendedLifetime(lanes) { lanes in
                    lanes.lanes.workers[0].reserve(1)
                    lanes.lanes.workers[0].noteTurn(
                        step: 5, kind: .input, subtask: 0, inlet: 0, count: 1, time: 50)
                }
                withExtendedLifetime(lanes) {}
                let index = try McapIndex(of: InputFile(opening: path))
                let channel = try #require(index.channel(topic.rawValue))
                let entry = try #require(index.chunks.first { $0.holds(channel: channel) })
                var bytes = try bytes(path)
                bytes[Int(entry.offset) + 70] ^= 1
                try write(bytes, path)
                _ = lanes
                let copy = folder + "/copy.mcap"
                try FileManager.default.copyItem(atPath: path, toPath: copy)
                try FileManager.default.copyItem(
                    atPath: path + ".lanes", toPath: copy + ".lanes")
                let rewritten = try Trace.recover(path: copy, to: folder + "/new.mcap")
                #expect(rewritten.steps == steps, "\(topic)")
                #expect(rewritten.hasDied)
            }
        }
    }

    @Test func `a recovered file recovered again is the same`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            _ = try damage(.schedule, path, nth: 1)
            _ = try Trace.recover(path: path, to: folder + "/one.mcap")
            let again = try Trace.recover(path: folder + "/one.mcap", to: folder + "/two.mcap")
            #expect(again.losses.isEmpty && again.cut == nil)
            #expect(try bytes(folder + "/one.mcap") == bytes(folder + "/two.mcap"))
        }
    }

    /// Writes a trace of two metrics whose first was left out, with checksums that fit.
    private func writeWithoutFirst(_ topic: Topic, _ data: [UInt8], _ path: String) throws {
        let writer = try McapWriter(path: path, library: "weir", overwrite: false)
        try writer.writeMetadata(
            name: TraceMetadata.run,
            JSONCodec.members(Fixture.header, plain: [("format", TraceMetadata.version)]))
        let channel = try writer.addChannel(topic: topic.rawValue, schema: 0, encoding: "json")
        try writer.writeChunk(
            [McapMessage(channel: channel, sequence: 1, logTime: 1, data: data)], compress: true)
        try writer.writeMetadata(
            name: TraceMetadata.end,
            JSONCodec.members(Fixture.end, plain: [("complete", "true")]))
        try writer.finish()
    }

    @Test func `a message behind a missing one is kept, and the missing one is said`() throws {
        try withFolder { folder in
            let path = folder + "/gap.mcap"
            try writeWithoutFirst(.metric, JSONCodec.encode(Fixture.metric), path)
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.losses.regions.map(\.reason) == ["message 0 is missing"])
            let trace = try Trace.open(path: folder + "/new.mcap")
            #expect(try Contents(trace).metrics == [Fixture.metric])
        }
    }

    @Test func `steps behind a missing block are not kept`() throws {
        try withFolder { folder in
            let path = folder + "/gap.mcap"
            let encoder = ScheduleEncoder()
            _ = try encoder.encode(Fixture.schedules[0])
            let second = try encoder.encode(Fixture.schedules[1])
            try writeWithoutFirst(.schedule, second, path)
            let rewritten = try Trace.recover(path: path, to: folder + "/new.mcap")
            #expect(rewritten.steps == 0)
            // The head of the block that was not taken still tells how far the run came.
            #expect(rewritten.cut.map { $0.lastKnown >= 12 } == true)
        }
    }

    @Test func `a file of lengths that claim too much is given up soon`() throws {
        try withFolder { folder in
            let path = folder + "/hostile.mcap"
            var bytes = ByteWriter()
            bytes.append(contentsOf: Mcap.magic)
            for _ in 0..<TraceBounds.maximumGaps + 200 {
                // A schema that would end behind the file, and a record that can be found.
                bytes.append(Mcap.Opcode.schema.rawValue)
                bytes.append(fixed: UInt64(Mcap.maximumRecord))
                let start = bytes.beginRecord(.metadata)
                bytes.append(mcap: TraceMetadata.end)
                bytes.append(mcap: [])
                bytes.endRecord(start)
            }
            try write(bytes.bytes, path)
            let salvage = try McapSalvage(of: InputFile(opening: path))
            #expect(salvage.gaps.count == TraceBounds.maximumGaps + 1)
            // The last gap is what was given up.
            let last = try #require(salvage.index.chunks.last)
            #expect(last.offset + last.length == bytes.bytes.count)
        }
    }
}
