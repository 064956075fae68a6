import Glibc
import WeirBase

/// A file descriptor that is owned once, and closed with its owner.
///
/// It cannot be copied, so nobody closes it twice or uses it when it is closed.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes over a descriptor that nobody else closes.
    init(owning number: Int32) { self.number = number }

    /// Opens `path`; the descriptor is not inherited by child processes.
    init(opening path: UnsafePointer<CChar>, flags: Int32, mode: mode_t = 0o666)
        throws(SystemFailure)
    {
        let opened = retrying { open(path, flags | O_CLOEXEC, mode) }
        guard opened >= 0 else { throw .latest }
        number = opened
    }

    deinit { close(number) }

    /// What the open file is now.
    func status() throws(SystemFailure) -> FileStatus {
        var raw = stat()
        guard fstat(number, &raw) == 0 else { throw .latest }
        return FileStatus(raw)
    }

    /// Reads bytes from `offset` on, at most `maximum`; empty at the end of the file. The
    /// file's own position plays no role.
    func read(from offset: UInt64, maximum: Int) throws(SystemFailure) -> [UInt8] {
        guard let position = off_t(exactly: offset) else { throw SystemFailure(code: EOVERFLOW) }
        return try bytes(maximum) { pread(number, $0, $1, position) }
    }

    /// Where the first byte at or behind `offset` is that is stored, in a file of this size:
    /// its end where only a hole follows; nil where the file system does not tell.
    func stored(from offset: UInt64, size: UInt64) -> UInt64? {
        // linux/fs.h; the C library's header has it only for GNU's own programs.
        let seekData: Int32 = 3
        guard let position = off_t(exactly: offset) else { return nil }
        let found = lseek(number, position, seekData)
        if found < 0 { return errno == ENXIO ? size : nil }
        return UInt64(found)
    }

    /// Reads the next bytes of a stream, at most `maximum`; empty at its end.
    func read(maximum: Int) throws(SystemFailure) -> [UInt8] {
        try bytes(maximum) { Glibc.read(number, $0, $1) }
    }

    /// Makes an array by one call that reads, which is repeated when a signal interrupts it.
    private func bytes(
        _ maximum: Int, _ call: (UnsafeMutableRawPointer, Int) -> Int
    ) throws(SystemFailure) -> [UInt8] {
        precondition(maximum > 0, "maximum \(maximum) must be positive")
        var failure: SystemFailure?
        let result = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            let got = retrying { call(base, maximum) }
            if got < 0 { failure = .latest }
            count = max(0, got)
        }
        if let failure { throw failure }
        return result
    }
}

/// What a file is, and which one: a file is the same as long as its device and inode are.
///
/// Two statuses are equal when nothing of the file has changed, as far as its time stamps
/// tell.
struct FileStatus: Equatable {
    enum Kind: Equatable {
        case regular, directory, other
    }

    let kind: Kind
    let identity: FileNumber
    let size: UInt64
    /// When its bytes were changed, nanoseconds since 1970, as coarse as the file system's
    /// clock.
    let modified: Int64
    /// When anything of it was changed, nanoseconds since 1970, as coarse as the file
    /// system's clock.
    let changed: Int64

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            default: .other
            }
        identity = FileNumber(raw)
        size = UInt64(max(0, raw.st_size))
        modified = Self.nanoseconds(raw.st_mtim)
        changed = Self.nanoseconds(raw.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// What is at `path` now; nil when nothing is or it cannot be looked at.
    static func of(_ path: String) -> FileStatus? {
        var raw = stat()
        return stat(path, &raw) == 0 ? FileStatus(raw) : nil
    }
}

/// Calls again as long as a signal interrupts the call, which reports that by -1 and EINTR.
func retrying<Count: SignedInteger>(_ call: () -> Count) -> Count {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
