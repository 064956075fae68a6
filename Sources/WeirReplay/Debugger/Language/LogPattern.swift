import WeirBase

/// A regular expression that is searched for in log lines. Owned by one thread, as `Regex` is.
package struct LogPattern: Equatable {
    package let text: String
    private let regex: Regex<AnyRegexOutput>

    /// Only so much of a line is searched, so that one line cannot hold everything up.
    private static let searchedBytes = 65_536

    init(_ text: String) throws(CommandError) {
        guard !text.isEmpty else {
            throw CommandError("the pattern is empty", "Write /late|dropped/")
        }
        self.text = text
        do {
            regex = try Regex(text).matchingSemantics(.unicodeScalar)
        } catch {
            throw CommandError("the pattern is no regular expression: \(error)")
        }
    }

    /// Whether the line holds a match. An expression that fails while it matches does not match.
    package func matches(_ line: String) -> Bool {
        let searched =
            line.utf8.count <= Self.searchedBytes
            ? line
            : String(decoding: line.utf8.prefix(Self.searchedBytes), as: UTF8.self)
        return ((try? regex.firstMatch(in: searched)) ?? nil) != nil
    }

    /// `/REGEX/`, safe to show.
    package var described: String { "/\(PrintableText.escaped(text))/" }

    package static func == (left: LogPattern, right: LogPattern) -> Bool { left.text == right.text }
}
