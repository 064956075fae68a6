import Synchronization
package import WeirBase
import WeirEngine
import WeirTelemetry

/// What can be seen of the execution where the playhead stands: names, state, channels, subtasks
/// and turns.
///
/// Nothing here moves the session's own replica, which stands between steps while it is looked at.
/// A subtask in the middle of a turn has its state in its hands; what is shown of it comes from a
/// second replica, which is made for the look and thrown away.
extension ReplaySession {
    // MARK: Names

    package var subtaskNames: [String] { replica.execution.subtasks.map(\.name) }
    package var stageNames: [String] { plan.planned.plan.stages.map(\.name) }
    package var channelNames: [String] { replica.execution.channels.map(\.name) }
    package var cellNames: [String] { plan.planned.plan.cells }
    package var sourceNames: [String] { plan.planned.plan.sources.map(\.name) }
    package var invariantNames: [String] { plan.planned.plan.invariants }

    // MARK: State

    /// The shared cells in order of their declaration.
    package var cells: [StateValue] { cells(of: replica) }

    private func cells(of replica: Replica) -> [StateValue] {
        replica.execution.cells.map { cell in
            StateValue(id: .cell(cell.index), name: "cell \(cell.name)", value: cell.anyValue)
        }
    }

    /// The cells and the state of one subtask behind a step up to here; nil when `onProgress` ended
    /// the way there. What an open turn of it holds is as that turn found it.
    ///
    /// Costs the steps since the snapshot before it, and with an open turn those before that.
    package func states(
        behind step: Step, of subtask: SubtaskIndex?, limit: Int
    ) throws -> (values: [StateValue], omitted: Int)? {
        precondition(step <= position, "step \(step) is looked at from step \(position)")
        guard let there = step == position ? replica : try replica(at: step) else { return nil }
        let cells = cells(of: there)
        guard let subtask, subtask.isWithin(there.execution.subtasks) else { return (cells, 0) }
        let turn = there.director.openTurns[subtask]
        guard let holder = try turn.map({ try replica(at: $0.previous) }) ?? there else {
            return nil
        }
        let (entries, count) = values(
            of: holder.execution.subtasks[subtask], EntryQuery(limit: limit), asOf: turn)
        return (cells + entries, count - entries.count)
    }

    /// The keyed and other state of a stage, or of all stages: in order of subtasks, operators and
    /// keys' texts, at most `limit` entries whose names begin with `prefix`; and how many more
    /// there are.
    ///
    /// What an open turn holds is taken from a second replay of the steps before it, and costs
    /// that. Otherwise the time grows with the state, as each key is looked at, and the memory with
    /// `limit`.
    ///
    /// - Throws: `ReplayInterrupted` where `onProgress` ended that second replay.
    package func states(
        of stage: String? = nil, named prefix: String = "", limit: Int = .max
    ) throws -> (entries: [StateValue], omitted: Int) {
        var entries: [StateValue] = []
        var omitted = 0
        let query = EntryQuery(limit: limit, prefix: prefix)
        try forEachState(of: stage, query) { _, found, count in
            let taken = found.prefix(limit - entries.count)
            entries.append(contentsOf: taken)
            assert(
                taken.count <= count && entries.count <= limit,
                "\(entries.count) entries, at most \(limit), and \(count) of one subtask")
            omitted += count - taken.count
        }
        return (entries, omitted)
    }

    /// Which entries of a state are asked for.
    private struct EntryQuery {
        /// The maximum of entries of one subtask.
        var limit = Int.max
        /// How their names begin.
        var prefix = ""
        /// The text of their key; nil where any is meant.
        var key: String?

        /// Whether the entry with this key is meant; `owner` stands before the key in its name.
        func holds(_ owner: String, _ key: String) -> Bool {
            if let wanted = self.key, wanted != key { return false }
            return prefix.isEmpty || "\(owner)[\(key)]".hasPrefix(prefix)
        }
    }

