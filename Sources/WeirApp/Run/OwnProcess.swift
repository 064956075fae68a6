import Glibc
import WeirBase
import WeirTelemetry

/// What this process uses of the machine. `RunSampler` asks once for each sample.
enum OwnProcess {
    /// Read from the system: the clock of the process and a file in `/proc`. It takes no lock and a
    /// few microseconds. Any thread may call it.
    static func sample() -> ProcessSample {
        ProcessSample(
            processorNanoseconds: MonotonicClock.processorNanoseconds(),
            residentBytes: residentBytes)
    }

    /// The second number of `/proc/self/statm`, in pages; 0 where it cannot be read.
    private static var residentBytes: ByteCount {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(file, &text, text.count)
        guard count > 0 else { return 0 }
        let numbers = text.prefix(count).split(separator: 0x20)
        // The first number is the size of the address space, which says nothing of memory in use.
        guard numbers.count > 1, let pages = UInt64(String(decoding: numbers[1], as: UTF8.self))
        else { return 0 }
        return ByteCount(pages * UInt64(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// The most memory that the process had at once since `resetPeak`, as the kernel counts it; 0
    /// where it cannot be read.
    static var peakBytes: ByteCount {
        let file = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = read(file, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
        else { return 0 }
        return .kibibytes(UInt64(kibibytes) ?? 0)
    }

    /// Begins a new peak. Where the kernel does not allow it the old one goes on.
    static func resetPeak() {
        let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // 5 is the kernel's word for the peak alone.
        _ = write(file, "5", 1)
        close(file)
    }
}
