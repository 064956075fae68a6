/// Sizes of files, lines and function bodies.
enum SizeRule {
    static let sourceLines = 800
    static let testLines = 1_200
    static let columns = 100
    static let bodyLines = 70
    static let testBodyLines = 80

    /// Functions that may be longer: `path:name` and the reason.
    static let longFunctions: [String: String] = [:]

    static func findings(in file: SourceFile) -> [Finding] {
        var found: [Finding] = []
        let limit = file.isTest ? testLines : sourceLines
        if file.codeLineCount > limit {
            found.append(
                file.finding(
                    file.lines.count,
                    "\(file.codeLineCount) lines without comments, at most \(limit): move a second concern to a "
                        + "file of its own"))
        }
        let exempt = exemptLines(in: file)
        for (index, line) in file.lines.enumerated() where line.count > columns {
            if line.contains("://") || exempt.contains(index + 1) { continue }
            // A golden string that stands on its own line is what it is.
            if file.isTest, line.drop(while: { $0 == " " || $0 == "#" }).hasPrefix("\"") {
                continue
            }
            found.append(
                file.finding(index + 1, "\(line.count) columns, at most \(columns): break the line")
            )
        }
        return found + bodyFindings(in: file)
    }

    /// Lines of golden texts and marble diagrams: those in a test's literals of several lines.
    private static func exemptLines(in file: SourceFile) -> Set<Int> {
        guard file.isTest else { return [] }
        return file.tokens.reduce(into: []) { lines, token in
            if token.kind == .string, token.lastLine > token.line {
                lines.formUnion(token.line...token.lastLine)
            }
        }
    }

    private static func bodyFindings(in file: SourceFile) -> [Finding] {
        let limit = file.isTest ? testBodyLines : bodyLines
        return FunctionBody.all(in: file.tokens).compactMap { body in
            if body.lineCount <= limit || longFunctions["\(file.path):\(body.name)"] != nil {
                return nil
            }
            return file.finding(
                body.line,
                "the body of \(body.name) has \(body.lineCount) lines, at most \(limit): split it "
                    + "by meaning, or add it to longFunctions with a reason")
        }
    }
}

/// The braces of a function, initialiser, subscript or computed property.
struct FunctionBody: Equatable {
    var name: String
    var line: Int
    /// Lines between the braces that are more than a comment.
    var lineCount: Int

    static func all(in tokens: [Token]) -> [FunctionBody] {
        let code = tokens.filter { !$0.isComment }
        let comments = commentLines(in: tokens, code)
        return code.indices.compactMap { index in
            guard let name = declaredName(code, index),
                let open = opening(code, after: index),
                let close = closing(code, from: open)
            else { return nil }
            return FunctionBody(
                name: name, line: code[index].line,
                lineCount: max(0, code[close].line - code[open].line - 1)
                    - comments.count { code[open].line < $0 && $0 < code[close].line })
        }
    }

    /// Lines on which nothing but a comment stands.
    private static func commentLines(in tokens: [Token], _ code: [Token]) -> Set<Int> {
        let comments = tokens.filter(\.isComment).flatMap { Array($0.line...$0.lastLine) }
        return Set(comments).subtracting(code.flatMap { [$0.line, $0.lastLine] })
    }

    /// Whether the property that is declared at a token has no braces of its own.
    static func isStored(_ code: [Token], at index: Int) -> Bool {
        opening(code, after: index) == nil
    }

    /// The name of what is declared at a token; nil when nothing with a body can be.
    private static func declaredName(_ code: [Token], _ index: Int) -> String? {
        guard code[index].kind == .word, index + 1 < code.count else { return nil }
        if index > 0, code[index - 1].isSymbol(".") { return nil }
        let next = code[index + 1]
        switch code[index].text {
        case "func", "var": return next.isSymbol("(") ? nil : next.text
        case "init": return ["(", "<", "?", "!"].contains(next.text) ? "init" : nil
        case "subscript": return ["(", "<"].contains(next.text) ? "subscript" : nil
        case "deinit": return next.isSymbol("{") ? "deinit" : nil
        default: return nil
        }
    }

    /// The brace that opens the body; nil for a requirement or a property with a plain value.
    private static func opening(_ code: [Token], after start: Int) -> Int? {
        let isProperty = code[start].text == "var"
        let ends: Set<String> = [
            "func", "var", "let", "init", "subscript", "case", "struct", "class", "enum", "static",
            "package", "public", "private", "mutating", "associatedtype", "@inlinable",
        ]
        var depth = 0
        for index in code.indices[(start + 1)...] {
            let token = code[index]
            if token.isSymbol("(") || token.isSymbol("[") { depth += 1 }
            if token.isSymbol(")") || token.isSymbol("]") { depth -= 1 }
            if depth < 0 { return nil }
            if depth > 0 { continue }
            if token.isSymbol("{") { return index }
            if token.isSymbol("}") { return nil }
            if isProperty && token.isSymbol("=") { return nil }
            let isNewLine = index > start + 1 && token.line > code[index - 1].line
            if isNewLine && (isProperty || ends.contains(token.text)) { return nil }
        }
        return nil
    }

    private static func closing(_ code: [Token], from open: Int) -> Int? {
        var depth = 0
        for index in code.indices[open...] {
            if code[index].isSymbol("{") { depth += 1 }
            if code[index].isSymbol("}") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }
}
