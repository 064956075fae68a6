package import WeirBase

// The tables of an execution, each looked into by the index of its own kind. An index that comes
// from a trace is held against the table first (`IndexNumber.isWithin`): behind the end it traps.

extension [Subtask] {
    /// The subtask with an index of the plan.
    package subscript(index: SubtaskIndex) -> Subtask { self[index.offset] }
}

extension [any AnyCell] {
    /// The cell with an index of the plan.
    package subscript(index: CellIndex) -> any AnyCell { self[index.offset] }
}

extension [Inlet] {
    /// The inlet with an index of its subtask.
    package subscript(index: ChannelIndex) -> Inlet { self[index.offset] }
}

extension [any AnyOutlet] {
    /// The outlet with an index of its subtask.
    package subscript(index: ChannelIndex) -> any AnyOutlet { self[index.offset] }
}
