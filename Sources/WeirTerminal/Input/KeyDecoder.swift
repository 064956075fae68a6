/// Turns the bytes that a terminal sends into keys: a pure state machine.
///
/// Its owner reads the terminal, hands the bytes of each reading to `take`, and calls `timedOut`
/// when nothing came for `patienceMilliseconds`. Whatever is no key gives none: reports of the
/// mouse (in all three forms) and of the focus, the terminal's answers, sequences that are not
/// known. They are swallowed whole, wherever a slow link cuts them. Only a lone Escape is told from
/// the start of a sequence by time.
///
/// Both forms of the cursor keys (`ESC [ A` and `ESC O A`) are known, whatever mode the terminal is
/// in. It costs no memory beyond a few bytes, however long a sequence is.
package struct KeyDecoder: Sendable {
    /// What becomes of text between the marks of a bracketed paste.
    package enum Pastes: Sendable {
        /// It gives one `Key.paste` and is thrown away.
        case ignored
        /// It gives its keys, as if it had been typed.
        case asTyped
    }

    /// How far into which sequence the bytes so far lead.
    private enum State: Equatable {
        case ground
        case escape
        /// A lone Escape was given as the key. Its sequence may still come, held up on its way.
        case lateEscape
        /// After `ESC [`: parameters and intermediate bytes.
        case control([UInt8], isEightBit: Bool)
        /// After `ESC [ [`, with which the console of Linux sends F1 to F5.
        case consoleFunction
        /// After `ESC O`.
        case shifted
        /// After `ESC [ M`: so many values are left of the oldest form of a mouse report.
        /// `sawLead`: one of them may go on, in UTF-8.
        case mouse(left: Int, sawLead: Bool)
        /// Inside an answer that ends with `ESC \`.
        case string(StringForm, sawEscape: Bool)
        /// Inside a paste: so many bytes of the mark that ends it are there.
        case paste(matched: Int, isEightBit: Bool)
        case character(needed: Int, value: UInt32)
    }

    private struct StringForm: Equatable {
        /// Whether BEL ends it too.
        var endsAtBell: Bool
        /// Whether the eight-bit end is one.
        var isEightBit: Bool
    }

    /// The maximum length of the parameters of a key, in bytes. Longer sequences are no key and are
    /// swallowed.
    private static let maximumParameters = 8
    /// The sequence that ends a paste, `ESC [ 2 0 1 ~`, and its form with an eight-bit start.
    private static let pasteEnd: [UInt8] = [0x1B, 0x5B, 0x32, 0x30, 0x31, 0x7E]
    private static let eightBitPasteEnd: [UInt8] = [0x9B, 0x32, 0x30, 0x31, 0x7E]

    private let pastes: Pastes
    private var state = State.ground

    package init(pastes: Pastes = .ignored) { self.pastes = pastes }

    /// After so much silence, in milliseconds, `timedOut` is due; nil when silence means nothing.
    ///
    /// What begins with `ESC [` waits for ever: the next letter ends it. An answer or a paste
    /// without an end must not make the keyboard deaf, so that those are given up at last; an
    /// answer also when Escape is pressed.
    package var patienceMilliseconds: Int? {
        switch state {
        case .ground, .control, .consoleFunction, .shifted, .mouse, .character: nil
        case .escape, .string(_, sawEscape: true): TerminalBounds.escapeMilliseconds
        case .lateEscape: TerminalBounds.lateEscapeMilliseconds
        case .string: TerminalBounds.answerMilliseconds
        case .paste: TerminalBounds.pasteMilliseconds
        }
    }

    /// Takes the bytes of one reading; gives the keys they complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        let bytes = Array(bytes)
        for (index, byte) in bytes.enumerated() {
            let wasPasting = isPasting
            take(byte, &keys)
            // Pasted text may hold the mark that ends a paste, so that what follows would be keys.
            // The one mark that counts is the last of them.
            if wasPasting, !isPasting, Self.holdsStrayEnd(bytes[(index + 1)...]) {
                state = .paste(matched: 0, isEightBit: false)
            }
        }
        return keys
    }

    /// It was silent for `patienceMilliseconds`: gives the key that this completes, if any.
    package mutating func timedOut() -> [Key] {
        switch state {
        case .escape:
            state = .lateEscape
            return [.escape]
        case .string(_, sawEscape: true): state = .lateEscape
        case .lateEscape, .string, .paste: state = .ground
        case .ground, .control, .consoleFunction, .shifted, .mouse, .character: break
        }
        return []
    }

    private var isPasting: Bool { if case .paste = state { true } else { false } }

    /// Whether a paste ends in bytes without having begun in them.
    private static func holdsStrayEnd(_ bytes: ArraySlice<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] == 0x1B {
            if bytes[index...].starts(with: pasteEnd) { return true }
            if bytes[index...].starts(with: [0x1B, 0x5B, 0x32, 0x30, 0x30, 0x7E]) { return false }
        }
        return false
    }

    // MARK: Bytes

    /// One byte, in whatever state it finds.
    private mutating func take(_ byte: UInt8, _ keys: inout [Key]) {
        switch state {
        case .ground: begin(byte, &keys)
        case .escape: afterEscape(byte, &keys)
        case .lateEscape:
            state = .ground
            // The end of an answer may be cut as well as a beginning.
            if !introduce(byte), byte != 0x5C { begin(byte, &keys) }
        case .control(let collected, let isEightBit):
            inControl(byte, collected, isEightBit, &keys)
        case .consoleFunction:
            state = .ground
            if (0x41...0x45).contains(byte) { keys.append(.function(Int(byte) - 0x40)) }
        case .shifted:
            // Some terminals put a modifier between.
            if (0x30...0x39).contains(byte) || byte == 0x3B { return }
            state = .ground
            if byte < 0x20 { begin(byte, &keys) }
            if let key = KeyTables.letters[byte] ?? KeyTables.shifted[byte] { keys.append(key) }
        case .mouse(let left, let sawLead): inMouse(byte, left, sawLead, &keys)
        case .string(let form, let sawEscape):
            let isEnd =
                (sawEscape && byte == 0x5C) || (form.endsAtBell && byte == 0x07)
                || (form.isEightBit && byte == 0x9C) || byte == 0x18 || byte == 0x1A
            state = isEnd ? .ground : .string(form, sawEscape: byte == 0x1B)
        case .paste(let matched, let isEightBit):
            let ending = isEightBit ? Self.eightBitPasteEnd : Self.pasteEnd
            let next = byte == ending[matched] ? matched + 1 : byte == ending[0] ? 1 : 0
            state =
                next == ending.count ? .ground : .paste(matched: next, isEightBit: isEightBit)
        case .character(let needed, let value): inCharacter(byte, needed, value, &keys)
        }
    }

    /// A byte that begins something: a key of its own, or a sequence.
    private mutating func begin(_ byte: UInt8, _ keys: inout [Key]) {
        switch byte {
        case 0x1B: state = .escape
        case 0x0D, 0x0A: keys.append(.enter)
        case 0x09: keys.append(.tab)
        case 0x08, 0x7F: keys.append(.backspace)
        case 0x01...0x1A: keys.append(.control(Unicode.Scalar(byte + 0x60)))
        case 0x20...0x7E: keys.append(.character(Unicode.Scalar(byte)))
        case 0x80...0x9F: beginEightBit(byte)
        case 0xC2...0xDF: state = .character(needed: 1, value: UInt32(byte & 0x1F))
        case 0xE0...0xEF: state = .character(needed: 2, value: UInt32(byte & 0x0F))
        case 0xF0...0xF4: state = .character(needed: 3, value: UInt32(byte & 0x07))
        default: break
        }
    }

    /// The byte after Escape: the start of a sequence, a character with Alt, or something else,
    /// before which Escape was a key.
    private mutating func afterEscape(_ byte: UInt8, _ keys: inout [Key]) {
        state = .ground
        if introduce(byte) { return }
        switch byte {
        case 0x20...0x7E: keys.append(.alt(Unicode.Scalar(byte)))
        default:
            keys.append(.escape)
            begin(byte, &keys)
        }
    }

    /// Goes into the sequence that a byte after Escape opens; false when it opens none.
    private mutating func introduce(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x5B: state = .control([], isEightBit: false)
        case 0x4F: state = .shifted
        case 0x5D:
            state = .string(StringForm(endsAtBell: true, isEightBit: false), sawEscape: false)
        case 0x50, 0x58, 0x5E, 0x5F:
            state = .string(StringForm(endsAtBell: false, isEightBit: false), sawEscape: false)
        default: return false
        }
        return true
    }

    /// The same in the form of a single byte, which few terminals send and only when asked.
    private mutating func beginEightBit(_ byte: UInt8) {
        switch byte {
        case 0x9B: state = .control([], isEightBit: true)
        case 0x8F: state = .shifted
        case 0x9D:
            state = .string(StringForm(endsAtBell: true, isEightBit: true), sawEscape: false)
        case 0x90, 0x98, 0x9E, 0x9F:
            state = .string(StringForm(endsAtBell: false, isEightBit: true), sawEscape: false)
        default: break
        }
    }

    private mutating func inControl(
        _ byte: UInt8, _ collected: [UInt8], _ isEightBit: Bool, _ keys: inout [Key]
    ) {
        if byte < 0x20 {
            // A control inside a sequence ends it.
            state = .ground
            begin(byte, &keys)
        } else if byte < 0x40 || byte > 0x7E {
            // What is too long for a key stays too long.
            let isOpen = collected.count <= Self.maximumParameters
            state = .control(isOpen ? collected + [byte] : collected, isEightBit: isEightBit)
        } else {
            state = .ground
            endControl(byte, collected, isEightBit, &keys)
        }
    }

    private mutating func endControl(
        _ final: UInt8, _ parameters: [UInt8], _ isEightBit: Bool, _ keys: inout [Key]
    ) {
        switch (parameters, final) {
        case ([], 0x4D): state = .mouse(left: 3, sawLead: false)
        case ([], 0x5B): state = .consoleFunction
        case ([0x32, 0x30, 0x30], 0x7E) where pastes == .ignored:
            state = .paste(matched: 0, isEightBit: isEightBit)
            keys.append(.paste)
        default:
            guard parameters.count <= Self.maximumParameters else { return }
            if let key = KeyTables.key(parameters, final: final) { keys.append(key) }
        }
    }

    private mutating func inMouse(
        _ byte: UInt8, _ left: Int, _ sawLead: Bool, _ keys: inout [Key]
    ) {
        if byte < 0x20 {
            // No value is that small: the report was cut.
            state = .ground
            begin(byte, &keys)
            return
        }
        if sawLead, (0x80...0xBF).contains(byte) {
            state = left == 1 ? .ground : .mouse(left: left - 1, sawLead: false)
            return
        }
        // A lead without what belongs to it was a value of its own, in the form of single bytes.
        let left = sawLead ? left - 1 : left
        let isLead = (0xC2...0xDF).contains(byte)
        if left == 0 {
            state = .ground
            begin(byte, &keys)
        } else if isLead || left > 1 {
            state = .mouse(left: isLead ? left : left - 1, sawLead: isLead)
        } else {
            state = .ground
        }
    }

    private mutating func inCharacter(
        _ byte: UInt8, _ needed: Int, _ value: UInt32, _ keys: inout [Key]
    ) {
        state = .ground
        guard byte & 0xC0 == 0x80 else {
            begin(byte, &keys)
            return
        }
        let next = value << 6 | UInt32(byte & 0x3F)
        if needed > 1 {
            state = .character(needed: needed - 1, value: next)
        } else if (0x80...0x9F).contains(next) {
            beginEightBit(UInt8(next))
        } else if let scalar = Unicode.Scalar(next), next >= 0xA0 {
            keys.append(.character(scalar))
        }
    }
}
