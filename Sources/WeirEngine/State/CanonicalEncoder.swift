public import WeirBase

/// The one binary form of a value: equal values have equal bytes, in every process and build.
///
/// Digests, samples, the identity of keys and the choice of a key's subtask all rest on it, so that
/// its form must not change: traces on disk have hashes of it.
///
/// Integers are zigzag or plain varints, floating point numbers their bits (all NaNs alike, -0 as
/// 0), text its UTF-8 with a length, sequences a count and their elements, optionals a flag. Keyed
/// containers are sorted by key; the entries of dictionaries and sets by their bytes, since their
/// order in memory means nothing. It is never the bytes in memory: padding differs between equal
/// values.
///
/// Safe on any thread. Costs by the size of the value: types of the list below are written
/// directly, other `Codable` types through an encoder that allocates.
@usableFromInline
package enum Canonical {
    /// The canonical bytes of a value. Allocates them.
    package static func bytes(of value: some Encodable) -> [UInt8] {
        var writer = ByteWriter()
        encode(value, into: &writer)
        return writer.bytes
    }

    /// Adds the canonical bytes of a value to a writer.
    ///
    /// Specialised where values are made, so that of the usual types one branch is left; to ask any
    /// other type for how it is coded costs some hundred instructions.
    @inlinable
    package static func encode<Value: Encodable>(_ value: Value, into writer: inout ByteWriter) {
        if Value.self == Int64.self {
            return writer.append(signedVarint: unsafeBitCast(value, to: Int64.self))
        }
        if Value.self == Int.self {
            return writer.append(signedVarint: Int64(unsafeBitCast(value, to: Int.self)))
        }
        if Value.self == String.self {
            return writer.append(string: unsafeBitCast(value, to: String.self))
        }
        encode(form: value, into: &writer)
    }

    @usableFromInline
    static func encode<Value: Encodable>(form value: Value, into writer: inout ByteWriter) {
        if let write = TypeForms.form(of: Value.self).write {
            return withUnsafePointer(to: value) { write($0, &writer) }
        }
        let encoder = CanonicalEncoder()
        do {
            try value.encode(to: encoder)
            encoder.node.write(into: &writer)
        } catch {
            // A type whose own encoding throws still needs one form: that of its failure.
            writer.append(string: "encoding failed: \(error)")
        }
    }

    /// Whether two values have one canonical form, which is what makes two keys the same. It need
    /// not agree with the type's own `==`.
    package static func areSame<Value: Encodable>(_ left: Value, _ right: Value) -> Bool {
        bytes(of: left) == bytes(of: right)
    }

    /// A hash of a value's canonical form, which places a key in a table and in a key group.
    ///
    /// Texts and whole numbers, the usual keys, have short cuts that allocate nothing. Those of
    /// texts and `Int` give a hash of a form of their own, those of other numbers that of the
    /// canonical form. Specialised where keys are made, so that one of the branches is left.
    @inlinable
    package static func hash<Value: Encodable>(_ value: Value) -> UInt64 {
        if Value.self == Int.self, let number = value as? Int {
            var hash = StableHash()
            hash.combine(UInt64(bitPattern: Int64(number)))
            return hash.value
        }
        if Value.self == String.self, let text = value as? String { return hash(text: text) }
        if Value.self == Int64.self, let number = value as? Int64 { return hash(signed: number) }
        if Value.self == Int32.self, let number = value as? Int32 {
            return hash(signed: Int64(number))
        }
        if Value.self == UInt64.self, let number = value as? UInt64 { return hash(varint: number) }
        if Value.self == UInt32.self, let number = value as? UInt32 {
            return hash(varint: UInt64(number))
        }
        return hash(form: value)
    }

    /// The hash of the canonical form of any value. Allocates it.
    @usableFromInline
    static func hash(form value: some Encodable) -> UInt64 {
        var hash = StableHash()
        hash.combine(bytes: bytes(of: value))
        return hash.value
    }

    @inlinable
    static func hash(signed number: Int64) -> UInt64 {
        hash(varint: UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    /// The hash of a number's varint, as if its bytes had been written and hashed.
    @inlinable
    static func hash(varint number: UInt64) -> UInt64 {
        // Nine or ten bytes, which fill more than a word.
        guard number < 1 << 56 else { return hash(longVarint: number) }
        // Seven bits go to each byte: halves are moved apart until no piece has more than seven.
        var bytes = number & 0x0FFF_FFFF | (number & 0x00FF_FFFF_F000_0000) << 4
        bytes = bytes & 0x0000_3FFF_0000_3FFF | (bytes & 0x0FFF_C000_0FFF_C000) << 2
        bytes = bytes & 0x007F_007F_007F_007F | (bytes & 0x3F80_3F80_3F80_3F80) << 1
        let count = (70 - UInt64((number | 1).leadingZeroBitCount)) / 7
        // All bytes but the last say that another one follows.
        bytes |= 0x0080_8080_8080_8080 & (1 << (8 * (count - 1)) - 1)
        var hash = StableHash()
        hash.combine(oneWord: bytes, count: count)
        return hash.value
    }

    @usableFromInline
    static func hash(longVarint number: UInt64) -> UInt64 {
        var writer = ByteWriter()
        writer.append(varint: number)
        var hash = StableHash()
        hash.combine(bytes: writer.bytes)
        return hash.value
    }

    @usableFromInline
    static func hash(text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { utf8 in
            var hash = StableHash()
            hash.combine(bytes: UnsafeRawBufferPointer(utf8))
            return hash.value
        }
    }
}

extension StableHash {
    /// Adds the canonical form of a value to the hash; tells how many bytes it has.
    @discardableResult
    mutating func combine(canonical value: some Encodable) -> Int {
        let bytes = Canonical.bytes(of: value)
        combine(bytes: bytes)
        return bytes.count
    }
}

/// A type whose canonical form is written directly, without a container.
protocol CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter)
}

