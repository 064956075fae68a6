/// The lines that were entered, for a person who goes back to one. It is a value, and bounded: the
/// oldest lines are forgotten, and nothing is kept beyond the process.
package struct LineHistory: Equatable, Sendable {
    /// The oldest first.
    private(set) var lines: [String] = []

    package init() {}

    /// Keeps a line, unless it is empty or the same as the one before.
    package mutating func append(_ line: String) {
        guard !line.isEmpty, line != lines.last else { return }
        lines.append(line)
        if lines.count > TerminalBounds.maximumHistoryLines { lines.removeFirst() }
    }

    /// The index of the last line before an index that holds a text; nil where none does.
    func last(before index: Int, holding text: String) -> Int? {
        lines.indices.prefix(max(0, index)).last { lines[$0].contains(text) }
    }
}
