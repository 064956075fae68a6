package import WeirBase

/// Says in words what a step was, by the names of its run's plan. The texts are safe to show.
///
/// Whoever talks of steps makes one for a run: the debugger of a replayed execution's names, other
/// readers of a trace's header.
package struct StepWords: Sendable {
    /// By the subtask's number.
    private let subtasks: [String]
    /// By the cell's number.
    private let cells: [String]
    /// The channels that each subtask takes from, and gives to, by their number there.
    private let inlets: [[String]]
    private let outlets: [[String]]

    /// Names of a plan. Channels are named by their two ends, in the order of the plan.
    package init(subtasks: [String], cells: [String], channels: [String]) {
        (self.subtasks, self.cells) = (subtasks, cells)
        inlets = subtasks.map { name in channels.filter { $0.hasSuffix(">\(name)") } }
        outlets = subtasks.map { name in channels.filter { $0.hasPrefix("\(name)>") } }
    }

    /// The names of a recorded run.
    package init(_ header: RunHeader) {
        subtasks = header.subtasks.map { "\($0.stage)/\($0.index)" }
        cells = header.cells
        // Behind the outlets stands the sink, which is no channel.
        inlets = header.subtasks.map(\.inlets)
        outlets = header.subtasks.map(\.outlets)
    }

    /// The name of a subtask. A damaged trace may name what the plan does not have.
    package func subtask(_ index: SubtaskIndex) -> String { name(subtasks, index, "subtask") }

    package func cell(_ index: CellIndex) -> String { name(cells, index, "cell") }

    /// The channel of a subtask's inlet; nil where it has none of that number.
    package func inlet(_ channel: ChannelIndex, of subtask: SubtaskIndex) -> String? {
        self.channel(inlets, channel, of: subtask)
    }

    /// The channel of a subtask's outlet; nil where it has none of that number.
    package func outlet(_ channel: ChannelIndex, of subtask: SubtaskIndex) -> String? {
        self.channel(outlets, channel, of: subtask)
    }

    private func channel(
        _ lists: [[String]], _ channel: ChannelIndex, of subtask: SubtaskIndex
    ) -> String? {
        guard subtask.isWithin(lists) else { return nil }
        let list = lists[subtask.offset]
        return channel.isWithin(list) ? list[channel.offset] : nil
    }

    private func name(_ names: [String], _ index: some IndexNumber, _ what: String) -> String {
        index.isWithin(names) ? names[index.offset] : "\(what) \(index)"
    }

    /// What a step was: `reserve/1 accesses cell budget in the turn of step 12`. `turn` is that of
    /// an access or a publish.
    package func what(
        _ kind: StepKind, subtask index: SubtaskIndex, port: UInt16, count: UInt32, turn: Step
    ) -> String {
        let subtask = PrintableText.escaped(subtask(index))
        switch kind {
        case .access:
            let cell = PrintableText.escaped(cell(CellIndex(port)))
            return "\(subtask) accesses cell \(cell) in the turn of step \(turn)"
        case .publish:
            let outlet = outlet(ChannelIndex(port), of: index)
            let channel = PrintableText.escaped(outlet ?? "outlet \(port)")
            return "\(subtask) publishes \(Self.counted(count, "message")) on \(channel) "
                + "in the turn of step \(turn)"
        case .rest: return "a rest point: no turn is open"
        case .void: return "a number without a step: the run died before it did anything"
        case .input, .timer, .completion, .continue, .idle, .end, .failure:
            return "\(subtask) \(begin(kind, of: index, port: port, count: count))"
        }
    }

    /// What a turn began with: `takes 6 messages from match/0>reserve/1`.
    package func begin(
        _ kind: StepKind, of subtask: SubtaskIndex, port: UInt16, count: UInt32
    ) -> String {
        let inlet = inlet(ChannelIndex(port), of: subtask).map { PrintableText.escaped($0) }
        return switch kind {
        case .input:
            inlet.map { "takes \(Self.counted(count, "message")) from \($0)" }
                ?? "reads \(Self.counted(count, "element"))"
        case .timer: "fires its timers"
        case .completion: "takes \(Self.counted(count, "completed call"))"
        case .continue: "goes on with its turn"
        case .idle: "is told that its source is idle"
        case .end: inlet.map { "sees the end of \($0)" } ?? "comes to its end"
        // The failure is the reader's: the subtask of a source takes a turn to hear of it.
        case .failure, .access, .publish, .rest, .void: "is told of a failure"
        }
    }

    private static func counted(_ count: UInt32, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
