import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

@Suite struct RoundTripTests {
    @Test func `what was recorded is what is read`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let trace = try Trace.open(path: path)
            let contents = try Contents(trace)
            let batches = Fixture.batches
            #expect(trace.isComplete)
            #expect(trace.recovery == .notNeeded)
            #expect(contents.header == Fixture.header)
            #expect(contents.end == Fixture.end)
            #expect(contents.schedules == batches.map(\.schedule))
            #expect(contents.inputs == batches.flatMap(\.inputs))
            #expect(contents.results == batches.flatMap(\.results))
            #expect(contents.logs == batches.flatMap(\.logs))
            #expect(contents.sites == Fixture.sites)
            #expect(contents.metrics == batches.flatMap(\.metrics))
            #expect(contents.incidents == batches.flatMap(\.incidents))
            #expect(try trace.lastStep() == 12)
        }
    }

    @Test func `scanning finds what the summary says`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let file = try InputFile(opening: path)
            let summary = try McapIndex(of: file)
            summary.checkInvariants()
            var scanned = McapIndex()
            scanned.dataEnd = UInt64(Mcap.magic.count)
            let size = try file.size()
            while try scanned.advance(file, size: size) { scanned.checkInvariants() }
            scanned.checkInvariants()
            #expect(scanned.isFinished && summary.isFinished)
            #expect(scanned.chunks == summary.chunks)
            #expect(scanned.metadata == summary.metadata)
            #expect(scanned.topics == summary.topics)
        }
    }

    @Test func `a trace holds its owner's data and nobody else reads it`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func `an existing file is replaced only when asked`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let error = #expect(throws: TraceError.self) { try Fixture.write(path) }
            #expect(error?.code == .usage)
            let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: true)
            try writer.finish(Fixture.end)
            #expect(try Contents(Trace.open(path: path)).schedules.isEmpty)
        }
    }

    @Test func `a full disk is said and not suffered`() throws {
        let error = #expect(throws: TraceError.self) {
            let file = try OutputFile(appendingTo: "/dev/full")
            try file.write([1, 2, 3])
        }
        #expect(error?.code == .operating)
        #expect(error?.reason.contains("space") == true)
    }

    @Test func `rule 28: recording stops at its bound, so that no input of a kept step ever goes`()
        throws
    {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let writer = try TraceWriter(
                path: path, header: Fixture.header, overwrite: false, byteBound: 1)
            let error = #expect(throws: TraceError.self) {
                try writer.consume(Fixture.batches[0])
            }
            #expect(error?.code == .bound)
            try writer.finish(Fixture.end)
            let trace = try Trace.open(path: path)
            #expect(trace.end == Fixture.end)
            #expect(!trace.isComplete)
        }
    }

    @Test func `a growing trace is followed by the same cursor`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            let writer = try TraceWriter(path: path, header: Fixture.header, overwrite: false)
            let trace = try Trace.open(path: path)
            let cursor = trace.schedule()
            #expect(try cursor.next() == nil)
            try writer.consume(Fixture.batches[0])
            try trace.refresh()
            #expect(try cursor.next() == Fixture.schedules[0])
            try writer.consume(Fixture.batches[1])
            try writer.finish(Fixture.end)
            try trace.refresh()
            #expect(try cursor.next() == Fixture.schedules[1])
            #expect(try cursor.next() == nil)
            #expect(trace.isComplete)
        }
    }

    @Test func `a schedule can be entered at any step`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let trace = try Trace.open(path: path)
            #expect(try trace.schedule(from: 4).next() == Fixture.schedules[0])
            #expect(try trace.schedule(from: 5).next() == Fixture.schedules[1])
            #expect(try trace.schedule(from: 1000).next() == Fixture.schedules[1])
        }
    }
}
