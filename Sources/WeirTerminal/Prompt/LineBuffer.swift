/// A line that is being typed, and where its cursor stands. It is a value; `LineEditor` owns one.
///
/// It counts in what a reader takes for characters, so that one press of a key moves over a letter
/// and its marks together, and removes them together. The cursor stands between characters and
/// never leaves the line.
package struct LineBuffer: Equatable, Sendable {
    /// What a reader sees as characters; combining marks are part of theirs.
    package private(set) var characters: [Character] = []
    /// Characters before the cursor.
    package private(set) var cursor = 0
    /// What was removed last by word or by line, for `yank`.
    private var removed: [Character] = []

    package init() {}

    package var text: String { String(characters) }
    package var textBeforeCursor: String { String(characters[..<cursor]) }
    package var isEmpty: Bool { characters.isEmpty }

    /// Replaces the line; the cursor stands at its end.
    package mutating func replace(with text: String) {
        characters = Array(Array(text).prefix(TerminalBounds.maximumLineLength))
        cursor = characters.count
    }

    /// Inserts a character at the cursor, or a mark into the character before it. It costs a walk
    /// over the line up to the cursor.
    package mutating func insert(_ scalar: Unicode.Scalar) {
        guard characters.count < TerminalBounds.maximumLineLength else { return }
        // A mark joins the character before it: the text as a whole says what is one.
        var before = String(characters[..<cursor])
        before.unicodeScalars.append(scalar)
        let joined = Array(before)
        characters.replaceSubrange(..<cursor, with: joined)
        cursor = joined.count
    }

    /// Inserts a text at the cursor, as if it had been typed.
    package mutating func insert(_ text: String) {
        for scalar in text.unicodeScalars { insert(scalar) }
    }

    package mutating func left() { cursor = max(0, cursor - 1) }
    package mutating func right() { cursor = min(characters.count, cursor + 1) }
    package mutating func home() { cursor = 0 }
    package mutating func end() { cursor = characters.count }

    /// Removes the character before the cursor, with its marks.
    package mutating func deleteBefore() {
        guard cursor > 0 else { return }
        cursor -= 1
        characters.remove(at: cursor)
    }

    /// Removes the character at the cursor.
    package mutating func deleteAt() {
        if cursor < characters.count { characters.remove(at: cursor) }
    }

    /// Removes from the cursor to the end.
    package mutating func deleteToEnd() { remove(cursor..<characters.count) }

    /// Removes from the start to the cursor.
    package mutating func deleteToStart() { remove(0..<cursor) }

    /// Removes the word before the cursor, with the spaces behind it.
    package mutating func deleteWord() {
        var start = cursor
        while start > 0, characters[start - 1].isWhitespace { start -= 1 }
        while start > 0, !characters[start - 1].isWhitespace { start -= 1 }
        remove(start..<cursor)
    }

    /// Inserts at the cursor what was removed last by word or by line.
    package mutating func yank() { insert(String(removed)) }

    /// Removes a range and keeps it for `yank`; an empty range keeps what was removed before.
    private mutating func remove(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        removed = Array(characters[range])
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }
}
