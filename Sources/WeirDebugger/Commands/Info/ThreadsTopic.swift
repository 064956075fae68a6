import WeirBase
import WeirReplay

extension InfoTopic {
    /// `info threads`: the turns that are in their middle. In a parallel run a worker was in
    /// each of them, so whoever knows other debuggers looks for them under this word.
    ///
    /// A turn is open here when an access or a publish of it comes behind this step, or when
    /// the run died in it.
    static let threads = InfoTopic(
        "threads",
        help: [
            "threads      turns that are in their middle, and what they wait for"
        ],
        answer: { _, debugger, answer in debugger.infoThreads(&answer) })
}

extension Debugger {
    /// Lists the open turns and what each of them waits for.
    fileprivate func infoThreads(_ answer: inout Answer) {
        let turns = run.openTurns
        if turns.isEmpty { answer.line("no turn is open here") }
        for turn in turns {
            answer.line(
                "\(PrintableText.escaped(turn.subtask)): "
                    + ShownText.line(turn.text))
        }
        answer.member(
            "threads",
            .list(turns.map { .members(["subtask": .text($0.subtask), "state": .text($0.text)]) }))
    }
}

extension OpenTurnFacts {
    /// Since when a turn is open, and what it waits for, in words. Names are as they are.
    var text: String {
        let what =
            switch next {
            case .access(let cell): "waits to access cell \(cell)"
            case .publish(let channel): "waits to publish on \(channel)"
            case .nothing: "was in flight when the run died"
            }
        return "in the turn of step \(turn), \(what)"
    }
}
