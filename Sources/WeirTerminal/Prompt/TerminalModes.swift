import Glibc

/// Takes keys one by one from a terminal, and gives it back as it was.
///
/// `LinePrompt` calls `take` before a line and `giveBack` behind it, on one thread; only one
/// terminal can be taken at a time. Whatever ends the process in between, the modes are reset
/// first: a handler of the signals that kill does only that and lets the signal have its way.
enum TerminalModes {
    /// The modes to go back to, and the terminal they belong to; -1 while it is not taken.
    ///
    /// Unsafe: written by the one thread that reads the prompt, and only while the descriptor is
    /// -1; read by the handler while it is not.
    nonisolated(unsafe) private static let saved = UnsafeMutablePointer<termios>.allocate(
        capacity: 1)
    nonisolated(unsafe) private static let descriptor = {
        let pointer = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        pointer.initialize(to: -1)
        return pointer
    }()

    /// The signals that kill a process for a fault of its own, and Ctrl-\.
    private static let fatal = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT]

    /// Has the terminal hand over every key, without echo and without signals; false when the
    /// system refuses. A terminal that is taken already stays so.
    static func take(_ terminal: Int32) -> Bool {
        guard descriptor.pointee < 0 else { return true }
        var modes = termios()
        guard tcgetattr(terminal, &modes) == 0 else { return false }
        saved.initialize(to: modes)
        modes.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        modes.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR)
        withUnsafeMutableBytes(of: &modes.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        // What was written before is shown in the old modes.
        guard tcsetattr(terminal, TCSADRAIN, &modes) == 0 else { return false }
        descriptor.pointee = terminal
        for signal in fatal { Glibc.signal(signal, handler) }
        return true
    }

    /// Sets the modes that the terminal had; nothing happens where none is taken.
    static func giveBack() {
        guard descriptor.pointee >= 0 else { return }
        tcsetattr(descriptor.pointee, TCSADRAIN, saved)
        descriptor.pointee = -1
        for signal in fatal { Glibc.signal(signal, SIG_DFL) }
    }

    /// Runs as a signal handler, where `tcsetattr` is among the few calls that are allowed.
    private static let handler: @convention(c) (Int32) -> Void = { signal in
        if descriptor.pointee >= 0 { tcsetattr(descriptor.pointee, TCSANOW, saved) }
        Glibc.signal(signal, SIG_DFL)
        raise(signal)
    }
}
