import Glibc
import WeirBase
package import WeirMonitor

/// The replay of a screen: this program once more, with `DrivenDebugger` in it.
///
/// The screen's thread makes one, sends it a command at a time, takes what came of it, and closes
/// it. It is another process because a replay runs users' code: a trap there, or a core that it
/// keeps busy, must not harm the run that is watched or the terminal. A thread of its own reads
/// what the process writes and wakes the screen.
package final class ReplayProcess: @unchecked Sendable {
    // Unchecked: `process` and the pipes are constant after `init`; `state` is locked.

    private struct State {
        /// What came and was not taken.
        var events: [ReplayEvent] = []
        /// Whether the process was ended from here, so that its end is no news.
        var isClosed = false
        /// Whether it was waited for: its number may be another process's now.
        var isGone = false
    }

    private let process: pid_t
    private let commands: Int32
    private let replies: Int32
    private let wake: @Sendable () -> Void
    private let state = Guarded(State())

    /// Starts the process of a trace's replay; nil when the system refuses. `inputs` are the values
    /// of `--input`. `program` has the pipeline; it is this one unless another is named. `wake` is
    /// called from another thread when something came.
    package init?(
        _ path: String, inputs: [String], program: String = "/proc/self/exe",
        wake: @escaping @Sendable () -> Void
    ) {
        guard let down = Self.pipeEnds() else { return nil }
        guard let up = Self.pipeEnds() else {
            for end in [down.read, down.write] { Glibc.close(end) }
            return nil
        }
        let started = Self.start(
            program, path, inputs, commands: down.read, replies: up.write)
        Glibc.close(down.read)
        Glibc.close(up.write)
        guard let started else {
            Glibc.close(down.write)
            Glibc.close(up.read)
            return nil
        }
        (process, commands, replies, self.wake) = (started, down.write, up.read, wake)
        _ = SystemThread("weir-replay") { [self] in read() }
    }

    // MARK: The screen's side

    /// Gives it a command. It must have answered the one before: then the pipe has room, and this
    /// does not wait.
    package func send(_ text: String, columns: Int) {
        let line = ReplayWire.line(ReplayWire.Command(text: text, columns: columns))
        // Under the lock, as the pipe's number is another file's once the process is gone.
        state.withLock { if !$0.isGone { _ = Output.write(line, to: commands) } }
    }

    /// Ends the movement under way where it is.
    func interrupt() { signal(SIGINT) }

    /// What came since the last time, in order.
    package func take() -> [ReplayEvent] {
        state.withLock { state in
            defer { state.events.removeAll(keepingCapacity: true) }
            return state.events
        }
    }

    /// Ends it at once. Nothing is lost by that, as a replay writes nothing.
    package func close() {
        state.withLock { $0.isClosed = true }
        signal(SIGKILL)
    }

    private func signal(_ signal: Int32) {
        state.withLock { if !$0.isGone { kill(process, signal) } }
    }

    // MARK: The reading thread

    private func read() {
        var lines = WireLines()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(replies, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for line in lines.take(buffer[..<count]) {
                guard let reply = ReplayWire.value(ReplayWire.Reply.self, of: line) else {
                    continue
                }
                state.withLock { state in for event in reply.events { Self.add(event, &state) } }
                wake()
            }
            if lines.isTooLong { break }
        }
        // Without its pipe it is of no use, whatever keeps it.
        signal(SIGTERM)
        let status = wait()
        state.withLock { state in
            Glibc.close(commands)
            Glibc.close(replies)
            if !state.isClosed { state.events.append(.ended(Self.ending(status))) }
        }
        wake()
    }

    /// A newer progress takes the place of one that nobody saw; everything else comes at most a few
    /// times for each command.
    private static func add(_ event: ReplayEvent, _ state: inout State) {
        if case .progress = event, case .progress? = state.events.last {
            state.events[state.events.count - 1] = event
        } else {
            state.events.append(event)
        }
    }

    /// Waits for the end of the process; it is killed when it takes long.
    private func wait() -> Int32 {
        let deadline = MonotonicClock.nanoseconds() + AppBounds.replayEndNanoseconds
        var status: Int32 = 0
        while true {
            let found = waitpid(process, &status, WNOHANG)
            if found != 0, !(found < 0 && errno == EINTR) { break }
            if MonotonicClock.nanoseconds() > deadline { signal(SIGKILL) }
            usleep(5_000)
        }
        state.withLock { $0.isGone = true }
        return status
    }

    private static func ending(_ status: Int32) -> String {
        let signal = status & 0x7F
        guard signal != 0 else {
            return "the replay's process ended with code \(status >> 8 & 0xFF)"
        }
        // These are how a trap in Swift ends a process.
        let isTrap = signal == SIGILL || signal == SIGTRAP
        return "the replay's process was ended by signal \(signal)"
            + (isTrap ? ": the pipeline's code trapped" : "")
    }

    // MARK: Starting

    private static func pipeEnds() -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func start(
        _ program: String, _ path: String, _ inputs: [String], commands: Int32, replies: Int32
    ) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Moved out of the way first, as one of them may be what the other is to become.
        let (high, higher): (Int32, Int32) = (200, 201)
        posix_spawn_file_actions_adddup2(&actions, commands, high)
        posix_spawn_file_actions_adddup2(&actions, replies, higher)
        posix_spawn_file_actions_adddup2(&actions, high, DrivenDebugger.commands)
        posix_spawn_file_actions_adddup2(&actions, higher, DrivenDebugger.replies)
        posix_spawn_file_actions_addclose(&actions, high)
        posix_spawn_file_actions_addclose(&actions, higher)
        // What the pipeline prints must not be taken for a reply, nor reach the screen.
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var attributes = ChildSignals.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var words = [ProgramName.typed, "replay", "--driven"]
        for input in inputs { words += ["--input", input] }
        words += ["--", path]
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        // A trap is to end it at once, and not after a backtrace that nobody reads.
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
        var started = pid_t()
        let status = posix_spawn(&started, program, &actions, &attributes, &argv, environ)
        return status == 0 ? started : nil
    }
}