extension FixedWidthInteger where Self: CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        if Self.isSigned {
            writer.append(signedVarint: Int64(self))
        } else {
            writer.append(varint: UInt64(self))
        }
    }
}
extension Int: CanonicallyEncodable {}
extension Int8: CanonicallyEncodable {}
extension Int16: CanonicallyEncodable {}
extension Int32: CanonicallyEncodable {}
extension Int64: CanonicallyEncodable {}
extension UInt: CanonicallyEncodable {}
extension UInt8: CanonicallyEncodable {}
extension UInt16: CanonicallyEncodable {}
extension UInt32: CanonicallyEncodable {}
extension UInt64: CanonicallyEncodable {}

extension Bool: CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter) { writer.append(self ? 1 : 0) }
}

extension Double: CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        let plain = isNaN ? Double.nan : (self == 0 ? 0 : self)
        writer.append(fixed: plain.bitPattern)
    }
}

extension Float: CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        let plain = isNaN ? Float.nan : (self == 0 ? 0 : self)
        writer.append(fixed: plain.bitPattern)
    }
}

extension String: CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter) { writer.append(string: self) }
}

/// Written as one member called `nanoseconds`: the form that points in time had before they were
/// text in JSON. Digests of older traces rest on it, and eight bytes are cheaper than thirty.
extension Instant: CanonicallyEncodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        writer.append(varint: 1)
        writer.append(string: "nanoseconds")
        writer.append(signedVarint: nanoseconds)
    }
}

extension Array: CanonicallyEncodable where Element: Encodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        writer.append(varint: UInt64(count))
        for element in self { Canonical.encode(element, into: &writer) }
    }
}

extension Optional: CanonicallyEncodable where Wrapped: Encodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        switch self {
        case nil: writer.append(0)
        case let value?:
            writer.append(1)
            Canonical.encode(value, into: &writer)
        }
    }
}

extension Dictionary: CanonicallyEncodable where Key: Encodable, Value: Encodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        let entries = map { key, value in
            var entry = ByteWriter()
            Canonical.encode(key, into: &entry)
            Canonical.encode(value, into: &entry)
            return entry.bytes
        }
        writeSorted(entries, into: &writer)
    }
}

extension Set: CanonicallyEncodable where Element: Encodable {
    func encodeCanonically(into writer: inout ByteWriter) {
        writeSorted(map { Canonical.bytes(of: $0) }, into: &writer)
    }
}

private func writeSorted(_ entries: [[UInt8]], into writer: inout ByteWriter) {
    writer.append(varint: UInt64(entries.count))
    for entry in entries.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        writer.append(contentsOf: entry)
    }
}
