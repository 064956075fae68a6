import Glibc
import WeirBase
import WeirTelemetry
import WeirTrace

/// The input that a trace names is not there, or is another one.
package struct InputChanged: Error, Equatable, Sendable, CustomStringConvertible {
    /// The source's name.
    package let source: String
    package let path: String
    /// Where in the file the first block lies that is not the recorded one.
    package let offset: UInt64
    package let reason: String

    package var description: String {
        "the input of source \(source) is not the recorded one: \(PrintableText.escaped(path)) "
            + "\(reason) at byte \(offset). Name the right file with --input \(source)=PATH"
    }
}

/// The inputs of a run, as its trace has them: the bytes themselves, or where they lie and what
/// they hash to.
///
/// `RecordedOutside` asks for the next block of a source when a turn needs it. Bytes that the trace
/// has not are read in the file that it names, or in the one that the user names instead, and are
/// checked against the recorded hash: a file that changed since is told of, and never replayed as
/// if it were the old one. A copy reads on from the same block by itself; snapshots keep one. Owned
/// by one thread.
final class RecordedInputs {
    private let trace: Trace
    private let paths: [String: String]
    /// How far each source was read, by its index.
    private var cursors: [Int: InputCursor] = [:]
    /// Descriptors of opened files, by source's index; closed with this object.
    private var files: [Int: Int32] = [:]

    /// Inputs from the beginning. `paths` says by the source's name where a file lies now.
    init(trace: Trace, paths: [String: String]) {
        self.trace = trace
        self.paths = paths
    }

    deinit { for descriptor in files.values { close(descriptor) } }

    /// Inputs that read on from the same blocks by themselves. Files are opened anew when they are
    /// read.
    func copy() -> RecordedInputs {
        let other = RecordedInputs(trace: trace, paths: paths)
        other.cursors = cursors.mapValues { $0.copy() }
        return other
    }

    /// How the run named what a source read; nil where it has no name.
    func location(of source: Int) -> String? {
        source < trace.header.sources.count ? trace.header.sources[source].location : nil
    }

    /// Whether the run could have read again what it had not taken of a source. A header that names
    /// no such source is damage, which the first block says.
    func isRepeatable(_ source: Int) -> Bool {
        source < trace.header.sources.count
            ? trace.header.sources[source].isRepeatable ?? true : true
    }

    /// The next block of a source, with its bytes; nil behind the last.
    func next(of source: Int) throws -> InputBlock? {
        assert(
            UInt16(exactly: source) != nil,
            "source \(source) of a plan has a number that no note can hold")
        let cursor = cursors[source] ?? trace.inputs(source: UInt16(source))
        cursors[source] = cursor
        guard var block = try cursor.next() else { return nil }
        if block.bytes == nil, block.kind == .bytes { block.bytes = try read(block, source) }
        return block
    }

    /// The bytes of a block that the trace has only a hash of.
    private func read(_ block: InputBlock, _ source: Int) throws -> [UInt8] {
        assert(
            block.kind == .bytes && block.bytes == nil,
            "a block of kind \(block.kind) is looked for in a file, and the trace has it")
        guard source < trace.header.sources.count else {
            throw TraceError(
                .damaged, "the trace's header names no source \(source), which its plan has")
        }
        let info = trace.header.sources[source]
        let path = paths[info.name] ?? info.path ?? info.location
        func changed(_ reason: String) -> InputChanged {
            InputChanged(source: info.name, path: path, offset: block.offset, reason: reason)
        }
        if files[source] == nil {
            // Without O_NONBLOCK the opening of a named pipe waits for somebody who writes to it.
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            guard descriptor >= 0 else {
                throw changed("cannot be opened (\(String(cString: strerror(errno))))")
            }
            files[source] = descriptor
        }
        guard let descriptor = files[source], let start = off_t(exactly: block.offset) else {
            throw changed("is too short")
        }
        var status = stat()
        // A pipe or a device in the file's place would block, or give something else each time.
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw changed("is no file that can be read again")
        }
        // Before anything of that length is made: it is what the trace says.
        guard start <= status.st_size, Int64(block.length) <= Int64(status.st_size - start) else {
            throw changed("ends early")
        }
        let bytes = try read(Int(block.length), of: descriptor, from: start, changed)
        var hash = StableHash()
        hash.combine(bytes: bytes)
        guard hash.value == block.hash else { throw changed("has other bytes") }
        return bytes
    }

    /// So many bytes of an open file, or the reason why they are not there.
    private func read(
        _ count: Int, of descriptor: Int32, from start: off_t, _ changed: (String) -> InputChanged
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                    start + off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw changed("cannot be read (\(String(cString: strerror(errno))))") }
            if count == 0 { throw changed("ends early") }
            done += count
            assert(done <= bytes.count, "\(done) bytes were read into room for \(bytes.count)")
        }
        return bytes
    }
}

