import Foundation
import Testing
import WeirBase
import WeirTelemetry
import WeirTrace

@testable import WeirReplay

/// Input that a trace has only a hash of, read again from its file.
@Suite struct RecordedInputTests {
    private static let text = "one\ntwo\nthree\n"

    /// What is read of the middle line where the file has this text; nil where there is no file.
    private static func read(
        _ text: String?, offset: UInt64 = 4, isDirectory: Bool = false
    ) throws -> [UInt8]? {
        let path = NSTemporaryDirectory() + "weir-input-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        if isDirectory {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
        } else {
            try text?.write(toFile: path, atomically: false, encoding: .utf8)
        }
        var hash = StableHash()
        hash.combine(bytes: Array("two\n".utf8))
        let block = InputBlock(
            source: 0, index: 0, kind: .bytes, offset: offset, length: 4, hash: hash.value,
            time: 0, bytes: nil)
        var isGiven = false
        var found: [UInt8]?
        try withRewritten(shipped("overdrawn")) { batch in
            if !isGiven { batch.inputs = [block] }
            isGiven = true
        } _: { trace in
            let name = try #require(trace.header.sources.first).name
            let inputs = RecordedInputs(trace: trace, paths: [name: path])
            found = try inputs.next(of: 0)?.bytes
        }
        return found
    }

    @Test func `a block is read from where it lay in its file`() throws {
        #expect(try Self.read(Self.text) == Array("two\n".utf8))
        // What lies behind it may be missing.
        #expect(try Self.read("one\ntwo\n") == Array("two\n".utf8))
    }

    @Test(
        arguments: [
            ("one\ntoo\nthree\n", 4, "has other bytes"), ("one\ntwo", 4, "ends early"),
            ("", 4, "ends early"), (nil, 4, "cannot be opened (No such file or directory)"),
            (text, .max, "is too short"),
        ] as [(String?, UInt64, String)])
    func `a file that is not the recorded one is refused with the place`(
        text: String?, offset: UInt64, reason: String
    ) throws {
        let error = #expect(throws: InputChanged.self) {
            try Self.read(text, offset: offset)
        }
        #expect(error?.reason == reason && error?.offset == offset)
    }

    @Test func `a directory is no file that can be read again`() {
        let error = #expect(throws: InputChanged.self) {
            try Self.read(nil, isDirectory: true)
        }
        #expect(error?.reason == "is no file that can be read again")
    }

    @Test func `a source that the header does not name has no place and can be read again`() throws
    {
        let trace = try shipped("overdrawn")
        let inputs = RecordedInputs(trace: trace, paths: [:])
        let sources = trace.header.sources
        for index in sources.indices {
            #expect(inputs.location(of: index) == sources[index].location)
            #expect(inputs.isRepeatable(index) == (sources[index].isRepeatable ?? true))
        }
        #expect(inputs.location(of: sources.count) == nil && inputs.isRepeatable(sources.count))
    }

    private static func result(_ subtask: SubtaskIndex, _ call: UInt64) -> CallResult {
        CallResult(subtask: subtask, call: call, bytes: [UInt8(call)])
    }

    @Test func `answers are given by their calls, and a copy goes on by itself`() throws {
        var isGiven = false
        try withRewritten(shipped("overdrawn")) { batch in
            if !isGiven {
                batch.results = [Self.result(0, 1), Self.result(1, 1), Self.result(0, 2)]
            }
            isGiven = true
        } _: { trace in
            let results = RecordedResults(trace: trace)
            let later = try results.result(of: 0, call: 2)
            #expect(later == [2])
            // Read on the way, and kept.
            let copy = results.copy()
            for one in [copy, results] {
                let first = try one.result(of: 0, call: 1)
                let other = try one.result(of: 1, call: 1)
                let again = try one.result(of: 1, call: 1)
                #expect(first == [1] && other == [1])
                #expect(again == nil, "it is given once")
            }
        }
    }
}
