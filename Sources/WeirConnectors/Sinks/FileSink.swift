import Glibc
import WeirBase
public import WeirEngine

/// Writes rows to a file, which is created or emptied when it is opened.
///
/// A value that says where to write; `open` makes the writer.
public struct FileSink: RowSink {
    /// What has to be at the path when it is opened.
    ///
    /// The command line looks at a path, judges it, and opens it later. What has come there
    /// in between must not be emptied because it was not judged.
    package enum Expectation: Equatable, Sendable {
        /// Whatever it is, also nothing.
        case anything
        /// Nothing, so that the file is made.
        case nothing
        /// The file with this number, whatever its kind.
        case file(device: UInt64, inode: UInt64)
    }

    /// The path as it was given.
    public let path: String
    /// What is opened: the path, or what its links were found to lead to.
    private let target: String
    private let expectation: Expectation

    /// A sink that writes `path`. Nothing is opened yet.
    public init(path: String) {
        self.init(path: path, target: path, expecting: .anything)
    }

    /// A sink that writes `target`, which is what `path` was found to lead to, and refuses what
    /// has come there since.
    package init(path: String, target: String, expecting expectation: Expectation) {
        self.path = path
        self.target = target
        self.expectation = expectation
    }

    /// The path as it was given.
    public var location: String { path }

    /// Creates the file, or empties the one that is there; a device or FIFO is written as it is. A
    /// FIFO waits for its reader.
    ///
    /// - Throws: `ConnectorError`: `.usage` when the folder is missing or the path a directory,
    ///   `.operating` when it may not be written.
    public func open() throws -> any RowWriting {
        guard Trouble.isUsable(path) else { throw Trouble.unusablePath }
        var flags = O_WRONLY | O_CLOEXEC | O_NOCTTY
        switch expectation {
        case .anything: flags |= O_CREAT
        case .nothing: flags |= O_CREAT | O_EXCL
        case .file: break
        }
        // Never O_TRUNC: it must be known what is emptied before it is.
        let number = retrying { Glibc.open(target, flags, 0o666) }
        guard number >= 0 else {
            let failure = SystemFailure.latest
            // The file that was expected is gone, or one has come where none was.
            if expectation != .anything, [ENOENT, EEXIST].contains(failure.code) {
                throw Trouble.changed(path)
            }
            throw Trouble.opening(path, toWrite: failure)
        }
        // From here on the writer closes the descriptor, also when the next call throws.
        let writer = DescriptorWriter(number, location: path, closesDescriptor: true)
        try empty(number)
        return writer
    }

    /// Checks that the open file is the expected one, and empties it if it is a regular file.
    /// A device or a pipe has nothing to empty.
    private func empty(_ number: Int32) throws {
        var raw = stat()
        guard fstat(number, &raw) == 0 else { throw Trouble.opening(path, toWrite: .latest) }
        if case .file(let device, let inode) = expectation {
            let identity = FileStatus(raw).identity
            guard identity == FileNumber(device: device, inode: inode) else {
                throw Trouble.changed(path)
            }
        }
        guard raw.st_mode & S_IFMT == S_IFREG else { return }
        if retrying({ ftruncate(number, 0) }) != 0 {
            throw Trouble.opening(path, toWrite: .latest)
        }
    }
}
