/// Writes JSON text piece by piece, with keys in the order they are given.
///
/// For machine-readable lines whose key order is part of the contract. What is read as JSON is for
/// `JSONScanner` to say.
package struct JSONText: Sendable {
    package private(set) var text: [UInt8] = []
    private var needsComma = false

    package init() {}

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    package mutating func key(_ name: String) {
        separate()
        quote(name)
        text.append(0x3A)
        needsComma = false
    }

    package mutating func value(_ string: String) {
        separate()
        quote(string)
        needsComma = true
    }

    package mutating func value(_ number: some FixedWidthInteger) { raw(String(number)) }

    /// Not-a-number and the infinities have no JSON form: they become `null`.
    package mutating func value(_ number: Double) {
        if !number.isFinite {
            raw("null")
        } else if number == number.rounded(), abs(number) < 1e15 {
            raw(String(Int64(number)))
        } else {
            raw("\(number)")
        }
    }

    package mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

    /// JSON that is known to be whole.
    package mutating func raw(_ json: String) {
        separate()
        text.append(contentsOf: json.utf8)
        needsComma = true
    }

    package mutating func member(_ name: String, _ string: String) {
        key(name)
        value(string)
    }

    package mutating func member(_ name: String, _ number: some FixedWidthInteger) {
        key(name)
        value(number)
    }

    package mutating func member(_ name: String, _ number: Double) {
        key(name)
        value(number)
    }

    package mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    package mutating func endLine() {
        text.append(0x0A)
        needsComma = false
    }

    package mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        needsComma = false
    }

    package var string: String { String(decoding: text, as: UTF8.self) }

    private mutating func separate() { if needsComma { text.append(0x2C) } }

    private mutating func open(_ bracket: UInt8) {
        separate()
        text.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        text.append(bracket)
        needsComma = true
    }

    private mutating func quote(_ string: String) {
        var string = string
        text.append(0x22)
        string.withUTF8 { bytes in
            // Most texts have nothing to escape: stretches are taken over whole.
            var start = 0
            for place in bytes.indices where Self.isEscaped(bytes[place]) {
                text.append(contentsOf: bytes[start..<place])
                escape(bytes[place])
                start = place + 1
            }
            text.append(contentsOf: bytes[start...])
        }
        text.append(0x22)
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F
    }

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