    /// What a name means now: `cell NAME`, `stage[key]`, `stage/1[key]`, `stage.operator[key]`.
    /// Several values where several subtasks or operators have such a key, none where nothing has.
    /// Looks at all entries of the stage.
    package func find(_ name: String) throws -> [StateValue] {
        if name.hasPrefix("cell ") { return cells.filter { $0.name == name } }
        guard name.hasSuffix("]"), let open = name.firstIndex(of: "[") else { return [] }
        let owner = name[..<open]
        let key = name[name.index(after: open)...].dropLast()
        let (stage, subtask, wanted) = parts(of: owner)
        guard let stage else { return [] }
        var found: [StateValue] = []
        try forEachState(of: stage, EntryQuery(key: String(key))) { owner, values, _ in
            guard subtask == nil || subtask == owner.name else { return }
            for value in values {
                guard case .entry(_, let name, _) = value.id else { continue }
                if wanted == nil || wanted == name { found.append(value) }
            }
        }
        return found
    }

    /// Stage, subtask and operator that a name's beginning means; names may hold dots themselves.
    private func parts(
        of owner: Substring
    ) -> (stage: String?, subtask: String?, operator: String?) {
        for subtask in replica.execution.subtasks {
            // The subtask's name first: a stage's name is the beginning of it.
            for (name, isSubtask) in [(subtask.name, true), (subtask.stage, false)] {
                if owner == name { return (subtask.stage, isSubtask ? name : nil, nil) }
                guard owner.hasPrefix(name + ".") else { continue }
                let rest = String(owner.dropFirst(name.count + 1))
                if subtask.stateOperators.contains(rest) {
                    return (subtask.stage, isSubtask ? name : nil, rest)
                }
            }
        }
        return (nil, nil, nil)
    }

    /// Gives each subtask of a stage with what a query finds in its state and how many entries it
    /// means there, in order: as it is now, or where a turn is open as it was at that turn's
    /// beginning.
    private func forEachState(
        of stage: String?, _ query: EntryQuery, _ body: (Subtask, [StateValue], Int) -> Void
    ) throws {
        let open = replica.director.openTurns
        let wanted = replica.execution.subtasks.filter { stage == nil || $0.stage == stage }
        let held = wanted.filter { open[$0.index] != nil && $0.hasState }
        let past = try valuesBefore(held, open, query)
        for subtask in wanted {
            guard let turn = open[subtask.index] else {
                let (values, count) = values(of: subtask, query, asOf: nil)
                body(subtask, values, count)
                continue
            }
            // Without values the second replay was interrupted, unless the subtask has none.
            if let (values, count) = past[subtask.index] {
                body(subtask, values, count)
            } else if subtask.hasState {
                throw ReplayInterrupted(step: turn)
            }
        }
    }

    /// The states of subtasks at the beginnings of their open turns. One replica goes from
    /// beginning to beginning, in order of their steps, so that the way is gone once.
    private func valuesBefore(
        _ held: [Subtask], _ open: [SubtaskIndex: Step], _ query: EntryQuery
    ) throws -> [SubtaskIndex: (values: [StateValue], count: Int)] {
        var found: [SubtaskIndex: (values: [StateValue], count: Int)] = [:]
        let ordered = held.sorted { open[$0.index] ?? 0 < open[$1.index] ?? 0 }
        guard let first = ordered.first, let turn = open[first.index] else { return [:] }
        // A subtask's state only changes in its own turns, so that behind the step before the turn
        // began it is as the turn found it.
        guard let past = try replica(at: turn.previous) else { return [:] }
        for subtask in ordered {
            guard let turn = open[subtask.index] else { continue }
            guard try run(past, through: turn.previous) else { return found }
            found[subtask.index] = values(
                of: past.execution.subtasks[subtask.index], query, asOf: turn)
        }
        return found
    }

