import WeirBase
package import WeirEngine

/// All state of a run at one step, as text: cells, keyed state, queues.
///
/// Taken between steps of a replay. State of a subtask whose turn is open at that step is not
/// read, since its turn holds it: it is named in `open` instead.
package struct StateReport: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Queue: Equatable, Sendable {
        package var channel: String
        package var depth: Int
        /// The oldest few messages.
        package var oldest: [String]
    }

    /// The last step that was run.
    package var step: UInt64
    package var cells: [Entry] = []
    /// `stage.operator[key]`, at most `limit` of each operator and subtask.
    package var states: [Entry] = []
    /// How many entries there are beyond those.
    package var omitted = 0
    /// Channels in which something waits.
    package var queues: [Queue] = []
    package var watermarks: [Entry] = []
    /// Subtasks in the middle of a turn.
    package var open: [String] = []

    package init(of execution: Execution, at step: UInt64, open: [UInt16], limit: Int) {
        self.step = step
        self.open = open.map { execution.subtasks[Int($0)].name }
        cells = execution.cells.map { Entry(name: "cell \($0.name)", value: "\($0.anyValue)") }
        for subtask in execution.subtasks {
            let watermark = subtask.watermark
            if watermark != .distantPast {
                watermarks.append(
                    Entry(
                        name: subtask.name,
                        value: watermark == .distantFuture ? "end" : watermark.rfc3339(digits: 3)))
            }
            if open.contains(subtask.index) { continue }
            for state in subtask.states {
                omitted += max(0, state.entries.count - limit)
                for entry in state.entries.prefix(limit) {
                    states.append(
                        Entry(
                            name: "\(subtask.name).\(state.operator)[\(entry.key)]",
                            value: "\(entry.value)"))
                }
            }
        }
        for channel in execution.channels where channel.depth > 0 {
            queues.append(
                Queue(
                    channel: channel.name, depth: channel.depth,
                    oldest: channel.describeQueued(limit: 2)))
        }
    }
}
