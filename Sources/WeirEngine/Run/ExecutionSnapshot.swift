/// A part of an execution as values, and about how many bytes they take.
package struct Saved {
    var value: Any
    var bytes: Int

    init(_ value: Any, bytes: Int) {
        self.value = value
        self.bytes = bytes
    }
}

/// All state of an execution at a place where no turn was open.
///
/// Values, shared with nothing that runs: a snapshot may be restored any number of times, into
/// executions of the same plan. State that is a class and changes itself would be shared; the
/// engine asks for values (`Codable & Sendable`), and such a class breaks replays anyway.
package struct ExecutionSnapshot {
    let subtasks: [Any]
    let channels: [Any]
    let cells: [Any]
    let wideWatch: WideWatch
    let violations: Violations
    /// About how many bytes it takes, from fields and the canonical forms of some entries.
    package internal(set) var bytes = 0
}
