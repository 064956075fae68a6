import WeirBase
import WeirReplay
import WeirTelemetry

/// Names that commands hold: what they mean, and what is said of those that mean nothing.
extension Debugger: ExpressionScope {
    /// The step at which expressions look.
    var position: Step { run.position }

    /// What a name of state means where the run is.
    func find(_ name: String) throws -> [StateValue] { try run.find(name) }

    /// The messages that wait in the channels of a name together; nil when there is no such
    /// channel.
    func depth(of channel: String) -> Int? {
        let names = channels(named: channel)
        if names.isEmpty { return nil }
        // Without messages, as only their number is wanted.
        return run.queues(messages: 0).filter { names.contains($0.channel) }
            .reduce(0) { $0 + $1.depth }
    }

    /// The channels that a name means: one, or all between two stages (`parse>enrich`).
    func channels(named name: String) -> [String] {
        let all = run.channelNames
        if all.contains(name) { return [name] }
        // `parse>enrich` or `parse/0>enrich/1`, with or without spaces.
        let wanted = name.split(separator: ">", omittingEmptySubsequences: false)
            .map { $0.trimmingSpace }
        guard wanted.count == 2 else { return [] }
        return all.filter { channel in
            let ends = channel.split(separator: ">", omittingEmptySubsequences: false)
            guard ends.count == 2 else { return false }
            // A stage stands for each of its subtasks, a subtask for itself.
            return zip(ends, wanted).allSatisfy { $0 == $1 || $0.hasPrefix("\($1)/") }
        }
    }

    /// The numbers of a stage's subtasks, or of one subtask; empty where nothing has that
    /// name.
    func subtasks(named name: String) -> Set<SubtaskIndex> {
        let numbers = run.subtaskNames.enumerated().filter { _, subtask in
            subtask == name || subtask.hasPrefix("\(name)/")
        }
        return Set(numbers.map { SubtaskIndex(UInt16(clamping: $0.offset)) })
    }

    /// The violations and failures of an invariant that are known so far, or of all with nil.
    func violations(of name: String?) -> [Incident] {
        run.incidents.filter {
            ($0.kind == .violation || $0.kind == .failure) && (name == nil || $0.name == name)
        }
    }

    /// The steps that can change pieces of state and queues, which are those of their owners:
    /// a cell's accesses, an entry's subtask, the two ends of a channel.
    func touching(states: [StateReference], channels: [String]) -> ArmedBreakpoint.Touching {
        var touching = ArmedBreakpoint.Touching()
        for state in states {
            switch state.base {
            case .cell(let name):
                if let cell = run.cellNames.firstIndex(of: name) {
                    touching.cells.insert(CellIndex(UInt16(clamping: cell)))
                }
            case .entry(let stage, _, _): touching.subtasks.formUnion(subtasks(named: stage))
            }
        }
        for channel in channels.flatMap({ self.channels(named: $0) }) {
            for end in channel.split(separator: ">") {
                touching.subtasks.formUnion(subtasks(named: String(end)))
            }
        }
        return touching
    }

    // MARK: Checking

    /// Refuses a break on something that the run does not have.
    func check(_ kind: Breakpoint.Kind) throws {
        switch kind {
        case .watch(let state): try check(state, at: nil)
        case .condition(.stage(let name, let when)):
            guard !subtasks(named: name).isEmpty else { throw unknownStage(name, at: nil) }
            if let when { try check(when) }
        case .condition(.condition(let expression)): try check(expression)
        case .condition(.invariant(let name?)):
            // A trace of another build may have incidents of invariants that this one does
            // not have.
            let known = run.invariantNames + run.incidents.map(\.name)
            guard known.contains(name) else {
                throw CommandError(
                    "there is no invariant \(PrintableText.escaped(name))",
                    Nearest.advice(name, among: run.invariantNames, or: "See 'info marks'"))
            }
        // These name nothing that could be missing.
        case .condition(.invariant(nil)), .condition(.log): break
        case .condition(.queue(let channel, _)):
            guard !channels(named: channel).isEmpty else { throw unknownChannel(channel, at: nil) }
        }
    }

