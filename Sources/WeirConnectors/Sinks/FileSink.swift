import Glibc
public import WeirEngine

/// Writes rows to a file, which is created or emptied when it is opened.
public struct FileSink: RowSink {
    /// The path as it was given.
    public let path: String

    /// A sink that writes `path`. Nothing is opened yet.
    public init(path: String) { self.path = path }

    /// The path as it was given.
    public var location: String { path }

    /// Creates the file, or empties the one that is there. A FIFO waits for its reader.
    ///
    /// - Throws: `ConnectorError`: `.usage` when the folder is missing or the path a directory,
    ///   `.operating` when it may not be written.
    public func open() throws -> any RowWriting {
        guard Trouble.isUsable(path) else { throw Trouble.noPlace(for: path) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY
        let number = retrying { Glibc.open(path, flags, 0o666) }
        guard number >= 0 else { throw Trouble.opening(path, toWrite: .latest) }
        return DescriptorWriter(number, location: path, closesDescriptor: true)
    }
}
