import Glibc
import WeirBase

/// Whether two paths name one file.
enum FileIdentity {
    static func isSame(_ left: String, _ right: String) -> Bool {
        var (first, second) = (stat(), stat())
        guard stat(left, &first) == 0, stat(right, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
            && first.st_mode & S_IFMT == S_IFREG
    }
}

/// Which build this is.
enum BuildIdentity {
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
