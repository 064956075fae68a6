import Glibc
import WeirBase
import WeirStress

/// A program on a pseudo-terminal, watched from the other end: it believes that a person sits
/// there. `press` types, `read` takes what it writes. One thread owns it; the program is killed
/// with this object.
final class PseudoTerminal {
    let process: pid_t
    private let master: Int32
    /// TIOCSPTLCK, which unlocks the other end: a macro in C that is not imported.
    private static let setLock: UInt = 0x4004_5431
    /// TIOCGPTN, which tells the number of the other end: a macro as well.
    private static let getNumber: UInt = 0x8004_5430
    /// POSIX_SPAWN_SETSID, a macro as well.
    private static let newSession: Int16 = 0x80
    /// Everything it wrote so far, in bytes.
    private(set) var byteCount = 0

    /// Starts a program found by its path, on a terminal of this many cells, in an environment that
    /// is the same on every machine.
    init(_ program: String, _ arguments: [String], width: UInt16 = 160, height: UInt16 = 48) throws
    {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, UInt32) = (0, 0)
        guard master >= 0, ioctl(master, Self.setLock, &lock) == 0,
            ioctl(master, Self.getNumber, &number) == 0
        else { throw StressFailure("there is no pseudo-terminal (error \(errno))") }
        // The other end of the same terminal, which the program gets.
        let name = "/dev/pts/\(number)"
        var size = winsize(ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0)
        // The size is there before the program looks.
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Opened in a new session, it becomes the program's controlling terminal.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.newSession)
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let home = getenv("HOME").map { String(cString: $0) } ?? "/"
        let settings = [
            "TERM=xterm-256color", "LANG=C.UTF-8", "SWIFT_BACKTRACE=enable=no", "PATH=\(path)",
            "HOME=\(home)", "SWIFT_DETERMINISTIC_HASHING=1",
        ]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var child = pid_t()
        let status = posix_spawn(&child, program, &actions, &attributes, &words, &environment)
        guard status == 0 else {
            close(master)
            throw StressFailure("cannot start \(program): error \(status)")
        }
        process = child
        self.master = master
    }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        close(master)
    }

    /// Types keys, as the bytes that a terminal sends for them.
    func press(_ keys: [UInt8]) {
        _ = keys.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
    }

    /// Reads until `isDone` says so of what came since the call began, or the deadline is over;
    /// false when it is.
    func read(until deadline: UInt64, _ isDone: ([UInt8]) -> Bool = { _ in false }) -> Bool {
        var came: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let now = MonotonicClock.nanoseconds()
            guard now < deadline else { return false }
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            let left = Int32(clamping: (deadline - now + 999_999) / 1_000_000)
            guard poll(&wait, 1, left) > 0 else { continue }
            let count = Glibc.read(master, &buffer, buffer.count)
            guard count > 0 else { return false }
            byteCount += count
            came.append(contentsOf: buffer[..<count])
            if isDone(came) { return true }
        }
    }

    /// Processor time that the program has used so far, in nanoseconds. The system counts it in
    /// hundredths of a second.
    var processorNanoseconds: UInt64 {
        let fields =
            ProcessFacts.text("/proc/\(process)/stat").split(separator: ")").last?
            .split(separator: " ") ?? []
        // Fields 14 and 15 of the file, counted from the state behind the name, which may hold
        // spaces.
        guard fields.count > 13, let user = UInt64(fields[11]), let system = UInt64(fields[12])
        else { return 0 }
        let ticks = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        return (user + system) * 1_000_000_000 / ticks
    }

    /// Resident memory.
    var residentBytes: ByteCount {
        // The line gives kilobytes: `VmRSS:   12345 kB`.
        for line in ProcessFacts.text("/proc/\(process)/status").split(separator: "\n")
        where line.hasPrefix("VmRSS:") {
            return line.split(separator: " ").compactMap { UInt64($0) }.first
                .map { .kibibytes($0) } ?? .zero
        }
        return .zero
    }
}

/// What the system tells of processes and programs.
enum ProcessFacts {
    /// A small file of the system, up to 16 KiB of it; empty where it cannot be read.
    static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Where a program lies along PATH; nil when nowhere.
    static func program(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// A program that is built beside this one.
    static func beside(_ name: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? -1
        }
        let own = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        guard let slash = own.lastIndex(of: "/") else { return nil }
        let path = own[...slash] + name
        return access(String(path), X_OK) == 0 ? String(path) : nil
    }
}
