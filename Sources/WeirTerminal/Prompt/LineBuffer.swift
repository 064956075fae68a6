/// A line that is being typed, and where its cursor stands. A value.
///
/// It counts in what a reader takes for characters, so that one press of a key moves over a letter
/// and its marks together, and removes them together.
package struct LineBuffer: Equatable, Sendable {
    /// Longer lines take no more characters.
    package static let longest = 4_096

    /// What a reader sees as characters; combining marks are part of theirs.
    package private(set) var characters: [Character] = []
    /// Characters before the cursor.
    package private(set) var cursor = 0
    /// What was removed last by word or line, for `yank`.
    private var removed: [Character] = []

    package init() {}

    package var text: String { String(characters) }
    package var textBeforeCursor: String { String(characters[..<cursor]) }
    package var isEmpty: Bool { characters.isEmpty }

    /// Replaces the line; the cursor stands at its end.
    package mutating func replace(with text: String) {
        characters = Array(Array(text).prefix(Self.longest))
        cursor = characters.count
    }

    package mutating func insert(_ scalar: Unicode.Scalar) {
        guard characters.count < Self.longest else { return }
        // A mark joins the character before it: the text as a whole says what is one.
        var before = String(characters[..<cursor])
        before.unicodeScalars.append(scalar)
        let joined = Array(before)
        characters.replaceSubrange(..<cursor, with: joined)
        cursor = joined.count
    }

    package mutating func insert(_ text: String) {
        for scalar in text.unicodeScalars { insert(scalar) }
    }

    package mutating func left() { cursor = max(0, cursor - 1) }
    package mutating func right() { cursor = min(characters.count, cursor + 1) }
    package mutating func home() { cursor = 0 }
    package mutating func end() { cursor = characters.count }

    package mutating func deleteBefore() {
        guard cursor > 0 else { return }
        cursor -= 1
        characters.remove(at: cursor)
    }

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

    /// Puts back what was removed last.
    package mutating func yank() { insert(String(removed)) }

    private mutating func remove(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        removed = Array(characters[range])
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }
}
