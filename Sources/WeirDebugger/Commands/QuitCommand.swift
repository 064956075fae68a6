extension DebuggerCommand {
    static let quit = DebuggerCommand(
        .other, "quit", short: ["q", "exit"], Help("quit", "leave"),
        obey: { _ in
            var answer = Answer("quit")
            answer.isQuit = true
            return answer
        })
}
