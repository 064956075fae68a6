/// The lines that were entered, the last ones of them, for a person who goes back to one. A value.
/// Older lines are forgotten, and nothing is kept beyond the process.
package struct LineHistory: Equatable, Sendable {
    package static let most = 1_000

    private(set) var lines: [String] = []

    package init() {}

    /// Keeps a line, unless it is empty or the same as the one before.
    package mutating func append(_ line: String) {
        guard !line.isEmpty, line != lines.last else { return }
        lines.append(line)
        if lines.count > Self.most { lines.removeFirst() }
    }

    /// The last line before `place` that holds `text`.
    func last(before place: Int, holding text: String) -> Int? {
        lines.indices.prefix(max(0, place)).last { lines[$0].contains(text) }
    }
}