    /// Refuses names that mean nothing anywhere in the run. A key that is not there now is no
    /// such name: it may come.
    func check(_ expression: Expression) throws {
        for (state, column) in expression.states { try check(state, at: column) }
        for (channel, column) in expression.channels where channels(named: channel).isEmpty {
            throw unknownChannel(channel, at: column)
        }
    }

    /// Refuses a cell or a stage that the run does not have, with what was probably meant.
    func check(_ state: StateReference, at column: Int?) throws {
        switch state.base {
        case .cell(let name):
            guard !run.cellNames.contains(name) else { return }
            let cells = run.cellNames
            throw CommandError(
                "there is no cell \(PrintableText.escaped(name))",
                cells.isEmpty
                    ? "This pipeline has no shared cells"
                    : Nearest.advice(name, among: cells, or: "See 'info states'"), at: column)
        case .entry(let stage, _, _):
            // The stage is there. Whether it has such a key is a matter of the step.
            guard subtasks(named: stage).isEmpty else { return }
            // The likeliest mistake: the word `cell` was left out.
            if run.cellNames.contains(stage) {
                throw CommandError(
                    "\(PrintableText.escaped(stage)) is a cell",
                    "Write: cell \(PrintableText.escaped(stage))", at: column)
            }
            throw unknownStage(stage, at: column)
        }
    }

    /// The error for a stage that the run does not have.
    func unknownStage(_ name: String, at column: Int?) -> CommandError {
        CommandError(
            "there is no stage \(PrintableText.escaped(name))",
            Nearest.advice(name, among: run.stageNames, or: "See 'info stages'"), at: column)
    }

    /// The error for a channel that the run does not have.
    func unknownChannel(_ name: String, at column: Int?) -> CommandError {
        CommandError(
            "there is no channel \(PrintableText.escaped(name))",
            Nearest.best(name, among: channelsToOffer).map { "Did you mean \($0)?" }
                ?? "See 'info queues'", at: column)
    }

    /// The error for a state that is not there at this step, with the reason if it can be
    /// told: an open turn, a missing key, or a stage that has not run yet.
    func notHere(_ state: StateReference) throws -> CommandError {
        let name = PrintableText.escaped(state.text)
        guard case .entry(let stage, _, let key) = state.base else {
            return CommandError("there is no \(name)", "See 'info states'")
        }
        // What was typed may be a subtask's name.
        let stageName = run.stageNames.first { stage == $0 || stage.hasPrefix("\($0)/") } ?? stage
        let (entries, omitted) = try run.states(
            of: stageName, named: "", limit: DebuggerBounds.maximumNamedStates)
        // State is seen behind the turns that changed it. One that is open may be changing it
        // now.
        if entries.isEmpty {
            let open = run.subtasks.first {
                $0.openTurn != nil && ($0.name == stage || $0.name.hasPrefix("\(stageName)/"))
            }
            return CommandError(
                "\(PrintableText.escaped(stageName)) has no state at step \(run.position)",
                open.map {
                    "\(PrintableText.escaped($0.name)) is in the turn of step \($0.openTurn ?? 0): "
                        + "what it changes is seen when that ends"
                } ?? "Its state is seen behind its first turn")
        }
        let names = entries.map { ShownText.name($0.name) }
        let more = omitted > 0 ? " and \(omitted) more" : ""
        return CommandError(
            // Either a key is missing in the command, or the key is not there at this step.
            key == nil
                ? "\(name) has a state for each key"
                : "\(name) is not there at step \(run.position)",
            "There are \(names.joined(separator: ", "))\(more): 'info states "
                + "\(PrintableText.escaped(stageName))' lists them")
    }
}

extension Substring {
    /// The text without spaces around it.
    fileprivate var trimmingSpace: Substring {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return text
    }
}
