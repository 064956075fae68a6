import Glibc
import WeirBase

/// This program once more, with other arguments and its standard output read. One thread makes it
/// and calls `finish`, once.
struct ProgramOnceMore {
    /// How the process ended.
    enum Status: Equatable {
        case exited(Int32)
        case signalled(Int32)
        case tookTooLong
    }

    /// The child.
    private let process: pid_t
    /// The end of the pipe that its standard output is read from.
    private let output: Int32

    /// Starts it, with an environment in which a trap ends it at once; nil when that failed.
    init?(_ arguments: [String]) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let words = [ProgramName.typed] + arguments
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        // A trap is to end it at once, and not after a backtrace that nobody reads.
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
        var started = pid_t()
        let status = posix_spawn(&started, "/proc/self/exe", &actions, nil, &argv, environ)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            return nil
        }
        process = started
        output = ends[0]
    }

    /// Reads what it prints until it ends, and waits for it. It is killed when it prints nothing
    /// for that many nanoseconds.
    func finish(silentFor limit: UInt64) -> (output: String, status: Status) {
        var deadline = MonotonicClock.nanoseconds() + limit
        // All is read, so that the child never waits for room, and the end of it is kept.
        var tail = OutputTail()
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var isLate = false
        while !isLate {
            let now = MonotonicClock.nanoseconds()
            let left = now < deadline ? Int32((deadline - now) / 1_000_000) + 1 : 0
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wait, 1, left)
            if ready < 0 && errno == EINTR { continue }
            isLate = ready == 0
            guard ready > 0 else { break }
            let count = read(output, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            // A sign of life: the silence begins anew.
            deadline = MonotonicClock.nanoseconds() + limit
            tail.append(buffer[..<count])
        }
        close(output)
        if isLate { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let text = tail.text
        if isLate { return (text, .tookTooLong) }
        let signal = status & 0x7F
        return (text, signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal))
    }
}

/// The end of what a process prints. Only its last lines say how far it came, and it may print for
/// as long as it likes before them.
struct OutputTail {
    private var bytes: [UInt8] = []

    /// Adds what came next; what was printed long before gives way.
    mutating func append(_ output: some Collection<UInt8>) {
        bytes.append(contentsOf: output)
        // Cut at twice the bound, so that each byte is moved once at most.
        guard bytes.count >= 2 * AppBounds.outputTailBytes.count else { return }
        bytes.removeFirst(bytes.count - AppBounds.outputTailBytes.count)
    }

    /// The kept bytes. The first line may lack its beginning, and the last one its end.
    var text: String {
        String(decoding: bytes.suffix(AppBounds.outputTailBytes.count), as: UTF8.self)
    }
}
