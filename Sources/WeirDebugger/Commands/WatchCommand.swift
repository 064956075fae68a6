extension DebuggerCommand {
    /// `watch STATE`: has `continue` stop where a value changes, in either direction.
    static let watch = DebuggerCommand(
        .stopping, "watch",
        Help(
            "watch STATE", "have 'continue' stop where a value changes",
            details: ["watch cell budget.left", "watch reserve[17].onHand"]),
        read: { text throws(CommandError) in try text.state() },
        obey: { state, debugger in try debugger.add(.watch(state)) },
        candidates: { place, debugger in debugger.valuesToOffer(for: place.word) })
}
