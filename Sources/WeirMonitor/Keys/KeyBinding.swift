package import WeirTerminal

/// Which part of the help a key stands in. The raw value is the heading, and the order of the cases
/// is that of the help.
package enum KeyGroup: String, CaseIterable, Sendable {
    case move = "MOVE"
    case time = "TIME  (the run and its recording go on)"
    case read = "READ"
    case other = "OTHER"
}

/// What the line at the bottom says of a key. Only keys that are used often have a hint; the help
/// names them all.
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

/// What a key is called, apart from what it does: a row of the help. Help, the line at the bottom
/// and tests read rows; only `KeyBinding` makes them.
package struct KeyRow: Equatable, Sendable {
    /// In the order in which they are written. The first stands in the line at the bottom.
    package var keys: [Key]
    package var group: KeyGroup
    /// What the key does, as the help says it.
    package var help: String
    /// What the help says where the run belongs to another process; nil where that is the same.
    package var watching: String?
    /// Nil where the help alone names it.
    package var hint: KeyHint?

    /// The keys as the help writes them.
    package var label: String { KeyLabel.text(keys) }
}

/// A key of a view or of the screen: how it is pressed, what the help says of it, and what it does.
///
/// This is the one declaration of all three. Pressed keys are looked up in lists of these, and the
/// help and the line at the bottom are made of the same rows, so that they cannot name a key that
/// does something else, nor leave one out.
///
/// `Target` is who declared the key: a view, or `OpenViews` for the screen's own keys. A binding is
/// constant and holds no state.
package struct KeyBinding<Target>: Sendable {
    /// Acts on the target and on what all views share, and gives what is to be done outside. The
    /// pressed key comes along, for a binding with several keys that differ (the digits of panels).
    /// An action is pure but for the two values that it is given.
    package typealias Action =
        @Sendable (inout Target, Key, inout ScreenState) -> [ScreenEffect]

    package let row: KeyRow
    package let action: Action

    /// A binding for at least one key. `watching` replaces the help where the run belongs to
    /// another process.
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
