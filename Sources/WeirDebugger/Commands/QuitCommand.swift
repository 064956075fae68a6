extension DebuggerCommand {
    /// `quit`: ends the session. Whoever executes commands looks at the answer and stops
    /// asking.
    ///
    /// Nothing needs to be saved: neither the trace nor anything else was written.
    static let quit = DebuggerCommand(
        .other, "quit", short: ["q", "exit"], Help("quit", "leave"),
        obey: { _ in
            var answer = Answer("quit")
            answer.isQuit = true
            return answer
        })
}
