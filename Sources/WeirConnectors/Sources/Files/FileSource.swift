import Glibc
public import WeirEngine

/// Reads a file once, from its first byte to the last one it had when it was opened.
///
/// A regular file can be read again at any offset, so a recording may name it instead of taking
/// it in. Anything else that has a path (a FIFO, a device, a file of the kernel's) is read as a
/// stream and ends when its writers do. An empty file is an empty stream.
public struct FileSource: ByteSource {
    /// The path as it was given.
    public let path: String

    /// A source that reads `path`. Nothing is opened yet.
    public init(path: String) { self.path = path }

    /// The path as it was given.
    public var location: String { path }

    /// Opens the file. Does not wait for a FIFO's writer: `next` does.
    ///
    /// - Throws: `ConnectorError`: `.usage` when the file is missing or a directory, `.operating`
    ///   when it may not be read.
    public func open() throws -> any ByteReading {
        guard Trouble.isUsable(path) else { throw Trouble.unusablePath }
        do throws(SystemFailure) {
            // Without O_NONBLOCK, opening a FIFO would block until somebody writes to it, and
            // nothing could end that wait.
            let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
            let descriptor = try Descriptor(opening: path, flags: flags)
            let status = try descriptor.status()
            switch status.kind {
            case .directory:
                throw SystemFailure(code: EISDIR)
            case .regular:
                // The kernel's own files claim to be regular and empty, and are not empty.
                // Their bytes may differ at every reading, so they are read as a stream.
                let isWhatItSays =
                    if status.size > 0 { true } else {
                        try descriptor.read(from: 0, maximum: 1).isEmpty
                    }
                if isWhatItSays {
                    // Named by its absolute path, since a replay may run in another folder.
                    return FileReader(descriptor, path: absolute(path), size: status.size)
                }
                return StreamReader(descriptor, location: path, try Cancellation())
            case .other:
                return StreamReader(descriptor, location: path, try Cancellation())
            }
        } catch {
            throw Trouble.opening(path, toRead: error)
        }
    }

    /// The path without links and from the root; as it was given where the system cannot
    /// tell.
    private func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
