/// What a type encodes itself to.
struct TextEncoder: Encoder {
    let text: RowText
    /// The index of the value that is encoded.
    let value: Int

    /// Not kept: an error goes to Foundation's encoder, which tells the way.
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        text.beginObject(value)
        return KeyedEncodingContainer(TextMembers(text: text, value: value))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        text.beginArray(value)
        return TextElements(text: text, value: value)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        TextValue(text: text, value: value)
    }

    /// An encoder whose text is thrown away.
    static func elsewhere(_ text: RowText) -> TextEncoder {
        text.beyond()
        return TextEncoder(text: RowText([]), value: -1)
    }
}

/// The members of an object.
struct TextMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let text: RowText
    let value: Int
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.writeNil() }
    }
    func encode<Value: Encodable>(_ member: Value, forKey key: Key) throws {
        try text.member(value, key.stringValue) { try text.write(member) }
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { TextEncoder.elsewhere(text).container(keyedBy: keyType) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        TextEncoder.elsewhere(text).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { TextEncoder.elsewhere(text) }
    func superEncoder(forKey key: Key) -> any Encoder { TextEncoder.elsewhere(text) }

    func encode(_ member: Bool, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(member) }
    }
    func encode(_ member: String, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(member) }
    }
    func encode(_ member: Double, forKey key: Key) throws {
        try text.member(value, key.stringValue) { try text.write(member) }
    }
    func encode(_ member: Float, forKey key: Key) throws {
        try text.member(value, key.stringValue) { try text.write(member) }
    }
    func encode(_ member: Int, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: Int8, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: Int16, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: Int32, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: Int64, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: UInt, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: UInt8, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: UInt16, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: UInt32, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: UInt64, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: Int128, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
    func encode(_ member: UInt128, forKey key: Key) throws {
        try text.member(value, key.stringValue) { text.write(whole: member) }
    }
}

/// The elements of an array.
struct TextElements: UnkeyedEncodingContainer {
    let text: RowText
    let value: Int
    private(set) var count = 0
    var codingPath: [any CodingKey] { [] }

    init(text: RowText, value: Int) { (self.text, self.value) = (text, value) }

    private mutating func add(_ body: () throws -> Void) throws {
        try text.element(value, body)
        count += 1
    }

    mutating func encodeNil() throws { try add { [text] in text.writeNil() } }
    mutating func encode<Value: Encodable>(_ element: Value) throws {
        try add { [text] in try text.write(element) }
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type
    ) -> KeyedEncodingContainer<Nested> { TextEncoder.elsewhere(text).container(keyedBy: keyType) }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        TextEncoder.elsewhere(text).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { TextEncoder.elsewhere(text) }

    mutating func encode(_ element: Bool) throws { try add { [text] in text.write(element) } }
    mutating func encode(_ element: String) throws { try add { [text] in text.write(element) } }
    mutating func encode(_ element: Double) throws { try add { [text] in try text.write(element) } }
    mutating func encode(_ element: Float) throws { try add { [text] in try text.write(element) } }
    mutating func encode(_ element: Int) throws { try add { [text] in text.write(whole: element) } }
    mutating func encode(_ element: Int8) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: Int16) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: Int32) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: Int64) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: UInt) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: UInt8) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: UInt16) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: UInt32) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: UInt64) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: Int128) throws {
        try add { [text] in text.write(whole: element) }
    }
    mutating func encode(_ element: UInt128) throws {
        try add { [text] in text.write(whole: element) }
    }
}

/// A single value.
struct TextValue: SingleValueEncodingContainer {
    let text: RowText
    let value: Int
    var codingPath: [any CodingKey] { [] }

    func encodeNil() throws { try text.single(value) { text.writeNil() } }
    func encode<Value: Encodable>(_ whole: Value) throws {
        try text.single(value) { try text.write(whole) }
    }

    func encode(_ whole: Bool) throws { try text.single(value) { text.write(whole) } }
    func encode(_ whole: String) throws { try text.single(value) { text.write(whole) } }
    func encode(_ whole: Double) throws { try text.single(value) { try text.write(whole) } }
    func encode(_ whole: Float) throws { try text.single(value) { try text.write(whole) } }
    func encode(_ whole: Int) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: Int8) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: Int16) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: Int32) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: Int64) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: UInt) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: UInt8) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: UInt16) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: UInt32) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: UInt64) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: Int128) throws { try text.single(value) { text.write(whole: whole) } }
    func encode(_ whole: UInt128) throws { try text.single(value) { text.write(whole: whole) } }
}
