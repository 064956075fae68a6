import Glibc
import WeirBase
import WeirStress

/// A child process that runs this program again; its standard output comes through a pipe, line by
/// line.
///
/// `kill-child` and the runs with planted faults are such children: they may trap, hang or be
/// killed, and the parent goes on. One thread owns it. The child is killed with this object at the
/// latest.
final class ChildProcess {
    /// The child.
    private let pid: pid_t
    /// The end of the pipe that its output is read from.
    private let output: Int32
    /// What was read and is no whole line yet.
    private var rest: [UInt8] = []
    /// Whether its end was taken note of, after which its number may be another process's.
    private var isReaped = false

    /// Starts this program with `arguments`.
    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw StressFailure("cannot make a pipe") }
        // Other children that are started meanwhile must not hold this pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let path = try Self.ownPath()
        var child = pid_t()
        // Traps are expected here: nobody wants their backtraces, which take seconds.
        var environment: [UnsafeMutablePointer<CChar>?] = [
            strdup("SWIFT_BACKTRACE=enable=no"), nil,
        ]
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        let status = posix_spawn(&child, path, &actions, nil, &words, &environment)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw StressFailure("cannot start \(path): error \(status)")
        }
        pid = child
        output = ends[0]
    }

    deinit {
        kill()
        close(output)
    }

    /// The path of this program, as the system knows it.
    private static func ownPath() throws -> String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        guard count > 0 else { throw StressFailure("cannot tell this program's path") }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What waiting for a line came to.
    enum Line: Equatable {
        case text(String)
        case end
        case timeout
    }

    /// The next line of the child's output, waited for at most `timeout` nanoseconds. An unfinished
    /// line at the end is left out.
    func line(timeout: UInt64) -> Line {
        let deadline = MonotonicClock.nanoseconds() + timeout
        while true {
            if let end = rest.firstIndex(of: 0x0A) {
                defer { rest.removeFirst(end + 1) }
                return .text(String(decoding: rest[..<end], as: UTF8.self))
            }
            let now = MonotonicClock.nanoseconds()
            guard now < deadline else { return .timeout }
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1)) > 0 else {
                continue
            }
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = read(output, &chunk, chunk.count)
            // The child closed its output, which it does by ending.
            guard count > 0 else { return .end }
            rest.append(contentsOf: chunk.prefix(count))
        }
    }

    /// Ends the child at once and waits for its end.
    func kill() {
        guard !isReaped else { return }
        Glibc.kill(pid, SIGKILL)
        _ = reap(flags: 0)
    }

    /// Whether the child ended by itself; does not wait.
    var hasEnded: Bool { isReaped || reap(flags: WNOHANG) }

    /// Takes note of the child's end, if it has ended; true when it has.
    private func reap(flags: Int32) -> Bool {
        var status: Int32 = 0
        while true {
            let found = waitpid(pid, &status, flags)
            if found < 0, errno == EINTR { continue }
            isReaped = found != 0
            return isReaped
        }
    }
}
