import Glibc
public import WeirEngine

/// Writes rows to standard output, which stays open afterwards.
///
/// The program must ignore SIGPIPE: then a reader that goes away early is a `ClosedPipe` and not
/// the end of the process.
public struct StandardOutputSink: RowSink {
    /// A sink that writes standard output. Nothing is written yet.
    public init() {}

    /// `-`, as on the command line.
    public var location: String { "-" }

    /// Checks that there is a standard output.
    ///
    /// - Throws: `ConnectorError` (`.usage`) when it is closed.
    public func open() throws -> any RowWriting {
        guard fcntl(STDOUT_FILENO, F_GETFD) >= 0 else {
            throw ConnectorError(.usage, "standard output is closed. Name a file with --output")
        }
        return DescriptorWriter(STDOUT_FILENO, location: "standard output", closesDescriptor: false)
    }
}
