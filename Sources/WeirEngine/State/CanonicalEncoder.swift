package import WeirBase

/// The one binary form of a value: equal values have equal bytes, in every process and build.
///
/// Integers are zigzag or plain varints, floating point numbers their bits (all NaNs alike, -0 as
/// 0), text its UTF-8 with a length, sequences a count and their elements, optionals a flag.
/// Keyed containers are sorted by key; the entries of dictionaries and sets by their bytes, since
/// their order in memory means nothing. Never the bytes in memory: padding differs between equal
/// values.
package enum Canonical {
    /// The canonical bytes of a value.
    package static func bytes(of value: some Encodable) -> [UInt8] {
        var writer = ByteWriter()
        encode(value, into: &writer)
        return writer.bytes
    }

    /// Adds the canonical bytes of a value.
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

    /// A hash of a value's canonical form; short cuts for the usual keys.
    @usableFromInline
    static func hash<Value: Encodable>(_ value: Value) -> UInt64 {
        if Value.self == String.self, let text = value as? String { return hash(text: text) }
        if Value.self == Int.self, let number = value as? Int {
            var hash = StableHash()
            hash.combine(UInt64(bitPattern: Int64(number)))
            return hash.value
        }
        var hash = StableHash()
        hash.combine(bytes: bytes(of: value))
        return hash.value
    }

    private static func hash(text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { utf8 in
            var hash = StableHash()
            hash.combine(bytes: UnsafeRawBufferPointer(utf8))
            return hash.value
        }
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
private final class CanonicalNode {
    enum Content {
        case empty
        case bytes([UInt8])
        case sequence([CanonicalNode])
        case members([(key: String, node: CanonicalNode)])
    }
    var content = Content.empty

    func write(into writer: inout ByteWriter) {
        switch content {
        case .empty: writer.append(varint: 0)
        case .bytes(let bytes): writer.append(contentsOf: bytes)
        case .sequence(let nodes):
            writer.append(varint: UInt64(nodes.count))
            for node in nodes { node.write(into: &writer) }
        case .members(let members):
            writer.append(varint: UInt64(members.count))
            for member in members.sorted(by: { $0.key < $1.key }) {
                writer.append(string: member.key)
                member.node.write(into: &writer)
            }
        }
    }

    func set<Value: Encodable>(_ value: Value) {
        var writer = ByteWriter()
        Canonical.encode(value, into: &writer)
        content = .bytes(writer.bytes)
    }

    func add(key: String) -> CanonicalNode {
        let node = CanonicalNode()
        if case .members(var members) = content {
            members.append((key, node))
            content = .members(members)
        } else {
            content = .members([(key, node)])
        }
        return node
    }

    func add() -> CanonicalNode {
        let node = CanonicalNode()
        if case .sequence(var nodes) = content {
            nodes.append(node)
            content = .sequence(nodes)
        } else {
            content = .sequence([node])
        }
        return node
    }

    var count: Int {
        switch content {
        case .sequence(let nodes): nodes.count
        case .empty, .bytes, .members: 0
        }
    }
}

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

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: CanonicalNode
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) { node.add(key: key.stringValue).set(false) }
    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) {
        node.add(key: key.stringValue).set(value)
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(KeyedContainer<Nested>(node: node.add(key: key.stringValue)))
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        UnkeyedContainer(node: node.add(key: key.stringValue))
    }
    mutating func superEncoder() -> any Encoder { CanonicalEncoder(node: node.add(key: "super")) }
    mutating func superEncoder(forKey key: Key) -> any Encoder {
        CanonicalEncoder(node: node.add(key: key.stringValue))
    }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let node: CanonicalNode
    var codingPath: [any CodingKey] { [] }
    var count: Int { node.count }

    mutating func encodeNil() { node.add().set(false) }
    mutating func encode<Value: Encodable>(_ value: Value) { node.add().set(value) }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(KeyedContainer<Nested>(node: node.add()))
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        UnkeyedContainer(node: node.add())
    }
    mutating func superEncoder() -> any Encoder { CanonicalEncoder(node: node.add()) }
}

private struct SingleContainer: SingleValueEncodingContainer {
    let node: CanonicalNode
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { node.set(false) }
    mutating func encode<Value: Encodable>(_ value: Value) { node.set(value) }
}
