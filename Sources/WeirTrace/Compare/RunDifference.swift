package import WeirBase
package import WeirTelemetry

/// How two recorded runs of one plan differ, as their traces tell it; nothing is run for it.
///
/// Runs are compared in two ways. Step by step they are equal up to the first step that is not the
/// same; behind it numbers mean different things. So what comes after is compared by *name*: the
/// turns of each subtask by their ordinal, and the accesses to each cell in their order.
package struct RunDifference: Equatable, Sendable {
    /// A turn of a subtask, and what is compared of it.
    package struct Turn: Equatable, Sendable {
        /// The step at which it began.
        package var step: Step
        package var kind: StepKind
        package var inlet: ChannelIndex
        /// The elements or calls that it took.
        package var count: UInt32
        /// The messages that it emitted, by outlet; empty for a turn without an end.
        package var emitted: [UInt32]
        /// How many accesses to cells it made.
        package var accesses: UInt32
        /// A hash over what the subtask's turns wrote and emitted; most turns have none.
        package var sample: UInt64?

        /// Whether both took the same.
        func takesTheSame(as other: Turn) -> Bool {
            kind == other.kind && inlet == other.inlet && count == other.count
        }

        /// Whether both, which took the same, did the same with it, as far as was recorded.
        func givesTheSame(as other: Turn) -> Bool {
            emitted == other.emitted && accesses == other.accesses
                && (sample == nil || other.sample == nil || sample == other.sample)
        }
    }

    /// The turns of a subtask in both runs, by their ordinal.
    package struct Subtask: Equatable, Sendable {
        package var name: String
        package var turns: (a: UInt64, b: UInt64) = (0, 0)
        /// Turns of the same ordinal that took something else: another inlet, or another number.
        package var othersTaken: UInt64 = 0
        /// Turns that took the same and did something else with it.
        package var othersGiven: UInt64 = 0
        /// The first turn of the same ordinal that is not the same, with its ordinal from 1.
        package var first: (ordinal: UInt64, a: Turn, b: Turn)?

        package var isSame: Bool {
            othersTaken == 0 && othersGiven == 0 && turns.a == turns.b
        }

        package static func == (left: Subtask, right: Subtask) -> Bool {
            left.name == right.name && left.turns == right.turns
                && left.othersTaken == right.othersTaken && left.othersGiven == right.othersGiven
                && left.first?.ordinal == right.first?.ordinal && left.first?.a == right.first?.a
                && left.first?.b == right.first?.b
        }
    }

    /// An access to a cell, by whom and in which of their turns.
    package struct Access: Equatable, Sendable {
        package var step: Step
        package var subtask: SubtaskIndex
        /// The ordinal of its turn among those of its subtask, from 1.
        package var turn: UInt64
    }

    /// The order in which a cell was accessed.
    package struct Cell: Equatable, Sendable {
        package var name: String
        package var accesses: (a: UInt64, b: UInt64) = (0, 0)
        /// Accesses from the first on that are by the same subtasks in the same turns.
        package var equal: UInt64 = 0
        /// The first access that is not; nil on the side that has none of that number.
        package var first: (a: Access?, b: Access?)?

        package static func == (left: Cell, right: Cell) -> Bool {
            left.name == right.name && left.accesses == right.accesses
                && left.equal == right.equal && left.first?.a == right.first?.a
                && left.first?.b == right.first?.b
        }
    }

    /// Steps from the first on that are the same in both, with what their turns gave.
    package var equalSteps: UInt64 = 0
    /// The last steps of both.
    package var lastSteps: (a: Step, b: Step) = (0, 0)
    /// The first step that is not the same; nil on a side whose run ended before. Nil as a whole
    /// where all steps are the same.
    package var first: (a: StepNote?, b: StepNote?)?
    /// Whether the first difference is in what a turn gave, and not in what was taken.
    package var isFirstOfValue = false
    /// In the order of the plan.
    package var subtasks: [Subtask] = []
    /// In the order of their declaration.
    package var cells: [Cell] = []
    /// The last steps, of both, up to which subtasks and cells were compared; nil where all of it
    /// was. The runs went too far apart to be held against each other within bounds.
    package var bound: Step?

    /// Whether the schedules, and what was recorded of the turns, are the same.
    package var isSame: Bool { first == nil }

    package static func == (left: RunDifference, right: RunDifference) -> Bool {
        left.equalSteps == right.equalSteps && left.lastSteps == right.lastSteps
            && left.first?.a == right.first?.a && left.first?.b == right.first?.b
            && left.isFirstOfValue == right.isFirstOfValue && left.subtasks == right.subtasks
            && left.cells == right.cells && left.bound == right.bound
    }
}
