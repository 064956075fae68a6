package import WeirBase
package import WeirTelemetry

/// A channel at the execution's step.
package struct QueueFacts: Equatable, Sendable {
    package var channel: String
    /// Messages that wait, control messages among them.
    package var depth: Int
    /// What the plan allows.
    package var capacity: Int
    /// Messages that the producer emitted and has not published.
    package var unpublished: Int
    /// The oldest of those that wait, as text; as many as were asked for.
    package var oldest: [String]
}

/// A subtask at the execution's step. Counts are totals since the run's start.
package struct SubtaskFacts: Equatable, Sendable {
    package var name: String
    package var turns: TurnCount
    package var recordsIn: UInt64
    package var recordsOut: UInt64
    /// Its watermark: `distantPast` before the first one, `distantFuture` after the last.
    package var watermark: Instant
    package var isDone: Bool
    /// The step at which its open turn began; nil where none is open.
    package var openTurn: Step?
}

/// A turn that has begun and not ended at the execution's step.
package struct OpenTurnFacts: Equatable, Sendable {
    /// What it does next when it goes on.
    package enum Next: Equatable, Sendable {
        case access(cell: String)
        case publish(channel: String)
        /// Nothing: it was in flight when the run died, and what it did then was not recorded.
        case nothing
    }

    package var subtask: String
    /// The step at which it began.
    package var turn: Step
    package var next: Next
}

/// A turn that could be taken at the execution's step.
package struct RunnableFacts: Equatable, Sendable {
    /// What such a turn would do.
    package enum Work: Equatable, Sendable {
        /// It publishes what found no room.
        case publish
        /// A source reads its input.
        case read
        case messages(UInt32, channel: String)
        /// Any other turn.
        case turn(StepKind)
    }

    package var subtask: String
    package var work: Work
}

/// How far event time has come in a subtask, and what holds it back: the answer to why a window
/// does not close.
package struct WatermarkFacts: Equatable, Sendable {
    /// One input, with what was taken from it.
    package struct Input: Equatable, Sendable {
        package enum State: String, Sendable {
            case active, idle, ended
        }

        package var channel: String
        package var watermark: Instant
        package var state: State
        /// The producer's own watermark. It may be ahead of `watermark`, since it travels behind
        /// the messages that wait.
        package var sent: Instant
        /// Messages that wait.
        package var depth: Int
    }

    package var subtask: String
    package var watermark: Instant
    /// Empty in a source.
    package var inputs: [Input]

    package init(subtask: String, watermark: Instant, inputs: [Input]) {
        (self.subtask, self.watermark, self.inputs) = (subtask, watermark, inputs)
    }

    /// The active input with the least watermark, which alone can move the subtask's; nil where
    /// none is active.
    package var holder: Input? {
        inputs.filter { $0.state == .active }.min { $0.watermark < $1.watermark }
    }
}
