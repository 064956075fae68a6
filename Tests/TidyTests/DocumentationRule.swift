/// Every `public` declaration has documentation whose first paragraph is one short sentence.
enum DocumentationRule {
    static let summaryCharacters = 150

    static func findings(in file: SourceFile) -> [Finding] {
        guard !file.isTest else { return [] }
        return file.tokens.indices.compactMap { index in
            let token = file.tokens[index]
            // `open` is also a name: as a modifier it stands before what can be overridden.
            let overridable = ["class", "func", "var", "subscript", "override", "final"]
            let isModifier =
                token.isWord("public")
                || token.isWord("open") && index + 1 < file.tokens.count
                    && overridable.contains(file.tokens[index + 1].text)
                    && file.tokens[index + 1].line == token.line
            guard isModifier, declares(file.tokens, after: index)
            else { return nil }
            let text = documentation(file.tokens, before: index)
            return advice(on: text).map { file.finding(token.line, $0) }
        }
    }

    /// Whether a declaration that needs documentation follows (not an import or an extension).
    private static func declares(_ tokens: [Token], after index: Int) -> Bool {
        let declarations: Set<String> = [
            "actor", "associatedtype", "class", "enum", "func", "init", "let", "macro", "protocol",
            "struct", "subscript", "typealias", "var",
        ]
        let others: Set<String> = ["import", "extension", "operator", "precedencegroup"]
        for token in tokens[(index + 1)...].prefix(12) where token.kind == .word {
            // `class` before `func` or `var` is a modifier; either way it is a declaration.
            if declarations.contains(token.text) { return true }
            if others.contains(token.text) { return false }
        }
        return false
    }

    /// The documentation lines above a declaration, past its attributes and modifiers.
    private static func documentation(_ tokens: [Token], before index: Int) -> [String] {
        var position = index - 1
        var depth = 0
        while position >= 0 {
            let token = tokens[position]
            if token.isSymbol(")") { depth += 1 }
            if token.isSymbol("(") { depth -= 1 }
            let isModifier =
                token.text.hasPrefix("@")
                || ["final", "static", "override", "mutating", "nonisolated"].contains(token.text)
            let isPassed =
                depth > 0 || token.isSymbol("(") || token.kind == .comment || isModifier
            if !isPassed { break }
            position -= 1
        }
        var lines: [String] = []
        while position >= 0, tokens[position].kind == .documentation {
            lines =
                tokens[position].text.split(omittingEmptySubsequences: false) { $0.isNewline }
                .map(stripped) + lines
            position -= 1
        }
        return lines
    }

    private static func stripped(_ line: Substring) -> String {
        let text = line.drop { $0 == " " || $0 == "*" }
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    private static func advice(on lines: [String]) -> String? {
        let summary = lines.prefix { !$0.isEmpty }.joined(separator: " ")
        if summary.isEmpty {
            return "a public declaration without documentation: say what it guarantees"
        }
        if summary.count > summaryCharacters {
            return "the first paragraph has \(summary.count) characters, at most "
                + "\(summaryCharacters): put what follows its first sentence behind an empty line"
        }
        guard let last = summary.last, [".", "?", ":", ")"].contains(last) else {
            return "the first paragraph is no sentence: end it with a full stop"
        }
        return nil
    }
}
