/// What there is still too much of: each is counted over all sources, and may only become less.
///
/// These are aims and no rules yet. Whoever brings a count down lowers it here, so that it stays
/// down; whoever needs one more takes another one out.
enum Ratchet: String, CaseIterable {
    case longBodies = "function bodies of more than 40 lines, comments left out"
    case longFiles = "files of more than 300 lines, comments left out"
    case wideTypes = "types with more than 12 stored properties"
    case defaults = "`default:` in a switch"
    case barePointers = "`unowned(unsafe)` without a comment before it"

    /// How many of them there are.
    var allowed: Int {
        switch self {
        case .longBodies: 12
        case .longFiles: 5
        case .wideTypes: 20
        case .defaults: 68
        case .barePointers: 0
        }
    }

    private static let bodyLines = 40
    private static let fileLines = 300
    private static let storedProperties = 12

    func findings(in file: SourceFile) -> [Finding] {
        guard !file.isTest else { return [] }
        switch self {
        case .longBodies:
            return FunctionBody.all(in: file.tokens).filter { $0.lineCount > Self.bodyLines }
                .map { file.finding($0.line, "\($0.name) has \($0.lineCount) lines") }
        case .longFiles:
            let count = file.codeLineCount
            return count > Self.fileLines ? [file.finding(count, "\(count) lines")] : []
        case .wideTypes:
            return StoredProperties.all(in: file.tokens)
                .filter { $0.count > Self.storedProperties }
                .map { file.finding($0.line, "\($0.type) stores \($0.count) properties") }
        case .defaults: return defaults(in: file)
        case .barePointers: return barePointers(in: file)
        }
    }

    private func defaults(in file: SourceFile) -> [Finding] {
        let code = file.tokens.filter { !$0.isComment }
        return code.indices.dropLast().compactMap { index in
            // One that begins its line, or stands behind a brace: no label of an argument.
            let isFirst =
                index == 0 || code[index - 1].line < code[index].line
                || code[index - 1].isSymbol("{")
            return isFirst && code[index].isWord("default") && code[index + 1].isSymbol(":")
                ? file.finding(code[index].line, "a case that says nothing") : nil
        }
    }

    private func barePointers(in file: SourceFile) -> [Finding] {
        file.tokens.indices.compactMap { index in
            guard file.tokens[index].isWord("unowned"), index + 2 < file.tokens.count,
                file.tokens[index + 2].isWord("unsafe")
            else { return nil }
            // Modifiers may stand between the comment and the word.
            let line = file.tokens[index].line
            let before = file.tokens[..<index].last { $0.line < line }
            return before?.isComment ?? false ? nil : file.finding(line, "why is it safe?")
        }
    }
}

/// The stored properties of a type, those of its extensions left out.
struct StoredProperties: Equatable {
    var type: String
    var line: Int
    var count: Int

    static func all(in tokens: [Token]) -> [StoredProperties] {
        let code = tokens.filter { !$0.isComment }
        var found: [StoredProperties] = []
        /// For each open brace the index of its type in `found`; nil for any other brace.
        var open: [Int?] = []
        var coming: Int?
        for index in code.indices {
            let token = code[index]
            if token.isSymbol("{") {
                open.append(coming)
                coming = nil
            } else if token.isSymbol("}") {
                _ = open.popLast()
            } else if let name = typeName(code, index) {
                found.append(StoredProperties(type: name, line: token.line, count: 0))
                coming = found.count - 1
            } else if let type = open.last ?? nil, isStored(code, index) {
                found[type].count += 1
            }
        }
        return found
    }

    private static func typeName(_ code: [Token], _ index: Int) -> String? {
        guard code[index].kind == .word, index + 1 < code.count,
            ["struct", "class", "enum", "actor"].contains(code[index].text),
            code[index + 1].kind == .word, !["func", "var", "let"].contains(code[index + 1].text)
        else { return nil }
        return code[index + 1].text
    }

    private static func isStored(_ code: [Token], _ index: Int) -> Bool {
        guard code[index].isWord("let") || code[index].isWord("var") else { return false }
        // `static let`, `class var`: of the type and not of its values.
        let before = code[..<index].reversed().prefix { $0.line == code[index].line }
        if before.contains(where: { $0.isWord("static") || $0.isWord("class") }) { return false }
        return code[index].isWord("let") || FunctionBody.isStored(code, at: index)
    }
}
