extension DebuggerCommand {
    /// `watch STATE`: has `continue` stop where a value changes, in either direction.
    ///
    /// The value is compared by its text after every step that may change it: the accesses of
    /// a cell, or the turns of the subtask that owns an entry. A value that is written anew
    /// and is the same is no change.
    static let watch = DebuggerCommand(
        .stopping, "watch",
        Help(
            "watch STATE", "have 'continue' stop where a value changes",
            details: ["watch cell budget.left", "watch reserve[17].onHand"]),
        read: { text throws(CommandError) in try text.state() },
        obey: { state, debugger in try debugger.add(.watch(state)) },
        candidates: { request, debugger in debugger.valuesToOffer(for: request.word) })
}
