/// Where a sink's rows go: a file, standard output, memory.
///
/// A value that says where to write; `open` makes the thing that writes. Connectors implement it.
public protocol RowSink: Sendable {
    /// How the sink is named to a person: a path, or `-`.
    var location: String { get }

    /// Opens for writing. Called once per run, before the first turn, on the caller's thread.
    ///
    /// - Throws: `ConnectorError` when it cannot be written.
    func open() throws -> any RowWriting
}

/// An open sink, written by one thread that may block.
public protocol RowWriting: AnyObject, Sendable {
    /// Writes whole rows, each with its line end. They are there for the call only.
    ///
    /// - Throws: `ConnectorError`; `ClosedPipe` when nobody reads any more.
    func write(_ rows: RawSpan) throws

    /// Writes out what is buffered and closes. Called once, after the last `write`.
    func close() throws
}

/// Nobody reads what is written any more: standard output was closed early.
public struct ClosedPipe: Error, Equatable, Sendable {
    /// The one value there is.
    public init() {}
}
