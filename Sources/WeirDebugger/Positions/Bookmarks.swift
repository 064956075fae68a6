import WeirBase

/// Steps that a person named with `mark`, in the order of naming.
///
/// They are the session's and are not written into the trace. There is room for a bounded
/// number; a further name is refused.
struct Bookmarks {
    /// The names with their steps.
    private(set) var all: [(name: String, step: Step)] = []

    var names: [String] { all.map(\.name) }

    /// Names a step. A name that was given before moves here.
    mutating func add(_ name: String, at step: Step) throws(CommandError) {
        all.removeAll { $0.name == name }
        guard all.count < DebuggerBounds.maximumBookmarks else {
            throw CommandError("\(DebuggerBounds.maximumBookmarks) places are marked already")
        }
        all.append((name, step))
    }

    /// The step of a name; nil where nothing was named so.
    func step(of name: String) -> Step? { all.first { $0.name == name }?.step }
}
