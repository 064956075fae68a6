/// The containers that `JSONProbe` gives: each asks the probe of one value.

/// A single value. `Decodable` asks a container of this kind for numbers, texts and truth
/// values; the probe answers, or throws the sentence that says why not.
struct ProbedValue: SingleValueDecodingContainer {
    let probe: JSONProbe
    var codingPath: [any CodingKey] { probe.codingPath }

    func decodeNil() -> Bool { probe.isNull }
    func decode(_ type: Int.Type) throws -> Int { try probe.integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try probe.integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try probe.integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try probe.integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try probe.integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try probe.integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try probe.integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try probe.integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try probe.integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try probe.integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try probe.integer(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try probe.integer(type) }
    func decode(_ type: Double.Type) throws -> Double { try probe.floating(type) }
    func decode(_ type: Float.Type) throws -> Float { try probe.floating(type) }
    func decode(_ type: String.Type) throws -> String { try probe.text() }
    func decode(_ type: Bool.Type) throws -> Bool { try probe.truth() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try probe.decode(type) }
}

/// The members of an object. Of several members of one name the first counts.
struct ProbedMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: JSONProbe
    /// The names in the order of the line.
    let names: [String]
    let values: [String: JSONTree]
    var codingPath: [any CodingKey] { probe.codingPath }
    var allKeys: [Key] { names.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { values[key.stringValue] != nil }

    /// The probe of a member; throws where the object has none of that name.
    private func member(_ key: any CodingKey) throws -> JSONProbe {
        guard let tree = values[key.stringValue] else {
            throw probe.refusal("\(probe.subject) has no member \(key.stringValue)")
        }
        return probe.at(tree, key)
    }

    func decodeNil(forKey key: Key) throws -> Bool { try member(key).isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try member(key).decode(type)
    }

    // The standard library's own for these would be taken, which refuse.
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
        try member(key).integer(type)
    }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try member(key).integer(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try member(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    /// A class that decodes its superclass by itself finds it under this name.
    func superDecoder() throws -> any Decoder { try member(SuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}

/// The name under which a class keeps its superclass.
private struct SuperKey: CodingKey {
    var stringValue: String { "super" }
    var intValue: Int? { nil }
    init() {}
    init?(stringValue: String) { nil }
    init?(intValue: Int) { nil }
}

/// The elements of an array, which are taken one after the other.
struct ProbedElements: UnkeyedDecodingContainer {
    let probe: JSONProbe
    let values: [JSONTree]
    /// The index of the element that is taken next; it moves on only when taking has
    /// succeeded.
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { probe.codingPath }
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }

    init(probe: JSONProbe, values: [JSONTree]) {
        self.probe = probe
        self.values = values
    }

    /// The index of an element, as a part of a path.
    private struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { intValue.map(String.init) ?? "" }
        init(_ index: Int) { intValue = index }
        init?(stringValue: String) { nil }
        init?(intValue: Int) { self.init(intValue) }
    }

    /// The probe of the next element; throws where the array has ended.
    private func element() throws -> JSONProbe {
        guard !isAtEnd else {
            throw probe.refusal("\(probe.subject) has only \(values.count) elements")
        }
        return probe.at(values[currentIndex], Index(currentIndex))
    }

    /// Takes a null; any other element stays to be taken.
    mutating func decodeNil() throws -> Bool {
        guard try element().isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try element().decode(type)
        currentIndex += 1
        return value
    }

    // As for members.
    mutating func decode(_ type: Int128.Type) throws -> Int128 {
        let value = try element().integer(type)
        currentIndex += 1
        return value
    }

    mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
        let value = try element().integer(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try element().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try element().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try element()
        currentIndex += 1
        return decoder
    }
}
