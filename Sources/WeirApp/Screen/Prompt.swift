import Glibc
import WeirBase

/// Another invocation of this program with the terminal to itself, in a process group of its own.
///
/// The screen's thread calls `run` while it lends the terminal, and waits there; the run whose
/// screen it is goes on meanwhile, on its own threads. It is a process and not a call, because the
/// debugger runs the pipeline a second time and takes signals, the terminal and standard output for
/// itself; whatever goes wrong there leaves the run alone.
///
/// What has to be put right on the way there and back is the process group that the terminal's keys
/// go to, and what its Ctrl-C means. On the way there the child gets the foreground, so that Ctrl-C
/// goes to it alone. On the way back this process takes the foreground again, and keys do not
/// become signals until the screen is up.
enum Prompt {
    /// Runs this program with other arguments to its end. Call it with the terminal in its usual
    /// modes. `isLeaving` says whether the screen has to go, and then the child is ended.
    ///
    /// What ends in no time or with an error leaves its words standing until Enter is pressed.
    static func run(_ arguments: [String], isLeaving: () -> Bool) {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        defer { if terminal >= 0 { close(terminal) } }
        // How long it lasts tells whether anybody read what it said.
        let started = MonotonicClock.nanoseconds()
        guard let child = start(arguments, terminal) else {
            say("weir: error: no process could be started. Enter returns to the screen\n")
            waitForEnter(terminal, isLeaving)
            return
        }
        let code = wait(for: child, isLeaving)
        guard terminal >= 0 else { return }
        takeForeground(terminal)
        if code == 0, MonotonicClock.nanoseconds() - started > AppBounds.shortNanoseconds { return }
        say(
            (code == 0 ? "" : "weir: \(arguments[0]) ended with code \(code). ")
                + "Enter returns to the screen\n")
        waitForEnter(terminal, isLeaving)
    }

    /// Starts the child and gives it the terminal; nil when the system refuses.
    private static func start(_ arguments: [String], _ terminal: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if terminal >= 0 { posix_spawn_file_actions_adddup2(&actions, terminal, STDIN_FILENO) }
        // What it has to say is read on the screen, wherever this program's errors go.
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The run's signals are blocked and ignored in this process. The child begins with all of
        // them as usual.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGTSTP, SIGTTIN, SIGTTOU] {
            sigaddset(&signals, signal)
        }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // A group of its own, which the terminal can be given to.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = [ProgramName.typed] + arguments
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var started = pid_t()
        let status = posix_spawn(&started, "/proc/self/exe", &actions, &attributes, &argv, environ)
        guard status == 0 else { return nil }
        // Should it ask for the terminal before it has it, it is stopped and sent on in `wait`.
        if terminal >= 0 { tcsetpgrp(terminal, started) }
        return started
    }

    /// Waits for the child's end, and looks two hundred times a second whether the screen has to
    /// go. Gives its exit code, 128 + n where a signal ended it.
    private static func wait(for child: pid_t, _ isLeaving: () -> Bool) -> Int32 {
        var status: Int32 = 0
        var toldAt: UInt64?
        while true {
            let found = waitpid(child, &status, WNOHANG | WUNTRACED)
            if found < 0, errno != EINTR { return 0 }
            if found == child {
                // The low byte is 0x7F for a process that was stopped and did not end.
                if status & 0xFF != 0x7F { break }
                // There is no shell that could go on with it: a stop is undone.
                kill(-child, SIGCONT)
            }
            if isLeaving() {
                let now = MonotonicClock.nanoseconds()
                if toldAt == nil { kill(-child, SIGTERM) }
                let told = toldAt ?? now
                toldAt = told
                if now > told + AppBounds.promptEndNanoseconds { kill(-child, SIGKILL) }
            }
            // Polled, as this thread waits for the child and for a request to leave alike.
            usleep(5_000)
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    /// Makes this process the one that the terminal's keys and signals go to.
    private static func takeForeground(_ terminal: Int32) {
        // Whoever takes it from behind would be stopped for it.
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        // Ctrl-C means "enough of this" until the screen is back, and not the run's end.
        var keys = termios()
        if tcgetattr(terminal, &keys) == 0 {
            keys.c_lflag &= ~tcflag_t(ISIG | ICANON | ECHO)
            tcsetattr(terminal, TCSANOW, &keys)
        }
        tcsetpgrp(terminal, getpgrp())
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    /// Waits until Enter or Ctrl-C is pressed, or the screen has to go.
    private static func waitForEnter(_ terminal: Int32, _ isLeaving: () -> Bool) {
        guard terminal >= 0 else { return }
        var byte: UInt8 = 0
        while !isLeaving() {
            var watched = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            let ready = poll(&watched, 1, 50)
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            guard ready > 0, read(terminal, &byte, 1) == 1 else { return }
            if byte == 0x0A || byte == 0x0D || byte == 0x03 { return }
        }
    }

    private static func say(_ text: String) { Output.standard(text) }
}
