import WeirReplay
import WeirTelemetry

extension InfoTopic {
    /// `info runnable`: what could run next if one thread ran everything.
    ///
    /// With one thread every choice is the scheduler's. That makes it the question to ask
    /// where two orders of turns lead to different outcomes.
    static let runnable = InfoTopic(
        "runnable",
        help: [
            "runnable     what could run next if one thread ran everything"
        ],
        answer: { _, debugger, answer in try debugger.infoRunnable(&answer) })
}

extension Debugger {
    /// Lists the subtasks that could run, with what each could take. It tells which choices
    /// there were where the recorded run took one.
    fileprivate func infoRunnable(_ answer: inout Answer) throws {
        let runnable = try run.runnable()
        if runnable.isEmpty { answer.line("nothing could run: every subtask has ended") }
        var table = TextTable(["subtask", "could take"])
        for choice in runnable { table.row([choice.subtask, choice.text]) }
        if !runnable.isEmpty { for line in table.lines { answer.line(line) } }
        answer.member(
            "runnable",
            .list(
                runnable.map {
                    .members(["subtask": .text($0.subtask), "what": .text($0.text)])
                }))
    }
}

extension RunnableFacts {
    /// What a subtask could take next, in words. Names are not yet safe to show.
    var text: String {
        switch work {
        case .publish: "publishes what found no room"
        case .read: "source"
        case .messages(let count, let channel): "\(count) messages on \(channel)"
        case .turn(.timer): "a timer is due"
        // The kinds have names that read well enough.
        case .turn(let kind): "\(kind)"
        }
    }
}
