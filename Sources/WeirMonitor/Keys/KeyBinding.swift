package import WeirTerminal

/// Which part of the help a key stands in.
package enum KeyGroup: String, CaseIterable, Sendable {
    case move = "MOVE"
    case time = "TIME  (the run and its recording go on)"
    case read = "READ"
    case other = "OTHER"
}

/// What the line at the bottom says of a key.
package struct KeyHint: Equatable, Sendable, ExpressibleByStringLiteral {
    /// What the key does, in a word.
    package var word: String
    /// The word where the view has something of its own that is left first; nil for the same.
    package var wordInside: String?
    /// Whether it stays however narrow the line is: the help and the way out do.
    package var isVital: Bool

    package init(_ word: String, inside: String? = nil, isVital: Bool = false) {
        self.word = word
        wordInside = inside
        self.isVital = isVital
    }

    package init(stringLiteral value: String) { self.init(value) }
}

/// What a key is called, apart from what it does: a row of the help.
package struct KeyRow: Equatable, Sendable {
    /// In the order in which they are written. The first stands in the line at the bottom.
    package var keys: [Key]
    package var group: KeyGroup
    package var help: String
    /// What the help says where the run belongs to another process; nil where that is the same.
    package var watching: String?
    /// Nil where the help alone names it.
    package var hint: KeyHint?

    package var label: String { KeyLabel.text(keys) }
}

/// A key of a view or of the screen: how it is pressed, what the help says of it, and what it does.
///
/// The one declaration of all three. Pressed keys are looked up here, and the help and the line at
/// the bottom are made of the same rows, so that they cannot name a key that does something else,
/// nor leave one out.
package struct KeyBinding<Target>: Sendable {
    /// Acts on the view or the screen that declared the key, and on what all views share; gives
    /// what is to be done outside. Pure but for the two values.
    package typealias Action =
        @Sendable (inout Target, Key, inout ScreenState) -> [ScreenEffect]

    package let row: KeyRow
    package let action: Action

    package init(
        _ keys: [Key], _ group: KeyGroup, _ help: String, watching: String? = nil,
        hint: KeyHint? = nil, action: @escaping Action
    ) {
        precondition(!keys.isEmpty, "no key does \"\(help)\"")
        row = KeyRow(keys: keys, group: group, help: help, watching: watching, hint: hint)
        self.action = action
    }
}

extension Sequence {
    /// The binding of a key; nil where none of them has it.
    func binding<Target>(of key: Key) -> KeyBinding<Target>? where Element == KeyBinding<Target> {
        first { $0.row.keys.contains(key) }
    }
}