    /// The entries of a subtask that a query finds, with the names that a person types for them,
    /// and how many it means.
    private func values(
        of subtask: Subtask, _ query: EntryQuery, asOf turn: Step?
    ) -> (values: [StateValue], count: Int) {
        let operators = subtask.stateOperators
        var values: [StateValue] = []
        var count = 0
        for (index, name) in operators.enumerated() {
            // The operator's name only where the stage alone would mean several states.
            let owner = operators.count > 1 ? "\(subtask.stage).\(name)" : subtask.stage
            var list = EntryList(limit: query.limit - values.count) { query.holds(owner, $0) }
            subtask.list(&list, ofState: index)
            assert(
                list.entries.count <= list.count,
                "\(list.entries.count) entries of \(name) are given and \(list.count) meant")
            count += list.count
            values += list.entries.map { entry in
                StateValue(
                    id: .entry(subtask: subtask.index, operator: name, key: entry.key),
                    name: "\(owner)[\(entry.key)]", value: entry.value, asOfTurn: turn)
            }
        }
        return (values, count)
    }

    // MARK: Queues, subtasks, turns

    /// All channels in the order of the plan, with at most `limit` of their oldest messages.
    package func queues(messages limit: Int = 0) -> [QueueFacts] {
        replica.execution.channels.map { channel in
            // What the producer has not published belongs to the channel in a person's eyes.
            let outlet = channel.producer?.outlets.first { $0.channel === channel }
            return QueueFacts(
                channel: channel.name, depth: channel.depth, capacity: channel.bounds.messages,
                unpublished: outlet?.unpublishedCount ?? 0,
                oldest: limit > 0 ? channel.describeQueued(limit: limit) : [])
        }
    }

    package var subtasks: [SubtaskFacts] {
        let open = replica.director.openTurns
        return replica.execution.subtasks.map { subtask in
            let counters = subtask.counters
            return SubtaskFacts(
                name: subtask.name, turns: subtask.turnCount,
                recordsIn: counters.recordsIn.load(ordering: .relaxed),
                recordsOut: counters.recordsOut.load(ordering: .relaxed),
                watermark: subtask.watermark, isDone: subtask.isDone,
                openTurn: open[subtask.index])
        }
    }

    package var watermarks: [WatermarkFacts] {
        replica.execution.subtasks.map { subtask in
            WatermarkFacts(
                subtask: subtask.name, watermark: subtask.watermark,
                inputs: subtask.inletTimes.map { inlet in
                    WatermarkFacts.Input(
                        channel: inlet.channel.name, watermark: inlet.watermark,
                        state: inlet.isEnded ? .ended : inlet.isIdle ? .idle : .active,
                        sent: inlet.channel.producer?.watermark ?? .distantPast,
                        depth: inlet.channel.depth)
                })
        }
    }

    /// The turns that could be taken now in the sequential execution.
    ///
    /// A source can always be next until it has ended: when its input arrived, and its pace, are
    /// not part of the execution.
    package func runnable() throws -> [RunnableFacts] {
        let open = replica.director.openTurns
        let time = try facts(of: position)?.time ?? 0
        var found: [RunnableFacts] = []
        for subtask in replica.execution.subtasks where open[subtask.index] == nil {
            func add(_ work: RunnableFacts.Work) {
                found.append(RunnableFacts(subtask: subtask.name, work: work))
            }
            // A subtask with unpublished output takes no turn before that is gone.
            if subtask.hasUnpublished {
                add(.publish)
                continue
            }
            if subtask.isSource, !subtask.isDone { add(.read) }
            for choice in subtask.knownChoices(time: time) {
                guard choice.kind == .input else {
                    add(.turn(choice.kind))
                    continue
                }
                let channel = subtask.inlets[choice.inlet].channel.name
                add(.messages(choice.count, channel: channel))
            }
        }
        return found
    }

    /// What each open turn does next when it goes on, in order of subtasks.
    package var openTurns: [OpenTurnFacts] {
        replica.director.openTurns.sorted { $0.key < $1.key }.map { index, turn in
            let subtask = replica.execution.subtasks[index]
            let next: OpenTurnFacts.Next =
                switch replica.scheduler.purpose(ofSuspended: index) {
                case .cell(let cell): .access(cell: replica.execution.cells[cell].name)
                case .publish(let outlet):
                    .publish(channel: subtask.outlets[outlet].channel?.name ?? "")
                case nil: .nothing
                }
            return OpenTurnFacts(subtask: subtask.name, turn: turn, next: next)
        }
    }
}
