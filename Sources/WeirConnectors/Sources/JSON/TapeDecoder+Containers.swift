import WeirBase

/// The containers that `TapeDecoder` gives.
///
/// Each kind of number has its own functions: without them a member would be found three times, and
/// decoded by way of two more containers.

/// The members of an object. Of several of one name the first counts.
struct TapeMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: TapeDecoder

    var codingPath: [any CodingKey] { object.codingPath }

    var allKeys: [Key] {
        var keys: [Key] = []
        object.lent.forEachMember(of: object.index) { name, value in
            let text = object.lent.tape.pointee.line.text(of: object.lent[name])
            guard object.lent.member(PathKey(stringValue: text), of: object.index) == value,
                let key = Key(stringValue: text)
            else { return }
            keys.append(key)
        }
        return keys.reversed()
    }

    func contains(_ key: Key) -> Bool {
        object.lent.member(key, of: object.index) != nil
    }

    /// A member's value; throws where the object has none of that name.
    @inline(__always)
    private func member(_ key: some CodingKey) throws -> TapeDecoder {
        guard let index = object.lent.member(key, of: object.index) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "it has no such member"))
        }
        return TapeDecoder(lent: object.lent, index: index)
    }

    /// A member's value; nil where there is none, or a null.
    @inline(__always)
    private func present(_ key: Key) -> TapeDecoder? {
        guard let index = object.lent.member(key, of: object.index) else { return nil }
        let value = TapeDecoder(lent: object.lent, index: index)
        return value.isNull ? nil : value
    }

    func decodeNil(forKey key: Key) throws -> Bool { try member(key).isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try member(key).decode(type)
    }

    func decodeIfPresent<Value: Decodable>(
        _ type: Value.Type, forKey key: Key
    ) throws -> Value? { try present(key)?.decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try member(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    /// A class that decodes its superclass by itself finds it under this name.
    func superDecoder() throws -> any Decoder { try superDecoder(PathKey(stringValue: "super")) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder(key) }

    /// Where there is none, Foundation gives a decoder of null: such a line is left to it.
    private func superDecoder(_ key: some CodingKey) throws -> any Decoder {
        do {
            return try member(key)
        } catch {
            object.lent.isLeft = true
            throw error
        }
    }

    // MARK: Each kind of value

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try member(key).truth()
    }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key)?.truth()
    }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try member(key).text()
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key)?.text()
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try member(key).floating(type)
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try present(key)?.floating(type)
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        try member(key).floating(type)
    }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
        try present(key)?.floating(type)
    }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try present(key)?.integer(type)
    }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
        try present(key)?.integer(type)
    }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
        try present(key)?.integer(type)
    }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
        try present(key)?.integer(type)
    }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try present(key)?.integer(type)
    }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
        try present(key)?.integer(type)
    }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
        try present(key)?.integer(type)
    }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
        try present(key)?.integer(type)
    }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
        try present(key)?.integer(type)
    }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try present(key)?.integer(type)
    }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? {
        try present(key)?.integer(type)
    }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try member(key).integer(type)
    }
    func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? {
        try present(key)?.integer(type)
    }
}

/// The elements of an array, which are taken one after the other.
struct TapeElements: UnkeyedDecodingContainer {
    let array: TapeDecoder
    /// The entry of the next element.
    private var next: Int
    /// How many elements were taken; it moves on only when taking has succeeded.
    private(set) var currentIndex = 0

    init(array: TapeDecoder) {
        self.array = array
        next = array.index + 1
    }

    var codingPath: [any CodingKey] { array.codingPath }
    var isAtEnd: Bool { next >= Int(array.entry.next) }

    var count: Int? { array.lent.elements(of: array.index) }

    /// Takes the next element with `body`; throws where the array has ended.
    @inline(__always)
    private mutating func take<Value>(_ body: (TapeDecoder) throws -> Value) throws -> Value {
        guard !isAtEnd else {
            let path = codingPath + [PathKey(intValue: currentIndex)]
            throw DecodingError.valueNotFound(
                Value.self, .init(codingPath: path, debugDescription: "the array has ended"))
        }
        let value = try body(TapeDecoder(lent: array.lent, index: next))
        next = Int(array.lent[next].next)
        currentIndex += 1
        return value
    }

    /// Takes a null; any other element stays to be taken.
    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { return try take { $0.isNull } }
        return array.lent[next].kind == .null ? try take { _ in true } : false
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try take { try $0.decode(type) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try take { try $0.container(keyedBy: type) } }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try take { $0 } }

    // MARK: Each kind of value

    mutating func decode(_ type: Bool.Type) throws -> Bool { try take { try $0.truth() } }
    mutating func decode(_ type: String.Type) throws -> String { try take { try $0.text() } }
    mutating func decode(_ type: Double.Type) throws -> Double {
        try take { try $0.floating(type) }
    }
    mutating func decode(_ type: Float.Type) throws -> Float { try take { try $0.floating(type) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try take { try $0.integer(type) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try take { try $0.integer(type) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try take { try $0.integer(type) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try take { try $0.integer(type) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try take { try $0.integer(type) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try take { try $0.integer(type) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try take { try $0.integer(type) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try take { try $0.integer(type) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try take { try $0.integer(type) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try take { try $0.integer(type) } }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try take { try $0.integer(type) } }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
        try take { try $0.integer(type) }
    }
}
