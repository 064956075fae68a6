import WeirBase

/// What a `Codable` type wrote, before keyed members are sorted.
///
/// Everything lies one behind the other in `bytes`, a member's name before its value; an entry says
/// which stretch is whose. Containers inside have nodes of their own, since they may be filled
/// after what follows them. What is written to a node makes it one value, a sequence, or members; a
/// type that asks for two kinds of container, which `Encodable` forbids, gets the form of the last
/// kind.
final class CanonicalNode {
    enum Shape {
        case empty, value, sequence, members
    }

    /// A member, or an element of a sequence, by what lies where in the bytes.
    private struct Entry {
        /// Where it begins; a member with the length of its name.
        var start: Int
        /// The name's text; empty in a sequence.
        var name: Range<Int>
        var end: Int
        /// The index of the container that it is; nil for a value that lies behind the name.
        var inner: Int?
    }

    private struct Contents {
        var shape = Shape.empty
        var bytes = ByteWriter(reserving: 128)
        var entries: [Entry] = []
        var inner: [CanonicalNode] = []
        /// Whether names came in their order so far.
        var isSorted = true
        /// Whether all names are ASCII, and their order that of their bytes.
        var isPlain = true

        init() { entries.reserveCapacity(8) }
    }

    /// Behind a constant pointer: a variable of a class is checked for exclusive access each time.
    private let contents = UnsafeMutablePointer<Contents>.allocate(capacity: 1)

    init() { contents.initialize(to: Contents()) }

    deinit {
        contents.deinitialize(count: 1)
        contents.deallocate()
    }

    var count: Int { contents.pointee.shape == .sequence ? contents.pointee.entries.count : 0 }

    /// Adds the canonical form of all that was written, with members in order of their names.
    func write(into writer: inout ByteWriter) {
        switch contents.pointee.shape {
        case .empty: writer.append(varint: 0)
        case .value: contents.pointee.bytes.withBytes { writer.append(raw: $0) }
        case .sequence, .members:
            if !contents.pointee.isSorted { sort() }
            writer.append(varint: UInt64(contents.pointee.entries.count))
            contents.pointee.bytes.withBytes { bytes in
                for entry in contents.pointee.entries {
                    writer.append(
                        raw: UnsafeRawBufferPointer(rebasing: bytes[entry.start..<entry.end]))
                    if let inner = entry.inner {
                        contents.pointee.inner[inner].write(into: &writer)
                    }
                }
            }
        }
    }

    /// Puts members in the order of their names; those of one name stay in theirs.
    private func sort() {
        contents.pointee.bytes.withBytes { bytes in
            if contents.pointee.isPlain {
                contents.pointee.entries.sort { left, right in
                    Self.precedes(bytes, left.name, right.name)
                }
            } else {
                contents.pointee.entries.sort { left, right in
                    String(decoding: bytes[left.name], as: UTF8.self)
                        < String(decoding: bytes[right.name], as: UTF8.self)
                }
            }
        }
        contents.pointee.isSorted = true
    }

    /// Whether one name comes before another by its bytes.
    private static func precedes(
        _ bytes: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>
    ) -> Bool {
        for offset in 0..<min(left.count, right.count) {
            let (one, other) = (bytes[left.lowerBound + offset], bytes[right.lowerBound + offset])
            if one != other { return one < other }
        }
        return left.count < right.count
    }

    /// The one value of a type that has no container. The last one given counts.
    @inline(__always)
    func set(_ encode: (inout ByteWriter) -> Void) {
        contents.pointee.shape = .value
        // What was added before lies in the bytes that go.
        contents.pointee.entries.removeAll()
        contents.pointee.bytes.removeAll()
        encode(&contents.pointee.bytes)
    }

    @inline(__always)
    func add(key: String, _ encode: (inout ByteWriter) -> Void) {
        let (start, name) = begin(key)
        encode(&contents.pointee.bytes)
        contents.pointee.entries.append(
            Entry(start: start, name: name, end: contents.pointee.bytes.count, inner: nil))
    }

    @inline(__always)
    func add(_ encode: (inout ByteWriter) -> Void) {
        contents.pointee.shape = .sequence
        let start = contents.pointee.bytes.count
        encode(&contents.pointee.bytes)
        contents.pointee.entries.append(
            Entry(start: start, name: 0..<0, end: contents.pointee.bytes.count, inner: nil))
    }

    /// A node for a container under this key, to be filled later.
    func addInner(key: String) -> CanonicalNode {
        let (start, name) = begin(key)
        return addInner(start, name)
    }

    /// A node for a container that is the sequence's next element, to be filled later.
    func addInner() -> CanonicalNode {
        contents.pointee.shape = .sequence
        return addInner(contents.pointee.bytes.count, 0..<0)
    }

    private func addInner(_ start: Int, _ name: Range<Int>) -> CanonicalNode {
        let inner = CanonicalNode()
        contents.pointee.entries.append(
            Entry(
                start: start, name: name, end: contents.pointee.bytes.count,
                inner: contents.pointee.inner.count))
        contents.pointee.inner.append(inner)
        return inner
    }

    /// Writes a member's name; tells where the member and the text of its name lie.
    private func begin(_ key: String) -> (start: Int, name: Range<Int>) {
        contents.pointee.shape = .members
        let start = contents.pointee.bytes.count
        var key = key
        let isPlain = key.withUTF8 { name in
            contents.pointee.bytes.append(counted: UnsafeRawBufferPointer(name))
            return name.allSatisfy { $0 < 0x80 }
        }
        let end = contents.pointee.bytes.count
        let name = end - key.utf8.count..<end
        if !isPlain { (contents.pointee.isPlain, contents.pointee.isSorted) = (false, false) }
        if contents.pointee.isSorted, let last = contents.pointee.entries.last {
            contents.pointee.isSorted = contents.pointee.bytes.withBytes {
                Self.precedes($0, last.name, name)
            }
        }
        return (start, name)
    }
}

/// Gives a type that encodes itself the containers that write into one node.
struct CanonicalEncoder: Encoder {
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
