package import WeirTerminal

/// How keys are written in the help and in the line at the bottom.
///
/// Made from the keys themselves, so that no declaration can name a key that it does not have.
package enum KeyLabel {
    /// The names of keys that do the same, with spaces between: `j Down`. Three or more digits in a
    /// row become a range: `1-5`.
    package static func text(_ keys: [Key]) -> String {
        if let range = digits(keys) { return range }
        return keys.map(text).joined(separator: " ")
    }

    /// One key: `j`, `space`, `^D`, `PgDn`, `F5`.
    package static func text(_ key: Key) -> String {
        switch key {
        case .character(" "): "space"
        case .character(let scalar): String(Character(scalar))
        case .control(let letter): "^" + String(Character(letter)).uppercased()
        case .alt(let scalar): "Alt-" + String(Character(scalar))
        case .function(let number): "F\(number)"
        case .up: "Up"
        case .down: "Down"
        case .left: "Left"
        case .right: "Right"
        case .home: "Home"
        case .end: "End"
        case .pageUp: "PgUp"
        case .pageDown: "PgDn"
        case .insert: "Ins"
        case .delete: "Del"
        case .enter: "Enter"
        case .tab: "Tab"
        case .backTab: "S-Tab"
        case .backspace: "BkSp"
        case .escape: "Esc"
        case .paste: "paste"
        }
    }

    /// The first and the last of three or more digits in a row, as a range; nil for any other keys.
    /// Two digits are as short by themselves.
    private static func digits(_ keys: [Key]) -> String? {
        guard keys.count > 2, let first = keys.first, let last = keys.last else { return nil }
        let values = keys.map { key -> UInt32? in
            guard case .character(let scalar) = key, ("0"..."9").contains(scalar) else {
                return nil
            }
            return scalar.value
        }
        for (left, right) in zip(values, values.dropFirst()) {
            guard let left, let right, left + 1 == right else { return nil }
        }
        return "\(text(first))-\(text(last))"
    }
}
