/// Turns the bytes that a terminal sends into keys: a pure state machine.
///
/// Knows both forms of the cursor keys (`ESC [ A` and `ESC O A`), whatever mode the terminal is in.
/// A lone Escape is told from the start of a sequence by time: when nothing followed within
/// `escapeMilliseconds`, call `timedOut`. Sequences it does not know, late answers of the terminal
/// among them, are swallowed whole.
package struct KeyDecoder: Sendable {
    /// How long to wait for what may follow an Escape.
    package static let escapeMilliseconds = 20
    /// The longest sequence that is collected; a longer one is swallowed to its end.
    private static let maximumSequence = 32

    private enum State {
        case ground
        case escape
        /// After `ESC [`: parameters and intermediate bytes.
        case control([UInt8])
        /// After `ESC O`.
        case shifted
        /// Inside an answer that ends with `ESC \` or BEL.
        case string(sawEscape: Bool)
        case character(needed: Int, value: UInt32)
    }

    private var state = State.ground

    package init() {}

    /// Whether bytes are held back that time may turn into a key.
    package var isWaiting: Bool {
        if case .ground = state { return false }
        return true
    }

    /// Takes bytes; gives the keys they complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for byte in bytes { take(byte, &keys) }
        return keys
    }

    /// Nothing more came: a lone Escape is the key, anything else unfinished is forgotten.
    package mutating func timedOut() -> [Key] {
        defer { state = .ground }
        switch state {
        case .escape: return [.escape]
        case .shifted: return [.character("O")]
        case .ground, .control, .string, .character: return []
        }
    }

    private mutating func take(_ byte: UInt8, _ keys: inout [Key]) {
        switch state {
        case .ground: begin(byte, &keys)
        case .escape: afterEscape(byte, &keys)
        case .shifted:
            state = .ground
            if let key = Self.letterKeys[byte] ?? Self.shiftedKeys[byte] { keys.append(key) }
        case .control(var collected):
            if byte >= 0x40, byte <= 0x7E {
                state = .ground
                if let key = Self.key(collected, final: byte) { keys.append(key) }
            } else if byte < 0x20 {
                // A control inside a sequence ends it.
                state = .ground
                begin(byte, &keys)
            } else {
                if collected.count < Self.maximumSequence { collected.append(byte) }
                state = .control(collected)
            }
        case .string(let sawEscape):
            let isEnd = byte == 0x07 || (sawEscape && byte == 0x5C)
            state = isEnd ? .ground : .string(sawEscape: byte == 0x1B)
        case .character(let needed, let value):
            guard byte & 0xC0 == 0x80 else {
                state = .ground
                begin(byte, &keys)
                return
            }
            let next = value << 6 | UInt32(byte & 0x3F)
            if needed > 1 {
                state = .character(needed: needed - 1, value: next)
            } else {
                state = .ground
                if let scalar = Unicode.Scalar(next), next >= 0xA0 {
                    keys.append(.character(scalar))
                }
            }
        }
    }

    private mutating func begin(_ byte: UInt8, _ keys: inout [Key]) {
        switch byte {
        case 0x1B: state = .escape
        case 0x0D, 0x0A: keys.append(.enter)
        case 0x09: keys.append(.tab)
        case 0x08, 0x7F: keys.append(.backspace)
        case 0x01...0x1A: keys.append(.control(Unicode.Scalar(byte + 0x60)))
        case 0x20...0x7E: keys.append(.character(Unicode.Scalar(byte)))
        case 0xC2...0xDF: state = .character(needed: 1, value: UInt32(byte & 0x1F))
        case 0xE0...0xEF: state = .character(needed: 2, value: UInt32(byte & 0x0F))
        case 0xF0...0xF4: state = .character(needed: 3, value: UInt32(byte & 0x07))
        default: break
        }
    }

    private mutating func afterEscape(_ byte: UInt8, _ keys: inout [Key]) {
        switch byte {
        case 0x5B: state = .control([])
        case 0x4F: state = .shifted
        case 0x50, 0x5D, 0x58, 0x5E, 0x5F: state = .string(sawEscape: false)
        case 0x1B: keys.append(.escape)
        default:
            // Escape and then a key, faster than a hand: Alt with it, which nothing is bound to.
            state = .ground
            keys.append(.escape)
            begin(byte, &keys)
        }
    }

    private static func key(_ parameters: [UInt8], final: UInt8) -> Key? {
        if final == 0x5A { return .backTab }
        if final != 0x7E {
            // `ESC [ 1 ; 5 A` is a cursor key with Control; the modifier is not looked at.
            let isPlain = parameters.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x3B }
            if !isPlain { return nil }
            // The console of Linux sends F1 to F5 as `ESC [ [ A`.
            return letterKeys[final] ?? (parameters.isEmpty ? nil : shiftedKeys[final])
        }
        let digits = parameters.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard digits.count <= 3 else { return nil }
        return numberedKeys[digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }]
    }

    private static let letterKeys: [UInt8: Key] = [
        0x41: .up, 0x42: .down, 0x43: .right, 0x44: .left, 0x48: .home, 0x46: .end,
    ]
    private static let shiftedKeys: [UInt8: Key] = [
        0x50: .function(1), 0x51: .function(2), 0x52: .function(3), 0x53: .function(4),
        0x4D: .enter,
    ]
    private static let numberedKeys: [Int: Key] = [
        1: .home, 7: .home, 4: .end, 8: .end, 2: .insert, 3: .delete, 5: .pageUp, 6: .pageDown,
        11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4),
        15: .function(5), 17: .function(6), 18: .function(7), 19: .function(8),
        20: .function(9), 21: .function(10), 23: .function(11), 24: .function(12),
    ]
}
