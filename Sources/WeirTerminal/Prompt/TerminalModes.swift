import Glibc

/// Takes keys one by one from a terminal, and gives it back as it was.
///
/// `LinePrompt` calls `take` before a line and `giveBack` behind it, on one thread; only one
/// terminal can be taken at a time. Whatever ends the process in between, the modes are reset
/// first: a handler of the signals that kill does that, calls the handler that was there before,
/// and lets the signal have its way.
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

    /// The signals that kill a process for a fault of its own, and Ctrl-\; the same as those of
    /// the screen (`CNCurses`). In plain memory, because the handler goes through it.
    ///
    /// Unsafe: written once, before the first handler is set.
    nonisolated(unsafe) private static let fatal = {
        let signals = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT, SIGSYS]
        let memory = UnsafeMutableBufferPointer<Int32>.allocate(capacity: signals.count)
        _ = memory.initialize(from: signals)
        return memory
    }()
    /// What was done before at each of these signals.
    ///
    /// Unsafe: as `saved`.
    nonisolated(unsafe) private static let before = {
        let memory = UnsafeMutableBufferPointer<sigaction>.allocate(capacity: fatal.count)
        memory.initialize(repeating: sigaction())
        return memory
    }()

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
        for index in fatal.indices { sigaction(fatal[index], nil, &before[index]) }
        descriptor.pointee = terminal
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = handler
        action.sa_flags = SA_SIGINFO | SA_ONSTACK
        for signal in fatal { sigaction(signal, &action, nil) }
        return true
    }

    /// Sets the modes and handlers that were there before; nothing happens where no terminal is
    /// taken.
    static func giveBack() {
        guard descriptor.pointee >= 0 else { return }
        tcsetattr(descriptor.pointee, TCSADRAIN, saved)
        descriptor.pointee = -1
        for index in fatal.indices { sigaction(fatal[index], &before[index], nil) }
    }

    /// Runs as a signal handler, where `tcsetattr` is among the few calls that are allowed.
    private static let handler:
        @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void =
            { signal, info, context in
                if descriptor.pointee >= 0 { tcsetattr(descriptor.pointee, TCSANOW, saved) }
                for index in 0..<fatal.count where fatal[index] == signal {
                    callEarlier(before[index], signal, info, context)
                }
                Glibc.signal(signal, SIG_DFL)
                // Delivered once this handler has returned, so that the exit status is true.
                raise(signal)
            }

    /// Whoever was there first, such as the one that prints backtraces, sees the true context.
    private static func callEarlier(
        _ earlier: sigaction, _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?,
        _ context: UnsafeMutableRawPointer?
    ) {
        if earlier.sa_flags & SA_SIGINFO != 0 {
            earlier.__sigaction_handler.sa_sigaction?(signal, info, context)
            return
        }
        // `SIG_DFL` is 0 and `SIG_IGN` is 1; everything else is a function.
        if unsafeBitCast(earlier.__sigaction_handler.sa_handler, to: UInt.self) > 1 {
            earlier.__sigaction_handler.sa_handler?(signal)
        }
    }
}
