import WeirBase
import WeirReplay

extension InfoTopic {
    /// `info states [STAGE]`: the cells and the operators' state.
    ///
    /// What an open turn holds is shown as it was when that turn began, which costs a second
    /// replay of the steps before it.
    static let states = InfoTopic(
        "states",
        help: [
            "states [S]   cells and the state of operators, of stage S alone"
        ], takesStage: true,
        answer: { stage, debugger, answer in try debugger.infoStates(stage, &answer) })
}

extension Debugger {
    /// Lists the cells and a few entries of every stage, or many entries of one.
    fileprivate func infoStates(_ stage: String?, _ answer: inout Answer) throws {
        var states: [StateValue] = []
        var omitted = 0
        if let stage {
            // A subtask's name is refused: state is listed for whole stages.
            guard run.stageNames.contains(stage) else { throw unknownStage(stage, at: nil) }
        } else {
            // Cells belong to no stage and are listed in full, as a pipeline has few of them.
            states = run.cells
            for state in states { answer.line(state.line(limit: DebuggerBounds.maximumStateLine)) }
        }
        let limit =
            stage == nil ? DebuggerBounds.maximumStatesOfEach : DebuggerBounds.maximumStatesOfOne
        for name in stage.map({ [$0] }) ?? run.stageNames {
            // An operator may hold a state for each of a million keys, of which nobody reads
            // more than a few.
            let (entries, more) = try run.states(of: name, named: "", limit: limit)
            for state in entries { answer.line(state.line(limit: DebuggerBounds.maximumStateLine)) }
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
        // Programs learn that the list is not all there is.
        answer.member("omitted", .number(omitted))
    }
}
