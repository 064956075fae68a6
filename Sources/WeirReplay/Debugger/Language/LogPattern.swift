import WeirBase

/// A regular expression that is searched for in log lines. Owned by one thread, as `Regex` is.
package struct LogPattern: Equatable {
    package let text: String
    private let searcher: PatternSearcher

    /// Only so much of a line is searched, so that one line cannot hold everything up.
    private static let searchedBytes = 65_536

    /// How long the search of one line may take.
    package static let patience: UInt64 = 2_000_000_000

    init(_ text: String, patience: UInt64 = patience) throws(CommandError) {
        guard !text.isEmpty else {
            throw CommandError("the pattern is empty", "Write /late|dropped/")
        }
        self.text = text
        do {
            searcher = PatternSearcher(
                try Regex(text).matchingSemantics(.unicodeScalar), patience: patience)
        } catch {
            throw CommandError("the pattern is no regular expression: \(error)")
        }
    }

    /// Whether the line holds a match. An expression that fails while it matches does not match.
    ///
    /// - Throws: `CommandError` when the search of one line took longer than it may; from then on
    ///   at once.
    package func matches(_ line: String) throws(CommandError) -> Bool {
        let searched =
            line.utf8.count <= Self.searchedBytes
            ? line
            : String(decoding: line.utf8.prefix(Self.searchedBytes), as: UTF8.self)
        if let isFound = searcher.search(searched) { return isFound }
        throw CommandError(
            "the pattern \(described) took too long on one log line",
            "Write it without repetitions within repetitions, and delete the break that has it")
    }

    /// `/REGEX/`, safe to show.
    package var described: String { "/\(PrintableText.escaped(text))/" }

    package static func == (left: LogPattern, right: LogPattern) -> Bool { left.text == right.text }
}
