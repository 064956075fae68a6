import WeirBase

/// Hashes a sampled value as its type encodes it, without writing its form anywhere.
///
/// A sample is taken once a turn, of what may be a single element, so that its cost counts where a
/// canonical form's does not. Equal values have equal hashes in every process and build: members
/// are added up, each mixed with its name, and so are the entries of dictionaries and sets; both
/// have no order then. Sequences are folded in theirs.
///
/// Members that a type encodes into containers of containers, or by way of a super encoder, are
/// rare; a type that does so is sampled by its canonical form.
///
/// Used by one thread while one value is encoded.
final class SampleEncoder: Encoder {
    /// What a scalar counts as, in bytes, towards what sampling may cost.
    static let scalarCost = 8

    /// What the container that is being filled has come to.
    fileprivate struct Level {
        var hash: UInt64 = 0
        var count: UInt64 = 0
    }

    /// Behind a constant pointer: a variable of a class is checked for exclusive access each time.
    fileprivate let level = UnsafeMutablePointer<Level>.allocate(capacity: 1)
    /// What was hashed so far, in about the bytes that it fills.
    private let spent = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    /// Takes what a rare type puts into containers that are filled later; nil until one does.
    private var canonical: CanonicalEncoder?

    init() {
        level.initialize(to: Level())
        spent.initialize(to: 0)
    }

    deinit {
        level.deallocate()
        spent.deallocate()
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// The hash of a value, and about how many bytes it fills.
    static func hash<Value: Encodable>(of value: Value) -> (hash: UInt64, cost: Int) {
        let encoder = SampleEncoder()
        let hash = encoder.hash(of: value)
        guard encoder.canonical == nil else {
            let bytes = Canonical.bytes(of: value)
            var hash = StableHash()
            hash.combine(bytes: bytes)
            return (hash.value, bytes.count)
        }
        return (hash, max(encoder.spent.pointee, 1))
    }

    // MARK: Values

    /// The hash of a value inside of another one, or of the whole.
    func hash<Value: Encodable>(of value: Value) -> UInt64 {
        if let sample = TypeForms.form(of: Value.self).sample {
            return withUnsafePointer(to: value) { sample($0, self) }
        }
        let outer = level.pointee
        level.pointee = Level()
        defer { level.pointee = outer }
        do {
            try value.encode(to: self)
        } catch {
            return hash(text: "encoding failed: \(error)")
        }
        return mix(level.pointee.hash, level.pointee.count)
    }

    func hash(word: UInt64) -> UInt64 {
        spent.pointee += Self.scalarCost
        return mix(word, 0)
    }

    func hash(text: String) -> UInt64 {
        spent.pointee += text.utf8.count
        return Canonical.hash(text: text)
    }

    /// Two words as one; neither has a value for which the other does not count.
    func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
        var hash = StableHash()
        hash.combine(one)
        hash.combine(other)
        return hash.value
    }

    // MARK: Containers

    /// Adds a member to the container that is being filled.
    @inline(__always)
    fileprivate func add(_ key: some CodingKey, _ value: UInt64) {
        level.pointee.hash &+= mix(hash(text: key.stringValue), value)
        level.pointee.count &+= 1
    }

    /// Adds the next element to the sequence that is being filled.
    fileprivate func append(_ value: UInt64) {
        level.pointee.hash = mix(level.pointee.hash, value)
        level.pointee.count &+= 1
    }

    /// Where a type puts what it fills later: the value is sampled in another way then.
    fileprivate var later: CanonicalEncoder {
        let encoder = canonical ?? CanonicalEncoder()
        canonical = encoder
        return encoder
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(SampledMembers<Key>(encoder: self))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { SampledSequence(encoder: self) }
    func singleValueContainer() -> any SingleValueEncodingContainer { SampledValue(encoder: self) }
}

/// The members of a type. The usual types have methods of their own here: for them nothing is
/// looked up.
private struct SampledMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: SampleEncoder
    var codingPath: [any CodingKey] { [] }

    private func add(_ value: some SampledDirectly, _ key: Key) {
        encoder.add(key, value.sampled(by: encoder))
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
        encoder.add(key, encoder.hash(of: value))
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder.later.container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.later.unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { encoder.later }
    mutating func superEncoder(forKey key: Key) -> any Encoder { encoder.later }
}

/// A sequence that a type writes by itself.
private struct SampledSequence: UnkeyedEncodingContainer {
    let encoder: SampleEncoder
    var codingPath: [any CodingKey] { [] }
    var count: Int { Int(encoder.level.pointee.count) }

    mutating func encodeNil() { encoder.append(false.sampled(by: encoder)) }
    mutating func encode<Value: Encodable>(_ value: Value) {
        encoder.append(encoder.hash(of: value))
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        encoder.later.container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        encoder.later.unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { encoder.later }
}

/// The value of a type that is a wrapper of another one.
private struct SampledValue: SingleValueEncodingContainer {
    let encoder: SampleEncoder
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { encoder.append(false.sampled(by: encoder)) }
    mutating func encode<Value: Encodable>(_ value: Value) {
        encoder.append(encoder.hash(of: value))
    }
}

/// A type whose values are hashed directly where they are sampled, without a container.
protocol SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64
}

extension FixedWidthInteger where Self: SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64 {
        encoder.hash(word: UInt64(truncatingIfNeeded: self))
    }
}
extension Int: SampledDirectly {}
extension Int8: SampledDirectly {}
extension Int16: SampledDirectly {}
extension Int32: SampledDirectly {}
extension Int64: SampledDirectly {}
extension UInt: SampledDirectly {}
extension UInt8: SampledDirectly {}
extension UInt16: SampledDirectly {}
extension UInt32: SampledDirectly {}
extension UInt64: SampledDirectly {}

extension Bool: SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64 { encoder.hash(word: self ? 1 : 0) }
}

extension Double: SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64 {
        encoder.hash(word: (isNaN ? Double.nan : (self == 0 ? 0 : self)).bitPattern)
    }
}

extension Float: SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64 { Double(self).sampled(by: encoder) }
}

extension String: SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64 { encoder.hash(text: self) }
}

extension Instant: SampledDirectly {
    func sampled(by encoder: SampleEncoder) -> UInt64 { nanoseconds.sampled(by: encoder) }
}

extension Array: SampledDirectly where Element: Encodable {
    func sampled(by encoder: SampleEncoder) -> UInt64 {
        var hash = encoder.hash(word: UInt64(count))
        for element in self { hash = encoder.mix(hash, encoder.hash(of: element)) }
        return hash
    }
}

extension Optional: SampledDirectly where Wrapped: Encodable {
    func sampled(by encoder: SampleEncoder) -> UInt64 {
        guard let self else { return false.sampled(by: encoder) }
        return encoder.mix(1, encoder.hash(of: self))
    }
}

extension Dictionary: SampledDirectly where Key: Encodable, Value: Encodable {
    func sampled(by encoder: SampleEncoder) -> UInt64 {
        var sum = encoder.hash(word: UInt64(count))
        for (key, value) in self {
            sum &+= encoder.mix(encoder.hash(of: key), encoder.hash(of: value))
        }
        return sum
    }
}

extension Set: SampledDirectly where Element: Encodable {
    func sampled(by encoder: SampleEncoder) -> UInt64 {
        var sum = encoder.hash(word: UInt64(count))
        for element in self { sum &+= encoder.mix(encoder.hash(of: element), 1) }
        return sum
    }
}
