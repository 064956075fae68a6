/// Where a source's bytes come from: a file, a growing file, standard input.
///
/// A value that says what to read; `open` makes the thing that reads. Connectors implement it.
public protocol ByteSource: Sendable {
    /// How the source is named to a person: a path, or `-`.
    var location: String { get }

    /// Opens for reading. Called once per run, before the first turn, on the caller's thread.
    ///
    /// - Throws: `ConnectorError` when it is missing, a directory, or unreadable.
    func open() throws -> any ByteReading
}

/// An open source of bytes, read by one thread that may block.
public protocol ByteReading: AnyObject, Sendable {
    /// Whether the bytes can be read again later at `path` and `offset`: a regular file that is
    /// not followed. Otherwise the bytes themselves are recorded.
    var isRepeatable: Bool { get }

    /// Absolute path of a repeatable source; nil elsewhere.
    var path: String? { get }

    /// Size in bytes of a repeatable source when it was opened; nil elsewhere.
    var byteCount: UInt64? { get }

    /// The next piece of input; blocks until there is one.
    ///
    /// At most `maximum` bytes. After `.end` or `.failure` it is not called again. Returns nil
    /// when `cancel` was called meanwhile.
    func next(maximum: Int) -> InputPiece?

    /// Makes a blocked `next`, and every later one, return nil soon. Any thread.
    func cancel()
}

/// One piece of input, as a reader hands it over.
public enum InputPiece: Equatable, Sendable {
    /// Bytes of the stream and their offset in their file (or since the start of a pipe).
    case bytes([UInt8], offset: UInt64)
    /// The file was replaced and is let go: an unfinished line of it ends here.
    case rotation
    /// The file was cut or written anew: an unfinished line of it ends here.
    case truncation
    /// What follows is of the file with this number: several are read side by side for a while
    /// when one replaces the other. A source begins with file 0; lines of two do not mix.
    case file(UInt64)
    /// So many NUL bytes at the file's beginning were passed over: a program that keeps its
    /// place in a file that is cut leaves them.
    case nuls(UInt64)
    /// No more bytes will come.
    case end
    /// Reading failed; a sentence that says what and where.
    case failure(String)
}

/// Why a connector cannot do what it was asked for.
public struct ConnectorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is, for the exit code.
    public enum Kind: Sendable {
        /// The request cannot work: no such file, a directory. Exit code 2.
        case usage
        /// Something failed that may work another time: disk full, permission. Exit code 5.
        case operating
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// What happened, where, and what to do, as one or two sentences without a final full stop.
    public let description: String

    /// An error with its words.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
