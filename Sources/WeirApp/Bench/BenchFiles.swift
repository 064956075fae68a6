import Glibc
import WeirBase
import WeirConnectors
import WeirEngine

/// The files of a measurement from file to file: events that both read, and the rows of each.
struct BenchFiles {
    let input: String
    /// Where the run writes.
    let output: String
    /// Where the bare loop writes.
    let loopOutput: String
    /// What is made for the measurement goes away with this.
    private let folder: TemporaryFolder

    /// The files that were named, and others in a folder of their own; events that are not there
    /// are generated.
    init(
        input: String?, output: String?, _ workload: any BenchWorkload.Type,
        _ request: BenchRequest
    ) throws {
        // The run would refuse it as well, and the bare loop may come before that.
        if let output {
            let others = input.map { OutputDestination.Other(path: $0, what: "the events") }
            _ = try OutputDestination(
                output, writer: "the run's rows", others: others.map { [$0] } ?? [])
        }
        do {
            folder = try TemporaryFolder(named: "weir-bench")
        } catch {
            throw CommandFailure(
                code: 5, what: "no place for the files: \(error)",
                advice: "Set TMPDIR to a folder that can be written")
        }
        loopOutput = folder.path + "/loop.jsonl"
        self.output = output ?? folder.path + "/rows.jsonl"
        self.input = input ?? folder.path + "/events.jsonl"
        guard input == nil else { return }
        let writing = try FileSink(path: self.input).open()
        try workload.generate(request, asRecords: false) { bytes in
            try bytes.withUnsafeBytes { try writing.write($0.bytes) }
        }
        try writing.close()
    }

    /// How many rows a file has, and the sum of their hashes as a sink has it.
    static func answer(of path: String) throws -> BenchAnswer {
        let reading = try FileSource(path: path).open()
        var answer = BenchAnswer(rows: 0, folded: 0)
        var rest: [UInt8] = []
        while case .bytes(let bytes, _) = reading.next(maximum: 1 << 20) {
            rest += bytes
            rest.removeFirst(rest.withUnsafeBytes { add($0, to: &answer) })
        }
        return answer
    }

    /// Adds the whole rows of these bytes; tells how many bytes they are.
    private static func add(_ bytes: UnsafeRawBufferPointer, to answer: inout BenchAnswer) -> Int {
        var start = 0
        while let base = bytes.baseAddress,
            let end = memchr(base + start, 0x0A, bytes.count - start)
        {
            let next = base.distance(to: UnsafeRawPointer(end)) + 1
            var hash = StableHash()
            hash.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<next]))
            answer.rows += 1
            answer.folded &+= hash.value
            start = next
        }
        return start
    }
}
