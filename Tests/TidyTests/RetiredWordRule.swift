/// No name in the code holds a word that stood for several ideas, or beside another word for the
/// same one. The article `Glossary` says what each meant and what is said instead.
///
/// A name is taken apart at its capital letters, so that `markedPlaces` is found and `market` and
/// `replaced` are not. Literals and comments are not looked at: what people type and what trace
/// files hold keeps its words. `.ci/house` counts by the same words and the same allowed names,
/// which a test holds against each other.
enum RetiredWordRule {
    /// Retired words, in lower case, with what is said instead.
    static let words: [String: String] = [
        "place": instead, "places": instead, "placed": "positioned, or what it is about",
        "mark": "incident or bookmark", "marks": "incidents or bookmarks",
        "marked": "found, or named",
        "most": bound, "longest": bound, "least": bound, "smallest": bound,
        "handover": "feed", "handovers": "feeds",
        "world": "outside, notes or scope", "worlds": "outside, notes or scope",
    ]

    /// Whole names that are retired. As a part of other names the words stay: a monitor is what
    /// people look at, and a worker runs turns.
    static let names: [String: String] = [
        "Monitor": "ConditionLock", "monitor": "the lock, by what it guards",
        "Worker": "SystemThread",
    ]

    /// Names that keep a retired word, each with the reason.
    static let allowed: [String: String] = [
        "atLeast": "a label that reads as English, as in Swift's own libraries",
        "atMost": "a label that reads as English, as in Swift's own libraries",
        "byteOrderMarkLength": "Unicode's name of these bytes",
        "combiningMark": "Unicode's name of such a scalar",
        "combiningMarks": "Unicode's name of such scalars",
        "CombiningMarks": "Unicode's name of such scalars",
        "enclosingMark": "Swift's name of a Unicode category",
        "leastNonzeroMagnitude": "Swift's name of the number",
        "marksDropped": "the key in the trace file",
        "nonspacingMark": "Swift's name of a Unicode category",
        "spacingMark": "Swift's name of a Unicode category",
    ]

    private static let instead = "index, location, position, destination, activity or origin"
    private static let bound = "maximum or minimum"

    static func findings(in file: SourceFile) -> [Finding] {
        // The name of a test is a sentence, and begins with a backtick.
        file.tokens.filter { $0.kind == .word && !$0.text.hasPrefix("`") }.compactMap { token in
            guard allowed[token.text] == nil, let better = replacement(of: token.text) else {
                return nil
            }
            return file.finding(token.line, "\(token.text) holds a retired word: say \(better)")
        }
    }

    /// What is said instead of a name, or of the first retired word in it; nil where it has none.
    private static func replacement(of name: String) -> String? {
        names[name] ?? parts(of: name).lazy.compactMap { words[$0] }.first
    }

    /// The words that camel case joined, in lower case: `JSONText2` is `json` and `text2`.
    static func parts(of name: String) -> [String] {
        let characters = Array(name)
        var parts: [String] = []
        var part = ""
        for (index, character) in characters.enumerated() {
            let isEdge = character.isUppercase && begins(at: index, characters)
            if isEdge || !(character.isLetter || character.isNumber) {
                if !part.isEmpty { parts.append(part) }
                part = ""
            }
            if character.isLetter || character.isNumber { part += character.lowercased() }
        }
        return part.isEmpty ? parts : parts + [part]
    }

    /// Whether a capital letter begins a word: the first of several does, and the last of several
    /// where a small letter follows.
    private static func begins(at index: Int, _ characters: [Character]) -> Bool {
        guard index > 0, characters[index - 1].isUppercase else { return true }
        return index + 1 < characters.count && characters[index + 1].isLowercase
    }
}
