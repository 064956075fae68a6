/// A command's text that is read from left to right, and always knows how far it was read.
///
/// Every `read` of a command and the parser of expressions take from it. An error gets the
/// position at which it was met, so that the person sees it. Nothing in it knows a run.
struct CommandText {
    /// The maximum number of characters of a command. A longer line is refused before anything
    /// of it is read, which bounds everything that reads it.
    static let longest = 4_096

    /// The text in characters as a person counts them; columns of errors count the same.
    let characters: [Character]
    /// The index of the next character.
    private(set) var place = 0

    /// Begins at the start of a text; throws where it is too long.
    init(_ text: String) throws(CommandError) {
        // An array, as columns are counted and characters are looked at ahead.
        characters = Array(text)
        guard characters.count <= Self.longest else {
            throw CommandError(
                "a command of \(characters.count) characters is too long",
                "The longest has \(Self.longest)")
        }
    }

    var isAtEnd: Bool { place >= characters.count }
    /// The next character, without taking it; nil at the end.
    var next: Character? { isAtEnd ? nil : characters[place] }

    /// A character further on, without taking anything.
    func character(after count: Int) -> Character? {
        place + count < characters.count ? characters[place + count] : nil
    }

    /// Passes over spaces.
    mutating func skipSpace() {
        while let next, next.isWhitespace { place += 1 }
    }

    /// Passes over some characters, at most to the end.
    mutating func advance(_ count: Int = 1) { place = min(characters.count, place + count) }

    /// Goes back to a position that was passed, to read it in another way.
    mutating func rewind(to place: Int) {
        // Characters that were not read cannot have been passed.
        precondition(place <= self.place, "place \(place) lies ahead of \(self.place)")
        self.place = place
    }

    /// Takes `text` if it comes next; false where something else does.
    mutating func take(_ text: String) -> Bool {
        let wanted = Array(text)
        guard characters.count - place >= wanted.count,
            characters[place..<place + wanted.count].elementsEqual(wanted)
        else { return false }
        place += wanted.count
        return true
    }

    /// Takes characters as long as they pass, possibly none.
    mutating func take(while passes: (Character) -> Bool) -> String {
        let start = place
        while let next, passes(next) { place += 1 }
        return String(characters[start..<place])
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
        while end > place, characters[end - 1].isWhitespace { end -= 1 }
        defer { place = characters.count }
        return String(characters[place..<end])
    }

    /// Takes what is between two of `quote`, which comes next. A backslash takes the
    /// character behind it as it is.
    mutating func quoted(_ quote: Character) throws(CommandError) -> String {
        let start = place
        precondition(next == quote, "no \(quote) at \(place)")
        place += 1
        var text = ""
        while let next {
            place += 1
            if next == quote { return text }
            // `self.next` is the character behind the backslash by now.
            if next == "\\", let escaped = self.next {
                place += 1
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
        let start = place
        guard take("/") else {
            throw CommandError(
                "a pattern stands between slashes", "Write /late|dropped/", at: place)
        }
        var text = ""
        while let next {
            place += 1
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
                place += 1
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
            throw CommandError("this is more than the command takes", at: place)
        }
    }
}
