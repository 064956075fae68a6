import Testing
import WeirTelemetry

@testable import WeirTrace

/// What holds for every export, by the list in which they are registered.
@Suite struct ExportSignalTests {
    /// The lines of a small trace, as `export` writes them.
    private func lines(
        _ export: (Trace, @escaping ExportOutput) throws -> Void
    ) throws -> String {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path, Fixture.batches)
            let trace = try Trace.open(path: path)
            var bytes: [UInt8] = []
            try withoutActuallyEscaping({ bytes.append(contentsOf: $0) }) { try export(trace, $0) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test(arguments: ExportSignals.all.indices)
    func `an export that follows writes what the export of the finished trace does`(
        index: Int
    ) throws {
        let signal = ExportSignals.all[index]
        let whole = try lines { try signal.write($0, filter: ExportFilter(), output: $1) }
        let followed = try lines { trace, output in
            let export = FollowedExport(trace, signal, output: output)
            try export.advance()
            try export.finish(ScheduleBatch())
        }
        #expect(!whole.isEmpty)
        #expect(followed == whole)
    }

    @Test(arguments: ExportSignals.all.indices)
    func `an export that nothing comes to has no line`(index: Int) throws {
        let signal = ExportSignals.all[index]
        let filter = ExportFilter(from: .seconds(3_600))
        #expect(try lines { try signal.write($0, filter: filter, output: $1) } == "")
    }

    @Test func `a name and a format mean one export`() {
        let words = ExportSignals.all.map { "\($0.name) \($0.format)" }
        #expect(Set(words).count == words.count)
    }
}