extension RecordedOutside.Answers {
    /// The answers that a trace has.
    init(_ inputs: RecordedInputs, _ results: RecordedResults) {
        self.init(
            nextInput: { try inputs.next(of: $0) },
            result: { try results.result(of: $0, call: $1) })
        location = { inputs.location(of: $0) }
        isRepeatable = { inputs.isRepeatable($0) }
    }
}

/// The results of the calls of a run, as its trace has them in the order of arrival.
///
/// Turns ask for them by call, in almost the same order. What is read on the way to one that is
/// asked for is kept ahead. A copy reads on by itself; snapshots keep one. Owned by one thread.
final class RecordedResults {
    private let cursor: ResultCursor
    private var ahead = ResultsAhead()

    init(trace: Trace) { cursor = trace.results() }

    private init(_ other: RecordedResults) {
        cursor = other.cursor.copy()
        ahead = other.ahead
    }

    /// Results that read on from the same one by themselves.
    func copy() -> RecordedResults { RecordedResults(self) }

    /// The result of a call, once; nil where the trace has none.
    func result(of subtask: SubtaskIndex, call: UInt64) throws -> [UInt8]? {
        while !ahead.has(subtask: subtask, call: call), let result = try cursor.next() {
            try ahead.keep(result)
        }
        return ahead.take(subtask: subtask, call: call)
    }
}

/// Results that were read on the way to another one and not asked for yet.
///
/// Threads that make calls note their results side by side, so that one lies before another by as
/// much as their lanes hold. In a trace that is damaged any number may.
struct ResultsAhead {
    /// The maximum bytes of results that are kept, 256 MiB, many times what lanes hold; one more
    /// is damage.
    static let maximumBytes = ByteCount.mebibytes(256)
    /// About what a result takes beside its bytes.
    private static let ownBytes: ByteCount = 64

    private struct Name: Hashable {
        let subtask: SubtaskIndex
        let call: UInt64
    }

    private let limit: ByteCount
    private var results: [Name: [UInt8]] = [:]
    /// What the results take.
    private var bytes = ByteCount.zero

    init(maximumBytes: ByteCount = Self.maximumBytes) { limit = maximumBytes }

    func has(subtask: SubtaskIndex, call: UInt64) -> Bool {
        results[Name(subtask: subtask, call: call)] != nil
    }

    /// Keeps a result; the later one where a call has two.
    ///
    /// - Throws: `.damaged` where so many were read already that the trace is not in order.
    mutating func keep(_ result: CallResult) throws {
        guard bytes <= limit else {
            throw TraceError(
                .damaged,
                "\(results.count) answers of calls lie before one that is taken sooner, which no "
                    + "run records")
        }
        _ = take(subtask: result.subtask, call: result.call)
        results[Name(subtask: result.subtask, call: result.call)] = result.bytes
        bytes += ByteCount(result.bytes.count) + Self.ownBytes
    }

    /// The result of a call, which is forgotten then; nil where it is not here.
    mutating func take(subtask: SubtaskIndex, call: UInt64) -> [UInt8]? {
        guard let result = results.removeValue(forKey: Name(subtask: subtask, call: call)) else {
            return nil
        }
        let taken = ByteCount(result.count) + Self.ownBytes
        assert(bytes >= taken, "more bytes of answers are taken than were kept")
        bytes -= taken
        return result
    }
}
