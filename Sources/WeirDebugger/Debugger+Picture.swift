package import WeirBase
import WeirReplay
package import WeirTelemetry

/// What a screen shows of the step where the run is.
extension Debugger {
    /// The present step with everything that is known of it: what it was, what it changed, what
    /// waits, and what could happen next.
    ///
    /// `columns` is how many steps around it are given. Without `isReplayed` it is a picture of any
    /// step as the recorded schedule alone tells it, and costs reading that. With it the state
    /// before the step is made again, which costs the steps since the last snapshot.
    package func picture(
        of step: Step? = nil, columns: Int, isReplayed: Bool = true
    ) throws -> ReplayPicture {
        let position = step ?? run.position
        let facts = try run.facts(of: position)
        let words = StepText(run)
        return ReplayPicture(
            step: position, lastStep: run.lastStep, time: try time(of: position),
            what: facts.map(words.what) ?? "before the first step",
            subtask: facts.flatMap { owner(of: $0) },
            failure: run.failureStep ?? (run.diedInTurns ? run.lastStep : nil),
            incidents: incidents(at: position),
            lanes: try lanes(around: position, columns: columns),
            replayed: isReplayed && position == run.position ? try replayed(facts) : nil,
            breaks: breaks.all.map { .init(number: $0.number, text: $0.text, hits: $0.hits) })
    }

    /// The subtask whose step it was.
    private func owner(of facts: StepFacts) -> SubtaskIndex? {
        facts.kind == .rest || facts.kind == .void ? nil : facts.subtask
    }

    /// What went wrong at a step, at the access or in the turn, and what the step is called.
    private func incidents(at step: Step) -> [String] {
        let found = run.incidents.filter { $0.step == step || $0.lookStep == step }
        var texts = IncidentGroup.groups(of: found).map(\.text)
        if step == run.lastStep, run.diedInTurns {
            texts.append("the run died behind this step, in the middle of a turn")
        }
        for bookmark in bookmarks.all where bookmark.step == step {
            texts.append("marked as \(bookmark.name)")
        }
        return texts
    }

    /// The steps around one, which is in their middle where the run has enough on both sides.
    private func lanes(around step: Step, columns: Int) throws -> ReplayPicture.Lanes {
        let columns = max(0, min(columns, DebuggerBounds.maximumPictureColumns))
        let before = UInt64(columns / 2)
        var first: Step = step.count > before ? Step(step.rawValue - before) : 1
        if run.lastStep.count >= columns {
            first = min(first, Step(run.lastStep.rawValue - UInt64(columns) + 1))
        }
        var found: [ReplayPicture.Column] = []
        var next = max(first, 1)
        while found.count < columns, let facts = try run.facts(of: next) {
            found.append(.init(kind: facts.kind, subtask: facts.subtask, turn: facts.turn))
            next = next.next
        }
        return ReplayPicture.Lanes(
            first: max(first, 1), columns: found, subtasks: subtasks(among: found))
    }

    /// The subtasks that have lanes: all of a small plan, of a large one those that did something.
    private func subtasks(among columns: [ReplayPicture.Column]) -> [ReplayPicture.Subtask] {
        let names = run.subtaskNames
        var acting: Set<SubtaskIndex> = []
        for column in columns where column.kind != .rest && column.kind != .void {
            acting.insert(column.subtask)
        }
        let all = names.enumerated().map { number, name in
            ReplayPicture.Subtask(index: SubtaskIndex(UInt16(clamping: number)), name: name)
        }
        if all.count <= DebuggerBounds.maximumPictureLanes { return all }
        return all.filter { acting.contains($0.index) }
    }

    // MARK: What only running tells

    /// State, queues and choices where the run is.
    private func replayed(_ facts: StepFacts?) throws -> ReplayPicture.Replayed {
        let subtask = facts.flatMap { owner(of: $0) }
        let (states, omittedStates) = try changes(of: subtask)
        let (queues, omittedQueues) = queues(at: subtask)
        return ReplayPicture.Replayed(
            queues: queues, omittedQueues: omittedQueues, states: states,
            omittedStates: omittedStates, choices: try choices())
    }

