/// A piece of state: a shared cell, or what one operator keeps for one key.
package enum StateID: Hashable, Sendable {
    case cell(UInt16)
    /// The key as text; empty for a state without keys.
    case entry(subtask: UInt16, operator: String, key: String)
}

/// A piece of state with its value at the execution's step.
package struct StateValue {
    package var id: StateID
    /// `cell stock`, `reserve[17]`, or `stage.operator[key]` where a stage fuses several operators
    /// with state.
    package var name: String
    /// The value itself, to be looked into.
    package var value: Any
    /// The subtask is in the middle of a turn, which holds its state: the value is the one at the
    /// beginning of that turn, this step.
    package var asOfTurn: UInt64?
}

/// A step that could change a piece of state, and what it did.
package struct StateAccess {
    package var step: UInt64
    package var subtask: UInt16
    /// The step at which its turn began.
    package var turn: UInt64
    /// Whether the value was another one afterwards.
    package var isWrite: Bool
    /// The value afterwards; nil when there is none.
    package var value: Any?
}
