package import WeirBase

/// All state of an execution at a step where no turn was open.
///
/// `Execution.save` makes it and `Execution.restore` takes it in, both in a replay. It consists of
/// values that are shared with nothing that runs: a snapshot may be restored any number of times,
/// into executions of the same plan. State that is a class and changes itself would be shared; the
/// engine asks for values (`Codable & Sendable`), and such a class breaks replays anyway.
package struct ExecutionSnapshot {
    /// The subtasks in the order of the plan.
    let subtasks: [SavedPart]
    /// The channels in the order of the plan.
    let channels: [SavedPart]
    /// The cells in the order of the plan.
    let cells: [SavedPart]
    /// Which conditions over several parts held when they were last looked at.
    let wideWatch: WideWatch
    let violations: Violations

    /// About what the fields outside the parts take.
    private static let ownBytes: ByteCount = 512

    /// About how many bytes it takes, from fields and the canonical forms of some entries. Whoever
    /// keeps snapshots bounds them by it.
    package var bytes: ByteCount {
        (subtasks + channels + cells).reduce(Self.ownBytes) { $0 + $1.bytes }
    }
}
