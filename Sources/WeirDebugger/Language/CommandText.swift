/// A command's text that is read from left to right, always knowing where it stands.
struct CommandText {
    /// A longer line is refused before anything of it is read.
    static let longest = 4_096

    let characters: [Character]
    private(set) var place = 0

    init(_ text: String) throws(CommandError) {
        characters = Array(text)
        guard characters.count <= Self.longest else {
            throw CommandError(
                "a command of \(characters.count) characters is too long",
                "The longest has \(Self.longest)")
        }
    }

    var isAtEnd: Bool { place >= characters.count }
    var next: Character? { isAtEnd ? nil : characters[place] }

    func character(after count: Int) -> Character? {
        place + count < characters.count ? characters[place + count] : nil
    }

    mutating func skipSpace() {
        while let next, next.isWhitespace { place += 1 }
    }

    mutating func advance(_ count: Int = 1) { place = min(characters.count, place + count) }

    /// Goes back to a place that was passed.
    mutating func rewind(to place: Int) {
        precondition(place <= self.place, "place \(place) lies ahead of \(self.place)")
        self.place = place
    }

    /// Takes `text` if it stands here.
    mutating func take(_ text: String) -> Bool {
        let wanted = Array(text)
        guard characters.count - place >= wanted.count,
            characters[place..<place + wanted.count].elementsEqual(wanted)
        else { return false }
        place += wanted.count
        return true
    }

    /// Characters as long as they pass.
    mutating func take(while passes: (Character) -> Bool) -> String {
        let start = place
        while let next, passes(next) { place += 1 }
        return String(characters[start..<place])
    }

    /// The characters up to the next space.
    mutating func word() -> String {
        skipSpace()
        return take { !$0.isWhitespace }
    }

    /// Everything that is left, without space around it.
    mutating func rest() -> String {
        skipSpace()
        var end = characters.count
        while end > place, characters[end - 1].isWhitespace { end -= 1 }
        defer { place = characters.count }
        return String(characters[place..<end])
    }

    /// What stands between two of `quote`; a backslash takes the next character as it is.
    mutating func quoted(_ quote: Character) throws(CommandError) -> String {
        let start = place
        precondition(next == quote, "no \(quote) at \(place)")
        place += 1
        var text = ""
        while let next {
            place += 1
            if next == quote { return text }
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

    /// What stands between two slashes; `\/` is a slash, any other backslash is the expression's.
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
                    return try LogPattern(text)
                } catch {
                    throw CommandError(error.message, error.advice, at: start)
                }
            }
            if next == "\\", self.next == "/" {
                place += 1
                text.append("/")
            } else {
                text.append(next)
            }
        }
        throw CommandError("the pattern that begins here has no end", "Close it with /", at: start)
    }

    /// Refuses what is left.
    mutating func expectEnd() throws(CommandError) {
        skipSpace()
        guard isAtEnd else {
            throw CommandError("this is more than the command takes", at: place)
        }
    }
}
