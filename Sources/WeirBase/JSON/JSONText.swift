/// Writes JSON text piece by piece, with keys in the order in which they are given.
///
/// It is for machine-readable lines whose key order is part of the contract, and for samples,
/// which the general encoder writes too slowly. Commas are put in by themselves. That
/// brackets match, and that each key has a value, is for the caller to see to. What is read
/// as JSON is for `JSONScanner` to say. One owner.
package struct JSONText: Sendable {
    /// What was written so far, in UTF-8.
    package private(set) var text: [UInt8] = []
    /// Whether something stands before, so that the next value or key needs a comma.
    private var needsComma = false

    package init() {}

    /// Begins an object: keys and values follow in turn, and then `endObject`.
    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    /// Begins an array: values follow, and then `endArray`.
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    /// Writes a key; its value follows.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        text.append(0x3A)
        needsComma = false
    }

    /// Writes a text with its escapes.
    package mutating func value(_ string: String) {
        separate()
        quote(string)
        needsComma = true
    }

    /// Writes a whole number with all its digits, also those beyond 2^53.
    package mutating func value(_ number: some FixedWidthInteger) { raw(String(number)) }

    /// Writes a number with a unit as the bare number.
    package mutating func value(_ number: some UnitNumber) { value(number.rawValue) }

    /// Writes a number. Not-a-number and the infinities have no JSON form and become `null`.
    package mutating func value(_ number: Double) {
        if !number.isFinite {
            raw("null")
        } else if number == number.rounded(), abs(number) < 1e15 {
            // Whole numbers are written without a fraction, as far as a `Double` holds them
            // exactly.
            raw(String(Int64(number)))
        } else {
            raw("\(number)")
        }
    }

    /// Writes `true` or `false`.
    package mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

    /// Writes text that is known to be a whole piece of JSON.
    package mutating func raw(_ json: String) {
        separate()
        text.append(contentsOf: json.utf8)
        needsComma = true
    }

    /// Writes a key and a text.
    package mutating func member(_ name: String, _ string: String) {
        key(name)
        value(string)
    }

    /// Writes a key and a whole number.
    package mutating func member(_ name: String, _ number: some FixedWidthInteger) {
        key(name)
        value(number)
    }

    /// Writes a key and a number with a unit.
    package mutating func member(_ name: String, _ number: some UnitNumber) {
        key(name)
        value(number)
    }

    /// Writes a key and a number.
    package mutating func member(_ name: String, _ number: Double) {
        key(name)
        value(number)
    }

    /// Writes a key and a truth value.
    package mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    /// Ends a line of JSON Lines; the next object needs no comma before it.
    package mutating func endLine() {
        text.append(0x0A)
        needsComma = false
    }

    /// Empties the text and keeps its room.
    package mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// What was written so far as a string, which copies it.
    package var string: String { String(decoding: text, as: UTF8.self) }

    /// Writes the comma that the next value or key needs.
    private mutating func separate() { if needsComma { text.append(0x2C) } }

    /// Writes the bracket that begins a container.
    private mutating func open(_ bracket: UInt8) {
        separate()
        text.append(bracket)
        needsComma = false
    }

    /// Writes the bracket that ends a container, which is then a value that something may
    /// follow.
    private mutating func close(_ bracket: UInt8) {
        text.append(bracket)
        needsComma = true
    }

    /// Writes a string in quotes, with its escapes.
    private mutating func quote(_ string: String) {
        var string = string
        text.append(0x22)
        string.withUTF8 { bytes in
            // Most texts have nothing to escape: stretches are taken over whole.
            var start = 0
            for index in bytes.indices where Self.isEscaped(bytes[index]) {
                text.append(contentsOf: bytes[start..<index])
                escape(bytes[index])
                start = index + 1
            }
            text.append(contentsOf: bytes[start...])
        }
        text.append(0x22)
    }

    /// Whether a byte must be escaped. DEL need not, but a terminal may obey it.
    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F
    }

    /// Writes a byte as an escape: the short one where JSON has one that people know.
    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22: text.append(contentsOf: [0x5C, 0x22])
        case 0x5C: text.append(contentsOf: [0x5C, 0x5C])
        case 0x0A: text.append(contentsOf: [0x5C, 0x6E])
        case 0x0D: text.append(contentsOf: [0x5C, 0x72])
        case 0x09: text.append(contentsOf: [0x5C, 0x74])
        default:
            text.append(contentsOf: [0x5C, 0x75, 0x30, 0x30])
            text.append(Self.hex[Int(byte >> 4)])
            text.append(Self.hex[Int(byte & 15)])
        }
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
