/// Which sequences are keys: those that xterm, the console of Linux, rxvt, screen and tmux send.
///
/// This is a table and not terminfo's, because terminfo names the sequences of one mode of one kind
/// of terminal, and what is at the other end of a link is often something else than TERM says.
/// `KeyDecoder` is its only reader.
enum KeyTables {
    /// The key of a sequence that began with `ESC [`; nil for what no key sends.
    static func key(_ parameters: [UInt8], final: UInt8) -> Key? {
        // Marks of private sequences and intermediate bytes: none of a key has them.
        guard parameters.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x3B }) else {
            return nil
        }
        if final == 0x7E {
            let digits = parameters.prefix { $0 != 0x3B }
            guard digits.count <= 3 else { return nil }
            return numbered[digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }]
        }
        if final == 0x5A { return .backTab }
        // `ESC [ 1 ; 5 A` is a cursor key with Control; the modifier is not looked at.
        if let key = letters[final] { return key }
        // With `R` a terminal answers where its cursor is; F3 with a modifier is given up for it.
        return final == 0x52 || parameters.isEmpty ? nil : functions[final]
    }

    /// By the last byte of `ESC [ x` and of `ESC O x`.
    static let letters: [UInt8: Key] = [
        0x41: .up, 0x42: .down, 0x43: .right, 0x44: .left, 0x48: .home, 0x46: .end,
    ]
    /// F1 to F4, which have letters of their own.
    private static let functions: [UInt8: Key] = [
        0x50: .function(1), 0x51: .function(2), 0x52: .function(3), 0x53: .function(4),
    ]
    /// After `ESC O`, besides the letters.
    static let shifted: [UInt8: Key] = functions.merging([0x4D: .enter]) { first, _ in first }
    /// By the number in `ESC [ n ~`. The gaps at 16 and 22 are the VT220's, whose keyboard had gaps
    /// there.
    private static let numbered: [Int: Key] = [
        1: .home, 7: .home, 4: .end, 8: .end, 2: .insert, 3: .delete, 5: .pageUp, 6: .pageDown,
        11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4),
        15: .function(5), 17: .function(6), 18: .function(7), 19: .function(8),
        20: .function(9), 21: .function(10), 23: .function(11), 24: .function(12),
    ]
}
