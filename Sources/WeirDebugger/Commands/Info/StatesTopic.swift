import WeirBase
import WeirReplay

extension InfoTopic {
    static let states = InfoTopic(
        "states",
        help: [
            "states [S]   cells and the state of operators, of stage S alone"
        ], takesStage: true,
        answer: { stage, debugger, answer in try debugger.infoStates(stage, &answer) })
}

extension Debugger {
    /// Entries that are listed: of each of all stages, and of one alone.
    private static let fewStates = 5
    private static let mostStates = 1_000

    fileprivate func infoStates(_ stage: String?, _ answer: inout Answer) throws {
        var states: [StateValue] = []
        var omitted = 0
        if let stage {
            guard run.stageNames.contains(stage) else { throw unknownStage(stage, at: nil) }
        } else {
            states = run.cells
            for state in states { answer.line(state.line(limit: 160)) }
        }
        let limit = stage == nil ? Self.fewStates : Self.mostStates
        for name in stage.map({ [$0] }) ?? run.stageNames {
            let (entries, more) = try run.states(of: name, limit: limit)
            for state in entries { answer.line(state.line(limit: 160)) }
            states += entries
            omitted += more
            let shown = PrintableText.escaped(name)
            if more > 0 {
                answer.line(
                    "  and \(more) more of \(shown): "
                        + (stage == nil ? "'info states \(shown)'" : "'print state \(shown)[KEY]'"))
            }
        }
        if states.isEmpty {
            answer.line(
                stage.map { "\(PrintableText.escaped($0)) has no state at step \(run.position)" }
                    ?? "there is no state at step \(run.position)")
        }
        answer.member("states", .list(states.map(\.answerValue)))
        answer.member("omitted", .number(omitted))
    }
}
