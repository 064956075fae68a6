package import WeirBase

/// Names a piece of state: a shared cell, or what one operator keeps for one key. It means the same
/// in every replica of one trace.
package enum StateID: Hashable, Sendable {
    /// A shared cell, by its number in the plan.
    case cell(CellIndex)
    /// An entry of an operator's state. The key is its text; empty for a state without keys.
    case entry(subtask: SubtaskIndex, operator: String, key: String)
}

/// A piece of state with its value at the execution's step.
package struct StateValue {
    package var id: StateID
    /// What a person calls it: `cell stock`, `reserve[17]`, or `stage.operator[key]` where a stage
    /// fuses several operators with state.
    package var name: String
    /// The value itself, to be looked into.
    package var value: Any
    /// The step of an open turn that holds this state. The value is then the one at that turn's
    /// beginning, since what the turn has made of it so far cannot be read. Nil where no turn is
    /// open.
    package var asOfTurn: Step?
}

/// A step that could change a piece of state, and what it did.
package struct StateAccess {
    package var step: Step
    package var subtask: SubtaskIndex
    /// The step at which the accessing turn began.
    package var turn: Step
    /// Whether the value was another one afterwards.
    package var isWrite: Bool
    /// The value afterwards; nil when there is none.
    package var value: Any?
}
