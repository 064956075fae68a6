import Glibc
import WeirBase
import WeirTrace

/// Which build this is. A replay needs the same code as the run; where it is another build, a
/// difference may come from that, and messages say so.
enum BuildIdentity {
    /// Whether this very build recorded the trace.
    static func isBuild(of trace: Trace) -> Bool {
        isSame(trace.header.recordedWith.build, executableHash)
    }

    /// Whether two hashes are those of one build. An empty one stands for a build that could not be
    /// read, and is nobody's.
    static func isSame(_ recorded: String, _ own: String) -> Bool {
        !recorded.isEmpty && recorded == own
    }

    /// `StableHash` of the executable file, 16 hexadecimal digits; empty where it cannot be read.
    /// It is computed at the first use, by reading the whole file once.
    static let executableHash: String = {
        // The file that this process was started from, also where it was replaced meanwhile.
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

    /// The compiler that this was built with, as far as the code can tell.
    static var toolchain: String {
        #if compiler(>=6.3)
            "Swift 6.3"
        #else
            "Swift 6.2"
        #endif
    }
}
