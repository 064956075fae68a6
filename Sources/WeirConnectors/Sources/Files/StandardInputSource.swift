import Glibc
public import WeirEngine

/// Reads standard input to its end.
///
/// Cannot be read again, so that a recording takes the bytes in. Standard input stays open and
/// keeps its flags.
public struct StandardInputSource: ByteSource {
    /// A source that reads standard input. Nothing is read yet.
    public init() {}

    /// `-`, as on the command line.
    public var location: String { "-" }

    /// Checks that there is a standard input.
    ///
    /// - Throws: `ConnectorError` (`.usage`) when it is closed or a directory.
    public func open() throws -> any ByteReading {
        do throws(SystemFailure) {
            var raw = stat()
            guard fstat(STDIN_FILENO, &raw) == 0 else { throw .latest }
            // A program that is started with standard input closed may find something put in
            // its place that can only be written.
            let mode = fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE
            if mode == O_WRONLY { throw SystemFailure(code: EBADF) }
            if FileStatus(raw).kind == .directory { throw SystemFailure(code: EISDIR) }
            return StreamReader(
                borrowing: STDIN_FILENO, location: location, try Cancellation())
        } catch {
            switch error.code {
            case EBADF:
                throw ConnectorError(.usage, "standard input is closed. Name a file to read")
            case EISDIR:
                throw ConnectorError(.usage, "standard input is a directory. Name a file to read")
            default:
                throw ConnectorError(.operating, "standard input cannot be read: \(error.words)")
            }
        }
    }
}