    /// The cells and a subtask's state before and behind the step, what changed first.
    private func changes(
        of subtask: SubtaskIndex?
    ) throws -> (states: [ReplayPicture.State], omitted: Int) {
        let limit = DebuggerBounds.maximumComparedStates
        guard
            let (after, omitted) = try run.states(
                behind: run.position, of: subtask, limit: limit)
        else { throw ReplayInterrupted(step: run.position) }
        guard run.position > 0 else { return bounded(after.map { state($0, $0, $0) }, omitted) }
        // A turn that is open holds the subtask's state, which is shown as the turn found it:
        // before the step it was the same, and only cells are looked at there.
        let isHeld = after.contains { $0.asOfTurn != nil }
        guard
            let (before, _) = try run.states(
                behind: run.position.previous, of: isHeld ? nil : subtask, limit: limit)
        else { throw ReplayInterrupted(step: run.position) }
        var known: [StateID: StateValue] = [:]
        for value in before { known[value.id] = value }
        var states = after.map { value in
            if isHeld, case .entry = value.id { return state(value, value, value) }
            let old = known.removeValue(forKey: value.id)
            return state(value, old, value)
        }
        // What the step removed.
        for value in before where known[value.id] != nil { states.append(state(value, value, nil)) }
        return bounded(states, omitted)
    }

    private func state(
        _ named: StateValue, _ before: StateValue?, _ after: StateValue?
    ) -> ReplayPicture.State {
        func text(_ value: StateValue?) -> String? {
            value.map { ReflectedValue.text($0.value, limit: DebuggerBounds.maximumPictureText) }
        }
        let isChanged =
            (before == nil) != (after == nil)
            || before.map { ReflectedValue.compared($0.value).text }
                != after.map { ReflectedValue.compared($0.value).text }
        return ReplayPicture.State(
            name: named.name, before: text(before), after: text(after), isChanged: isChanged)
    }

    /// As many as a picture holds, those that changed first.
    private func bounded(
        _ states: [ReplayPicture.State], _ omitted: Int
    ) -> (states: [ReplayPicture.State], omitted: Int) {
        let sorted = states.filter(\.isChanged) + states.filter { !$0.isChanged }
        let kept = sorted.prefix(DebuggerBounds.maximumPictureStates)
        return (Array(kept), omitted + sorted.count - kept.count)
    }

    /// The queues at the ends of the subtask, and then those that hold something.
    private func queues(
        at subtask: SubtaskIndex?
    ) -> (queues: [ReplayPicture.Queue], omitted: Int) {
        let names = run.subtaskNames
        let name = subtask.flatMap { $0.isWithin(names) ? names[$0.offset] : nil }
        func isEnd(_ channel: String) -> Bool {
            guard let name else { return false }
            return channel.hasPrefix("\(name)>") || channel.hasSuffix(">\(name)")
        }
        let all = run.queues(messages: DebuggerBounds.maximumPictureMessages)
        let sorted =
            all.filter { isEnd($0.channel) }
            + all.filter { !isEnd($0.channel) && $0.depth + $0.unpublished > 0 }
            + all.filter { !isEnd($0.channel) && $0.depth + $0.unpublished == 0 }
        let kept = sorted.prefix(DebuggerBounds.maximumPictureQueues)
        return (
            kept.map { queue in
                ReplayPicture.Queue(
                    channel: queue.channel, depth: queue.depth, capacity: queue.capacity,
                    unpublished: queue.unpublished,
                    oldest: queue.oldest.map {
                        PrintableText.escaped($0, limit: DebuggerBounds.maximumPictureText)
                    })
            }, sorted.count - kept.count
        )
    }

    /// What could happen next: a turn that is open goes on, or another one begins.
    private func choices() throws -> [ReplayPicture.Choice] {
        let names = run.subtaskNames
        let next = try run.facts(of: run.position.next)
        let actor = next.flatMap { owner(of: $0) }
            .flatMap { $0.isWithin(names) ? names[$0.offset] : nil }
        let isWithinTurn = next.map { $0.kind == .access || $0.kind == .publish } ?? false
        var choices = run.openTurns.map { open in
            ReplayPicture.Choice(
                subtask: open.subtask, what: open.text,
                isRecorded: isWithinTurn && open.subtask == actor)
        }
        for runnable in try run.runnable() {
            choices.append(
                ReplayPicture.Choice(
                    subtask: runnable.subtask, what: runnable.text,
                    isRecorded: !isWithinTurn && runnable.subtask == actor
                        && next.map { runnable.isBegun(by: $0, StepText(run)) } ?? false))
        }
        return Array(choices.prefix(DebuggerBounds.maximumPictureChoices))
    }
}

extension RunnableFacts {
    /// Whether it is what a step began.
    fileprivate func isBegun(by facts: StepFacts, _ words: StepText) -> Bool {
        switch work {
        // What is published is then a step of its own.
        case .publish: facts.kind == .publish
        case .read: facts.kind == .input
        case .messages(_, let channel): words.inlet(facts) == channel
        case .turn(let kind): facts.kind == kind
        }
    }
}
