/// A command's text that is read from left to right, and always knows how far it was read.
///
/// Every `read` of a command and the parser of expressions take from it. An error gets the
/// position at which it was met, so that the person sees it. Nothing in it knows a run.
struct CommandText {
    /// The text in characters as a person counts them; columns of errors count the same.
    let characters: [Character]
    /// The index of the next character.
    private(set) var position = 0

    /// Begins at the start of a text; throws where it is too long.
    init(_ text: String) throws(CommandError) {
        // An array, as columns are counted and characters are looked at ahead.
        characters = Array(text)
        guard characters.count <= DebuggerBounds.maximumCommandLength else {
            throw CommandError(
                "a command of \(characters.count) characters is too long",
                "The longest has \(DebuggerBounds.maximumCommandLength)")
        }
    }

    var isAtEnd: Bool { position >= characters.count }
    /// The next character, without taking it; nil at the end.
    var next: Character? { isAtEnd ? nil : characters[position] }

    /// A character further on, without taking anything.
    func character(after count: Int) -> Character? {
        position + count < characters.count ? characters[position + count] : nil
    }

    /// Passes over spaces.
    mutating func skipSpace() {
        while let next, next.isWhitespace { position += 1 }
    }

    /// Passes over some characters, at most to the end.
    mutating func advance(_ count: Int = 1) { position = min(characters.count, position + count) }

    /// Goes back to a position that was passed, to read it in another way.
    mutating func rewind(to position: Int) {
        // Characters that were not read cannot have been passed.
        precondition(position <= self.position, "place \(position) lies ahead of \(self.position)")
        self.position = position
    }

    /// Takes `text` if it comes next; false where something else does.
    mutating func take(_ text: String) -> Bool {
        let wanted = Array(text)
        guard characters.count - position >= wanted.count,
            characters[position..<position + wanted.count].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
    }

    /// Takes characters as long as they pass, possibly none.
    mutating func take(while passes: (Character) -> Bool) -> String {
        let start = position
        while let next, passes(next) { position += 1 }
        return String(characters[start..<position])
    }

    /// Takes the characters up to the next space; empty at the end.
    mutating func word() -> String {
        skipSpace()
        return take { !$0.isWhitespace }
    }

    /// Takes everything that is left, without the spaces around it.
    mutating func rest() -> String {
        skipSpace()
        var end = characters.count
        while end > position, characters[end - 1].isWhitespace { end -= 1 }
        defer { position = characters.count }
        return String(characters[position..<end])
    }

    /// Takes what is between two of `quote`, which comes next. A backslash takes the
    /// character behind it as it is.
    mutating func quoted(_ quote: Character) throws(CommandError) -> String {
        let start = position
        precondition(next == quote, "no \(quote) at \(position)")
        position += 1
        var text = ""
        while let next {
            position += 1
            if next == quote { return text }
            // `self.next` is the character behind the backslash by now.
            if next == "\\", let escaped = self.next {
                position += 1
                text.append(escaped)
            } else {
                text.append(next)
            }
        }
        throw CommandError(
            "the text that begins here has no end", "Close it with \(quote)", at: start)
    }

    /// Takes what is between two slashes. `\/` is a slash; any other backslash belongs to the
    /// expression.
    mutating func pattern() throws(CommandError) -> LogPattern {
        skipSpace()
        let start = position
        guard take("/") else {
            throw CommandError(
                "a pattern stands between slashes", "Write /late|dropped/", at: position)
        }
        var text = ""
        while let next {
            position += 1
            if next == "/" {
                do {
                    // The pattern does not know where in the command it was written.
                    return try LogPattern(text)
                } catch {
                    throw CommandError(error.message, error.advice, at: start)
                }
            }
            // Only the slash is protected here; any other backslash means something to the
            // expression.
            if next == "\\", self.next == "/" {
                position += 1
                text.append("/")
            } else {
                text.append(next)
            }
        }
        throw CommandError("the pattern that begins here has no end", "Close it with /", at: start)
    }

    /// Throws where something is left, as a command must not do a part of what was typed.
    mutating func expectEnd() throws(CommandError) {
        skipSpace()
        guard isAtEnd else {
            throw CommandError("this is more than the command takes", at: position)
        }
    }
}
