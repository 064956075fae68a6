import Glibc
import WeirBase
import WeirTrace

/// Whether two paths name one file.
enum FileIdentity {
    /// Two regular files that are one, or two that are not there yet and would be one.
    static func isSame(_ left: String, _ right: String) -> Bool {
        var (first, second) = (stat(), stat())
        let (hasFirst, hasSecond) = (stat(left, &first) == 0, stat(right, &second) == 0)
        if !hasFirst && !hasSecond {
            let (one, other) = (split(left), split(right))
            return one.name == other.name && stat(one.folder, &first) == 0
                && stat(other.folder, &second) == 0 && isSame(first, second)
        }
        return hasFirst && hasSecond && isSame(first, second)
            && first.st_mode & S_IFMT == S_IFREG
    }

    private static func isSame(_ first: stat, _ second: stat) -> Bool {
        first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    private static func split(_ path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (String(path[...slash]), path[path.index(after: slash)...])
    }

    /// Refuses to write a file that something is read from or written to by somebody else.
    ///
    /// - Throws: `CommandFailure` with code 2.
    static func refuseOverwriting(
        _ path: String, by writer: String, of others: [(path: String, what: String)]
    ) throws {
        guard path != "-" else { return }
        for other in others where other.path != "-" && isSame(other.path, path) {
            throw CommandFailure.usage(
                "\(writer) would overwrite \(other.what)", "Write to another file")
        }
    }
}

/// Which build this is.
enum BuildIdentity {
    /// Whether this very build recorded the trace.
    static func isBuild(of trace: Trace) -> Bool {
        trace.header.recordedWith.build == executableHash
    }

    /// `StableHash` of the executable file, 16 hexadecimal digits; empty where it cannot be read.
    static let executableHash: String = {
        let descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var hash = StableHash()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return hash.value.hexadecimal }
            buffer.withUnsafeBytes {
                hash.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[0..<count]))
            }
        }
    }()

    static var toolchain: String {
        #if compiler(>=6.3)
            "Swift 6.3"
        #else
            "Swift 6.2"
        #endif
    }
}
