package import WeirBase

package import WeirTelemetry

/// A step of the recorded schedule, as its note says.
package struct StepFacts: Equatable, Sendable {
    package var step: Step
    package var kind: StepKind
    /// Whose step it was; meaningless for rest points and voids.
    package var subtask: SubtaskIndex
    /// The step at which its turn began: itself for a beginning, 0 for rest points and voids.
    package var turn: Step
    /// By kind: the inlet of a turn's beginning, the cell of an access, the outlet of a publish.
    package var port: UInt16
    /// The cell of an access.
    package var cell: CellIndex { CellIndex(port) }
    /// The inlet of a turn's beginning, the outlet of a publish.
    package var channel: ChannelIndex { ChannelIndex(port) }
    /// By kind: the elements or calls that a turn takes, the messages that a publish offers.
    package var count: UInt32
    /// Processing time; of an access or a publish that of its turn.
    package var time: RunTime
}

/// A recorded log line, in its parts and as an export writes it.
package struct LogLineFacts {
    package var step: Step
    package var level: LogLevel
    /// The subtask that logged, such as `reserve/1`; empty for a record that was made outside
    /// turns.
    package var subtask: String
    package var message: String
    /// Names and values in the order of the statement.
    package var fields: [(name: String, value: LogValue)]
    /// One JSON object, made when it is asked for.
    package var json: () throws -> String

    package init(
        step: Step, level: LogLevel, subtask: String, message: String,
        fields: [(name: String, value: LogValue)], json: @escaping () throws -> String
    ) {
        self.step = step
        self.level = level
        self.subtask = subtask
        self.message = message
        self.fields = fields
        self.json = json
    }
}
