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
    package static func encode<Value: Encodable>(_ value: Value, into writer: inout ByteWriter) {
        if let direct = value as? any CanonicallyEncodable {
            direct.encodeCanonically(into: &writer)
            return
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

    @usableFromInline
    static func hash(signed number: Int64) -> UInt64 {
        hash(varint: UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    /// The hash of a number's varint, which is written into two words: it has ten bytes at most.
    @usableFromInline
    static func hash(varint number: UInt64) -> UInt64 {
        var words: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &words) { bytes in
            var rest = number
            var count = 0
            while rest >= 0x80 {
                bytes[count] = UInt8(truncatingIfNeeded: rest) | 0x80
                rest >>= 7
                count += 1
            }
            bytes[count] = UInt8(truncatingIfNeeded: rest)
            var hash = StableHash()
            hash.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes[...count]))
            return hash.value
        }
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
private protocol CanonicallyEncodable {
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

/// What a `Codable` type wrote, before keyed members are sorted.
///
/// Values lie one behind the other in `values`; an entry says which stretch is whose. Containers
/// inside have nodes of their own, since they may be filled after what follows them. What is
/// written to a node makes it one value, a sequence, or members.
private final class CanonicalNode {
    enum Shape {
        case empty, value, sequence, members
    }

    private struct Entry {
        /// Empty in a sequence.
        var key = ""
        var stretch: Range<Int>
        var inner: CanonicalNode?
    }

    private var shape = Shape.empty
    private var values = ByteWriter()
    private var entries: [Entry] = []

    var count: Int { shape == .sequence ? entries.count : 0 }

    /// Adds the canonical form of all that was written, with members in order of their keys.
    func write(into writer: inout ByteWriter) {
        switch shape {
        case .empty: writer.append(varint: 0)
        case .value: writer.append(contentsOf: values.bytes)
        case .sequence:
            writer.append(varint: UInt64(entries.count))
            for entry in entries { write(entry, into: &writer) }
        case .members:
            writer.append(varint: UInt64(entries.count))
            for entry in entries.sorted(by: { $0.key < $1.key }) {
                writer.append(string: entry.key)
                write(entry, into: &writer)
            }
        }
    }

    private func write(_ entry: Entry, into writer: inout ByteWriter) {
        if let inner = entry.inner {
            assert(entry.stretch.isEmpty, "\(entry.key) is a container and has a value besides")
            inner.write(into: &writer)
        } else {
            writer.append(contentsOf: values.bytes[entry.stretch])
        }
    }

    /// The one value of a type that has no container. The last one given counts.
    @inline(__always)
    func set(_ encode: (inout ByteWriter) -> Void) {
        shape = .value
        // What was added before lies in the bytes that go.
        entries.removeAll()
        values.removeAll()
        encode(&values)
    }

    @inline(__always)
    func add(key: String, _ encode: (inout ByteWriter) -> Void) {
        shape = .members
        let start = values.count
        encode(&values)
        entries.append(Entry(key: key, stretch: start..<values.count))
    }

    @inline(__always)
    func add(_ encode: (inout ByteWriter) -> Void) {
        shape = .sequence
        let start = values.count
        encode(&values)
        entries.append(Entry(stretch: start..<values.count))
    }

    /// A node for a container under this key, to be filled later.
    func addInner(key: String) -> CanonicalNode {
        shape = .members
        let inner = CanonicalNode()
        entries.append(Entry(key: key, stretch: 0..<0, inner: inner))
        return inner
    }

    /// A node for a container that is the sequence's next element, to be filled later.
    func addInner() -> CanonicalNode {
        shape = .sequence
        let inner = CanonicalNode()
        entries.append(Entry(stretch: 0..<0, inner: inner))
        return inner
    }
}

/// Gives a type that encodes itself the containers that write into one node.
private struct CanonicalEncoder: Encoder {
    var node = CanonicalNode()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(KeyedContainer<Key>(node: node))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { UnkeyedContainer(node: node) }
    func singleValueContainer() -> any SingleValueEncodingContainer { SingleContainer(node: node) }
}

/// The members of a type. The usual types have methods of their own here: for them nothing is cast.
private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: CanonicalNode
    var codingPath: [any CodingKey] { [] }

    private func add(_ value: some CanonicallyEncodable, _ key: Key) {
        node.add(key: key.stringValue) { value.encodeCanonically(into: &$0) }
    }

    mutating func encodeNil(forKey key: Key) { add(false, key) }
    mutating func encode(_ value: Bool, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: String, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Double, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Float, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Int, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Int8, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Int16, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Int32, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: Int64, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: UInt, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: UInt8, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: UInt16, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: UInt32, forKey key: Key) { add(value, key) }
    mutating func encode(_ value: UInt64, forKey key: Key) { add(value, key) }
    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) {
        node.add(key: key.stringValue) { Canonical.encode(value, into: &$0) }
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(KeyedContainer<Nested>(node: node.addInner(key: key.stringValue)))
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        UnkeyedContainer(node: node.addInner(key: key.stringValue))
    }
    mutating func superEncoder() -> any Encoder {
        CanonicalEncoder(node: node.addInner(key: "super"))
    }
    mutating func superEncoder(forKey key: Key) -> any Encoder {
        CanonicalEncoder(node: node.addInner(key: key.stringValue))
    }
}

/// A sequence that a type writes by itself.
private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let node: CanonicalNode
    var codingPath: [any CodingKey] { [] }
    var count: Int { node.count }

    mutating func encodeNil() { node.add { false.encodeCanonically(into: &$0) } }
    mutating func encode<Value: Encodable>(_ value: Value) {
        node.add { Canonical.encode(value, into: &$0) }
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(KeyedContainer<Nested>(node: node.addInner()))
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        UnkeyedContainer(node: node.addInner())
    }
    mutating func superEncoder() -> any Encoder { CanonicalEncoder(node: node.addInner()) }
}

/// The value of a type that is a wrapper of another one.
private struct SingleContainer: SingleValueEncodingContainer {
    let node: CanonicalNode
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { node.set { false.encodeCanonically(into: &$0) } }
    mutating func encode<Value: Encodable>(_ value: Value) {
        node.set { Canonical.encode(value, into: &$0) }
    }
}
