import WeirBase
public import WeirEngine

/// Keeps rows in memory, for tests and examples.
///
/// Safe to read from any thread while a run writes. Opening it again goes on behind the rows that
/// are there.
public final class MemorySink: RowSink {
    /// What all writers of the sink have written; guarded by its lock.
    private struct Contents {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private let contents = Guarded(Contents())
    /// The maximum number of bytes that are kept.
    private let byteLimit: Int

    /// A sink that refuses rows beyond `byteLimit` bytes with a `ConnectorError`.
    public init(byteLimit: Int = 256 << 20) {
        precondition(byteLimit >= 0, "byteLimit \(byteLimit) must not be negative")
        self.byteLimit = byteLimit
    }

    /// A name for people; nothing has it.
    public var location: String { "(memory)" }

    /// All rows so far without their line ends; bytes that are not UTF-8 become U+FFFD. Copies.
    public var rows: [String] {
        contents.withLock { contents in
            // Every row ends with a line feed, behind the last of which the split finds an
            // empty rest.
            contents.bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
                .dropLast(contents.bytes.last == 0x0A || contents.bytes.isEmpty ? 1 : 0)
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// All bytes so far. Copies.
    public var bytes: [UInt8] { contents.withLock { $0.bytes } }

    /// Whether the writer that was opened last has been closed.
    public var isClosed: Bool { contents.withLock { $0.isClosed } }

    /// Always succeeds.
    public func open() throws -> any RowWriting {
        contents.withLock { $0.isClosed = false }
        return Writer(self)
    }

    /// Adds rows, or throws without adding any of them.
    private func append(_ rows: RawSpan) throws {
        try contents.withLock { contents in
            precondition(!contents.isClosed, "rows written to memory after it was closed")
            guard rows.byteCount <= byteLimit - contents.bytes.count else {
                throw ConnectorError(
                    .operating,
                    "the rows in memory would exceed \(byteLimit) bytes. Write them to a file")
            }
            rows.withUnsafeBytes { contents.bytes.append(contentsOf: $0) }
        }
    }

    /// What a run writes into. It keeps the sink alive.
    private final class Writer: RowWriting {
        private let sink: MemorySink
        init(_ sink: MemorySink) { self.sink = sink }
        func write(_ rows: RawSpan) throws { try sink.append(rows) }
        func close() throws { sink.contents.withLock { $0.isClosed = true } }
    }
}
