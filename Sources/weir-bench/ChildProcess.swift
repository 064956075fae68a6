import Foundation
import Glibc
import WeirBase
import WeirStress

/// A child process, this program again or another; its output comes through a pipe, line by line.
///
/// `kill-child` and the runs with planted faults are such children: they may trap, hang or be
/// killed, and the parent goes on. One thread owns it. The child is killed with this object at the
/// latest.
final class ChildProcess {
    /// What becomes of the child's standard error.
    enum Errors {
        case discarded
        /// It comes through the pipe too.
        case withOutput
    }

    /// The child.
    private let pid: pid_t
    /// The end of the pipe that its output is read from.
    private let output: Int32
    /// What was read and is no whole line yet.
    private var rest: [UInt8] = []
    /// Whether its end was taken note of, after which its number may be another process's.
    private var isReaped = false
    /// What the child ended with, as a shell has it: 128 and the signal's number for a signal.
    private var status: Int32 = 0

    /// Starts a program, found as a shell would; this program when none is named. It has the
    /// environment of this process with these changes, nil for what it is not to have.
    init(
        _ arguments: [String], program: String? = nil, environment changes: [String: String?] = [:],
        errors: Errors = .discarded
    ) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw StressFailure("cannot make a pipe") }
        // Other children that are started meanwhile must not hold this pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        switch errors {
        case .discarded:
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        case .withOutput:
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        }
        defer { posix_spawn_file_actions_destroy(&actions) }
        let path = try program ?? Self.ownPath()
        var child = pid_t()
        var environment = Self.environment(changes).map { strdup($0) } + [nil]
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        let status = posix_spawnp(&child, path, &actions, nil, &words, &environment)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw StressFailure("cannot start \(path): \(String(cString: strerror(status)))")
        }
        pid = child
        output = ends[0]
    }

    private static func environment(_ changes: [String: String?]) -> [String] {
        var names = ProcessInfo.processInfo.environment
        // Traps are expected here: nobody wants their backtraces, which take seconds.
        names["SWIFT_BACKTRACE"] = "enable=no"
        for (name, value) in changes { names[name] = value }
        return names.map { "\($0.key)=\($0.value)" }.sorted()
    }

    deinit {
        kill()
        close(output)
    }

    /// The path of this program, as the system knows it.
    static func ownPath() throws -> String {
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

    /// Waits for the child's own end, showing each line of its output to `onLine`; gives what it
    /// ended with, and the whole output.
    func end(onLine: (String) -> Void = { _ in }) throws -> (status: Int32, output: String) {
        var lines: [String] = []
        while true {
            let line = line(timeout: Self.lookNanoseconds)
            try Interruption.check()
            switch line {
            case .text(let text):
                lines.append(text)
                onLine(text)
            case .end:
                _ = reap(flags: 0)
                return (status, lines.joined(separator: "\n"))
            case .timeout: continue
            }
        }
    }

    /// How often a waiting process looks whether it was interrupted.
    private static let lookNanoseconds: UInt64 = 200_000_000

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
        var word: Int32 = 0
        while true {
            let found = waitpid(pid, &word, flags)
            if found < 0, errno == EINTR { continue }
            isReaped = found != 0
            if found > 0 { status = word & 0x7F == 0 ? word >> 8 & 0xFF : 128 + word & 0x7F }
            return isReaped
        }
    }
}
