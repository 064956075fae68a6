/// A piece of Swift source that the tidy rules look at.
struct Token: Equatable {
    enum Kind: Equatable {
        /// A keyword, name, attribute (`@frozen`), directive (`#if`) or number.
        case word
        /// One character of punctuation.
        case symbol
        /// The text of a literal without its quotes; interpolations stay in it as written.
        case string
        /// A `///` or `/** */` comment, without its marks.
        case documentation
        /// Any other comment.
        case comment
        /// A regular expression between slashes.
        case pattern
    }

    var kind: Kind
    var text: String
    /// The line of its first character, from 1.
    var line: Int
    /// The line of its last character.
    var lastLine: Int

    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
    func isWord(_ word: String) -> Bool { kind == .word && text == word }
    var isComment: Bool { kind == .documentation || kind == .comment }
}

/// Swift source taken apart just far enough for the tidy rules.
///
/// It knows strings (with interpolations, raw, of several lines), comments (nested) and patterns,
/// so that braces and keywords in them do not count. It is tolerant: what it does not know becomes
/// punctuation, and an unclosed literal ends with the file.
struct SwiftText {
    private(set) var tokens: [Token] = []

    private let characters: [Character]
    private var index = 0
    private var line = 1

    init(_ source: String) {
        // One character per scalar would split nothing that matters here, and a carriage return
        // with a line feed is a single `Character` that counts as one new line.
        characters = Array(source)
        while index < characters.count { readToken() }
    }

    private func peek(_ ahead: Int = 0) -> Character? {
        index + ahead < characters.count ? characters[index + ahead] : nil
    }

    private func follows(_ text: String) -> Bool {
        var ahead = 0
        for character in text {
            if peek(ahead) != character { return false }
            ahead += 1
        }
        return true
    }

    @discardableResult
    private mutating func take() -> Character {
        let character = characters[index]
        if character.isNewline { line += 1 }
        index += 1
        return character
    }

    private mutating func take(_ count: Int) {
        for _ in 0..<min(count, characters.count - index) { take() }
    }

    private mutating func add(_ kind: Token.Kind, at firstLine: Int, _ text: String) {
        tokens.append(Token(kind: kind, text: text, line: firstLine, lastLine: line))
    }

    private mutating func readToken() {
        guard let character = peek() else { return }
        if character.isWhitespace {
            take()
        } else if follows("//") {
            readLineComment()
        } else if follows("/*") {
            readBlockComment()
        } else if let hashes = stringOpening() {
            readString(hashes: hashes)
        } else if character == "`" {
            readQuotedName()
        } else if isWordStart(character) {
            readWord()
        } else if character == "/", startsPattern() {
            readPattern()
        } else {
            let symbol = String(take())
            add(.symbol, at: line, symbol)
        }
    }

    // MARK: Words

    private func isWordStart(_ character: Character) -> Bool {
        if character == "@" || character == "#" { return peek(1).map(isWordPart) ?? false }
        return isWordPart(character) || character == "$"
    }

    private func isWordPart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    private mutating func readWord() {
        let start = index
        let firstLine = line
        take()
        while let next = peek(), isWordPart(next) { take() }
        add(.word, at: firstLine, String(characters[start..<index]))
    }

    /// A name between backticks is a name and never a keyword, so it keeps its backticks.
    private mutating func readQuotedName() {
        let start = index
        let firstLine = line
        take()
        while let next = peek(), next != "`", !next.isNewline { take() }
        if peek() == "`" { take() }
        add(.word, at: firstLine, String(characters[start..<index]))
    }

    // MARK: Comments

    private mutating func readLineComment() {
        let firstLine = line
        let isDocumentation = follows("///") && !follows("////")
        take(isDocumentation ? 3 : 2)
        let start = index
        while let next = peek(), !next.isNewline { take() }
        let text = String(characters[start..<index])
        add(isDocumentation ? .documentation : .comment, at: firstLine, text)
    }

    private mutating func readBlockComment() {
        let firstLine = line
        let isDocumentation = follows("/**") && !follows("/**/")
        take(isDocumentation ? 3 : 2)
        let start = index
        var depth = 1
        var end = index
        while peek() != nil {
            end = index
            if follows("/*") {
                depth += 1
                take(2)
            } else if follows("*/") {
                depth -= 1
                take(2)
                if depth == 0 { break }
            } else {
                take()
                end = index
            }
        }
        let text = String(characters[start..<end])
        add(isDocumentation ? .documentation : .comment, at: firstLine, text)
    }

    // MARK: Strings

    /// The number of hash signs before the quote of a literal that begins here.
    private func stringOpening() -> Int? {
        var hashes = 0
        while peek(hashes) == "#" { hashes += 1 }
        return peek(hashes) == "\"" ? hashes : nil
    }

    private mutating func readString(hashes: Int) {
        let firstLine = line
        take(hashes)
        let pounds = String(repeating: "#", count: hashes)
        let quote = follows("\"\"\"") ? "\"\"\"" : "\""
        take(quote.count)
        let start = index
        var end = index
        let closing = quote + pounds
        let escape = "\\" + pounds
        while let next = peek() {
            end = index
            if follows(closing) {
                take(closing.count)
                break
            }
            if quote.count == 1 && next.isNewline { break }
            if follows(escape) {
                take(escape.count)
                if peek() == "(" { skipInterpolation() } else if peek() != nil { take() }
            } else {
                take()
            }
            end = index
        }
        add(.string, at: firstLine, String(characters[start..<end]))
    }

    /// Passes over `( … )` with everything in it, strings included.
    private mutating func skipInterpolation() {
        var depth = 0
        while let next = peek() {
            if let hashes = stringOpening() {
                let count = tokens.count
                readString(hashes: hashes)
                tokens.removeSubrange(count...)
                continue
            }
            take()
            if next == "(" { depth += 1 }
            if next == ")" {
                depth -= 1
                if depth == 0 { return }
            }
        }
    }

    // MARK: Patterns

    /// Whether a slash here begins a pattern rather than a division.
    private func startsPattern() -> Bool {
        guard let next = peek(1), !next.isWhitespace, next != "/", next != "*" else { return false }
        guard let last = tokens.last(where: { !$0.isComment }) else { return false }
        let isOperand: Bool =
            switch last.kind {
            case .word: !["return", "case", "in", "try", "where"].contains(last.text)
            case .string, .pattern: true
            case .symbol: [")", "]", "}", ">", "?", "!"].contains(last.text)
            case .documentation, .comment: false
            }
        return !isOperand && characters[(index + 1)...].prefix { !$0.isNewline }.contains("/")
    }

    private mutating func readPattern() {
        let firstLine = line
        take()
        let start = index
        while let next = peek(), next != "/", !next.isNewline {
            if next == "\\" { take() }
            if peek() != nil { take() }
        }
        let text = String(characters[start..<index])
        if peek() == "/" { take() }
        add(.pattern, at: firstLine, text)
    }
}
