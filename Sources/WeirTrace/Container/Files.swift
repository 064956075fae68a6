import Glibc
import WeirBase

/// A file that is only ever appended to.
///
/// `McapWriter` owns it and is its only user. It is owned by one thread and has no buffer of its
/// own: when `write` returns, the bytes are with the kernel and survive the death of this
/// process.
final class OutputFile {
    let path: String
    private let descriptor: Int32
    /// How many bytes were written so far, which is where the next ones begin.
    private(set) var position: UInt64 = 0

    /// Creates the file, readable and writable for its owner alone, as a trace holds the user's
    /// data.
    ///
    /// An existing file is an error, unless `overwrite` is given and the file is a trace. Then
    /// the old trace loses its name and keeps its contents: whoever has it open can go on
    /// reading it.
    init(creating path: String, overwrite: Bool) throws(TraceError) {
        var old: SetAside?
        if overwrite {
            let location = try FileLocation(nameOf: path)
            // What is no trace stays where it is, and makes the opening below fail with EEXIST.
            if location.kind == .trace, let number = location.number {
                old = try SetAside(path, number, .trace)
            }
        }
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        self.path = path
        if descriptor >= 0 {
            old?.discard()
        } else {
            // Putting the old file back calls the system too and would replace the reason.
            let reason = errno
            old?.putBack()
            errno = reason
            if errno == EEXIST {
                throw TraceError(
                    .usage, "\(path) exists already. Name another file or remove this one")
            }
            throw .operating("cannot create", path: path)
        }
    }

    /// Opens something that exists already, such as a device.
    init(appendingTo path: String) throws(TraceError) {
        descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        self.path = path
        if descriptor < 0 { throw .operating("cannot open", path: path) }
    }

    /// Gives the descriptor back. Whether the bytes reach the disk is up to the system.
    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Appends all bytes. After an error the file ends somewhere among them.
    func write(_ bytes: UnsafeRawBufferPointer) throws(TraceError) {
        let begin = position
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            // The kernel may take fewer bytes than it is given, and a signal may interrupt it.
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .operating("cannot write to", path: path)
            }
            done += count
            position += UInt64(count)
        }
        // Offsets in the summary are taken from the position, so it must be what the file has.
        assert(
            position == begin + UInt64(bytes.count),
            "\(bytes.count) bytes were written at \(begin), and the next would go to \(position)")
    }

    /// The same for an array.
    func write(_ bytes: [UInt8]) throws(TraceError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(TraceError) in try write(raw) }
        }
        try result.get()
    }
}

/// A file that is read in pieces.
///
/// Any thread may read at any time: each read says where it begins, so that there is no position
/// to share. The file may grow while it is read, and a recorder may replace its name.
final class InputFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens a regular file.
    ///
    /// - Throws: `.usage` when there is none or when it is something else, such as a folder or a
    ///   pipe; `.operating` when the system refuses.
    init(opening path: String) throws(TraceError) {
        self.path = path
        // Without O_NONBLOCK the opening of a named pipe waits for somebody who writes to it,
        // and without O_NOCTTY a terminal could become the one that controls this process.
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        if descriptor < 0 {
            if errno == ENOENT {
                throw TraceError(.usage, "\(path) does not exist. Check the path")
            }
            throw .operating("cannot open", path: path)
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return }
        Glibc.close(descriptor)
        throw TraceError(.usage, "\(path) is not a regular file. Name the trace itself")
    }

    deinit { Glibc.close(descriptor) }

    /// Whether its path names another file by now. A file that has no name any more is not
    /// replaced.
    var isReplaced: Bool {
        var (own, named) = (stat(), stat())
        guard fstat(descriptor, &own) == 0, stat(path, &named) == 0 else { return false }
        return own.st_dev != named.st_dev || own.st_ino != named.st_ino
    }

    /// Bytes in the file now; a recorder may be appending.
    func size() throws(TraceError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .operating("cannot examine", path: path)
        }
        return UInt64(max(0, status.st_size))
    }

    /// Up to `count` bytes from `offset`; fewer only where the file ends.
    ///
    /// The caller bounds `count`: so much memory is allocated before anything is read.
    func read(at offset: UInt64, count: Int) throws(TraceError) -> [UInt8] {
        // An offset from a damaged file may be beyond what the system can count to; nothing
        // is there.
        guard count > 0, let start = Int(exactly: offset) else { return [] }
        // A summary is the largest thing that is read at once.
        assert(
            count <= Mcap.maximumSummary,
            "\(count) bytes are asked for at once, by a caller that did not bound them")
        var failure: TraceError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            while initialized < count {
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(target)[initialized...])
                let read = pread(descriptor, rest.baseAddress, rest.count, start + initialized)
                // The file ends here, at least for now.
                if read == 0 { return }
                if read < 0 {
                    if errno == EINTR { continue }
                    failure = .operating("cannot read", path: path)
                    return
                }
                initialized += read
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension TraceError {
    /// An error that says what was tried with a path, what the system answered, and what to do.
    ///
    /// Call it before anything resets `errno`.
    static func operating(_ what: String, path: String) -> TraceError {
        let code = errno
        let text = String(cString: strerror(code))
        let advice =
            switch code {
            case ENOSPC, EDQUOT: "Free some space or name another disk"
            case EACCES, EPERM, EROFS: "Check the permissions"
            case ENOENT, ENOTDIR: "Check that its folder exists"
            default: "Check the disk"
            }
        return TraceError(.operating, "\(what) \(path): \(text). \(advice)")
    }
}
