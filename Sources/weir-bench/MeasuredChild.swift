import Glibc
import WeirBase
import WeirStress

/// This program in a process of its own whose time and memory are measured; what it prints goes
/// nowhere. `finish` has to be called once: it waits for the process, and only then is known what
/// it took.
final class MeasuredChild {
    /// What a process took, as the system counts it: time since its start, processor time of all
    /// its threads, and the most memory that it held at once.
    struct Usage {
        var seconds = 0.0
        var processorSeconds = 0.0
        var peakBytes = ByteCount.zero
        /// Whether it came to its end by itself, and well.
        var hasEnded = false
    }

    private let pid: pid_t
    /// When it was started, in monotonic nanoseconds.
    private let started = MonotonicClock.nanoseconds()

    /// Starts this program with `arguments`, and the time.
    init(_ arguments: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Nobody reads it: a pipe that is full would stop the process that is measured.
        for stream in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
        }
        var words = (["weir-bench"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        let status = posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, environ)
        guard status == 0 else { throw StressFailure("cannot start this program: error \(status)") }
        pid = child
    }

    /// Waits for its end, and kills it when that takes longer than `nanoseconds` since its start.
    func finish(within nanoseconds: UInt64) -> Usage {
        var status: Int32 = 0
        var resources = rusage()
        var usage = Usage()
        while true {
            // The system tells what a process took when its end is taken note of, and only then.
            let found = wait4(pid, &status, WNOHANG, &resources)
            if found == pid { break }
            // The loop goes on until the end of the killed process was taken note of.
            if MonotonicClock.nanoseconds() - started > nanoseconds { kill(pid, SIGKILL) }
            usleep(2_000)
        }
        usage.seconds = Double(MonotonicClock.nanoseconds() - started) / 1e9
        for time in [resources.ru_utime, resources.ru_stime] {
            usage.processorSeconds += Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
        // Linux gives it in units of 1,024 bytes.
        usage.peakBytes = .kibibytes(UInt64(resources.ru_maxrss))
        usage.hasEnded = status == 0
        return usage
    }
}
