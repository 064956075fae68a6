import Glibc
import WeirBase
import WeirEngine
import WeirReplay
import WeirTrace

/// Runs the turns that were in flight when a run died, in a process of their own.
///
/// If one of them trapped then, it will trap now: in a child, whose end is what is looked at. `weir
/// replay --verify` calls `verdict`, which starts this program again with a hidden flag; that
/// process calls `run`. The two speak through the child's standard output alone: an empty line is a
/// sign of life, a number is the step whose turn comes next, and the last line is `end`.
enum InFlightTurns {
    /// How long a turn may take, in seconds, unless the hidden flag says otherwise.
    static let usualSeconds = 20
    /// The child shows that it gets on once in this many steps, because the way to the turns may be
    /// long and silence counts as hanging.
    private static let stepsBetweenSigns: UInt64 = 1 << 14
    /// The child's last word: without it somebody else ended the process.
    private static let endSign = "end"

    /// The child's side: replays all and runs on, and names each turn on standard output before it
    /// begins.
    static func run(_ trace: Trace, _ pipeline: Pipeline, _ inputs: [String: String]) throws {
        // Whether a turn calls `exit`, and with what, is what the parent wants to know.
        ExitGuard.commandIsOver()
        // A turn that never ends must not outlive whoever waits for it.
        SystemThread.endWithParent()
        var options = ReplayRun.Options()
        options.inputs = inputs
        options.onProgress = { if $0.isMultiple(of: stepsBetweenSigns) { Output.standard("\n") } }
        options.onRunningOn = { Output.standard("\($0)\n") }
        _ = try ReplayRun(trace, pipeline, options).run()
        Output.standard(endSign + "\n")
    }

    /// The parent's side: starts the child, waits for it, and says how it ended, in whole lines.
    /// `seconds` is how long the child may be silent.
    static func verdict(
        _ path: String, _ inputs: [String], _ turns: [ReplayReport.TurnName], within seconds: Int
    ) -> String {
        var arguments = ["--verify", "--run-in-flight"]
        // Nothing else of the command line matters to the child.
        for input in inputs { arguments += ["--input", input] }
        // A process of its own, because a trap in this one would end the verdict with it.
        guard let child = ChildProcess(["replay"] + arguments + ["--", path]) else {
            return "they were not run again: no process could be started\n"
        }
        let limit = UInt64(max(0, min(seconds, 86_400))) * 1_000_000_000
        let (output, status) = child.finish(silentFor: limit)
        let lines = output.split(separator: "\n")
        let hasEnded = lines.last.map { $0 == endSign } ?? false
        // The last line names the turn that the child was in when it ended.
        let last = lines.last.flatMap { Step($0) }
        let turn = turns.first { $0.step == last }.map { "step \($0.step) of \($0.subtask)" }
        switch (status, turn) {
        // Without its last word a child that exits with 0 was ended by a turn's code.
        case (.exited(0), _) where hasEnded:
            return "run again, they come to their ends: the run was killed, or died elsewhere\n"
        case (.exited(let code), let turn?):
            return "the turn of \(turn) ended the process itself: it called exit(\(code))\n"
        case (.exited(let code), nil):
            return "they were not run again: the process ended with code \(code)\n"
        case (.signalled(let signal), let turn?):
            return "trap reproduced at \(turn): signal \(signal)\n"
        case (.tookTooLong, let turn?):
            return "the turn of \(turn) did not end within \(seconds) s\n"
        case (.signalled(let signal), nil):
            return "they were not run again: signal \(signal) ended the process before them\n"
        case (.tookTooLong, nil):
            return "they were not run again: the way to them stood still for \(seconds) s\n"
        }
    }
}

/// This program once more, with other arguments and its standard output read. One thread makes it
/// and calls `finish`, once.
struct ChildProcess {
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
    /// The maximum of bytes that are kept.
    static let maximumBytes = 1 << 16

    private var bytes: [UInt8] = []

    /// Adds what came next; what was printed long before gives way.
    mutating func append(_ output: some Collection<UInt8>) {
        bytes.append(contentsOf: output)
        // Cut at twice the bound, so that each byte is moved once at most.
        guard bytes.count >= 2 * Self.maximumBytes else { return }
        bytes.removeFirst(bytes.count - Self.maximumBytes)
    }

    /// The kept bytes. The first line may lack its beginning, and the last one its end.
    var text: String { String(decoding: bytes.suffix(Self.maximumBytes), as: UTF8.self) }
}
