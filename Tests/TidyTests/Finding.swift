/// A line that breaks a tidy rule, and what to do about it.
struct Finding: Equatable, CustomStringConvertible {
    var file: String
    var line: Int
    var advice: String

    var description: String { "\(file):\(line): \(advice)" }
}

/// One text file of the repository.
struct SourceFile {
    /// From the repository's top level.
    let path: String
    let text: String
    let lines: [Substring]
    let tokens: [Token]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.lines = lines
        tokens = path.hasSuffix(".swift") ? SwiftText(text).tokens : []
    }

    /// How many of its lines are more than a comment. Sizes are counted so: whoever explains is
    /// not to be short of lines.
    var codeLineCount: Int {
        lines.count { !$0.drop(while: \.isWhitespace).hasPrefix("//") }
    }

    /// Whether it holds compressed bytes and no text.
    var isPacked: Bool { path.hasSuffix(".mcap") }

    var isTest: Bool { path.hasPrefix("Tests/") }

    /// The target it belongs to: the folder below `Sources` or `Tests`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    func finding(_ line: Int, _ advice: String) -> Finding {
        Finding(file: path, line: line, advice: advice)
    }
}
