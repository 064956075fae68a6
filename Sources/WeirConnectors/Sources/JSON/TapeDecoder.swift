import Foundation
import WeirBase

/// Gives a type's own decoding what it asks for, from the tape of a line.
///
/// Its errors are kinds of `DecodingError`, those of Foundation's decoder but for numbers that do
/// not fit, so that a type which tries one form and then another finds what it expects. What a
/// person reads is found out by `JSONProbe`. Two words, so that it fits into `any Decoder`.
struct TapeDecoder: Decoder {
    let lent: LentTape
    /// The entry of the value.
    let index: Int

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    var codingPath: [any CodingKey] { lent.path(to: index) }

    var entry: LentLine.Entry { lent[index] }
    var bytes: UnsafeRawBufferPointer { lent.tape.pointee.line.bytes(of: lent[index]) }

    // MARK: Values

    var isNull: Bool { entry.kind == .null }

    /// Decodes a value of any type, of which some have forms of their own.
    @inline(__always)
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == Instant.self { return unsafeBitCast(try instant(), to: Value.self) }
        if type == Decimal.self || type == Data.self || type == URL.self || type == Date.self {
            return try foreign(type)
        }
        return try type.init(from: self)
    }

    private func instant() throws -> Instant {
        guard entry.kind == .string else { throw mismatch(Instant.self) }
        guard let instant = lent.tape.pointee.line.withBytes(of: entry, { Instant(utf8: $0) })
        else {
            throw corrupted("no time in RFC 3339")
        }
        return instant
    }

    /// A value whose form Foundation's decoder alone knows.
    @inline(never)
    private func foreign<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(whole))
    }

    /// The value's bytes, those of a string with its quotes.
    private var whole: UnsafeRawBufferPointer {
        let start = Int(entry.start)
        let isString = entry.kind == .string
        let range = (isString ? start - 1 : start)..<start + Int(entry.count) + (isString ? 1 : 0)
        return UnsafeRawBufferPointer(rebasing: lent.tape.pointee.line.raw[range])
    }

    @inline(__always)
    func integer<Value: FixedWidthInteger & Decodable>(_ type: Value.Type) throws -> Value {
        let entry = entry
        guard entry.kind == .number else { throw mismatch(type) }
        guard let number = JSONNumber.whole(lent.tape.pointee.line.bytes(of: entry)) else {
            return try otherInteger(type)
        }
        guard let value = Value(number) else { throw unfitting }
        return value
    }

    /// `1e3` and `1.0` are whole numbers as well.
    @inline(never)
    private func otherInteger<Value: FixedWidthInteger & Decodable>(
        _ type: Value.Type
    ) throws -> Value {
        guard let number = JSONNumber.integral(bytes), let value = Value(number) else {
            lent.hasRefusedWhole = true
            throw unfitting
        }
        return value
    }

    func floating(_ type: Double.Type) throws -> Double {
        guard entry.kind == .number else { throw mismatch(type) }
        guard let value = JSONNumber.floating(bytes) else { throw unfitting }
        return value
    }

    /// Rounded once, from what is written.
    func floating(_ type: Float.Type) throws -> Float {
        guard entry.kind == .number else { throw mismatch(type) }
        guard let value = JSONNumber.single(bytes) else { throw unfitting }
        return value
    }

    func text() throws -> String {
        let entry = entry
        guard entry.kind == .string else { throw mismatch(String.self) }
        return lent.tape.pointee.line.text(of: entry)
    }

    func truth() throws -> Bool {
        switch entry.kind {
        case .yes: return true
        case .no: return false
        case .name, .string, .number, .object, .array: throw mismatch(Bool.self)
        // To Foundation's decoder null is another type here, and elsewhere no value.
        case .null: throw DecodingError.typeMismatch(Bool.self, context("null is no Bool"))
        }
    }

    // MARK: Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard entry.kind == .object else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(TapeMembers(object: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard entry.kind == .array else { throw mismatch([Any].self) }
        return TapeElements(array: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { TapeValue(value: self) }

    // MARK: Errors

    func mismatch(_ type: any Any.Type) -> DecodingError {
        let context = context("a \(entry.kind) is no \(type)")
        return isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    var unfitting: DecodingError { corrupted("the number does not fit") }

    func corrupted(_ reason: String) -> DecodingError { .dataCorrupted(context(reason)) }

    private func context(_ reason: String) -> DecodingError.Context {
        DecodingError.Context(codingPath: codingPath, debugDescription: reason)
    }
}

/// A name or an index on the way to a value.
struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        self.intValue = intValue
        stringValue = "Index \(intValue)"
    }
}

/// A single value.
struct TapeValue: SingleValueDecodingContainer {
    let value: TapeDecoder
    var codingPath: [any CodingKey] { value.codingPath }

    func decodeNil() -> Bool { value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try value.truth() }
    func decode(_ type: String.Type) throws -> String { try value.text() }
    func decode(_ type: Double.Type) throws -> Double { try value.floating(type) }
    func decode(_ type: Float.Type) throws -> Float { try value.floating(type) }
    func decode(_ type: Int.Type) throws -> Int { try value.integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try value.integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try value.integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try value.integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try value.integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try value.integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try value.integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try value.integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try value.integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try value.integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try value.integer(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try value.integer(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value.decode(type) }
}

extension FixedWidthInteger {
    /// A magnitude with its sign; nil where the type cannot hold it. In the module that asks for
    /// it, since it is made for each type.
    @inline(__always)
    init?(_ number: (isNegative: Bool, magnitude: some FixedWidthInteger & UnsignedInteger)) {
        if number.isNegative, number.magnitude > 0 {
            guard Self.isSigned, number.magnitude <= Self.max.magnitude &+ 1 else { return nil }
            self = 0 &- Self(truncatingIfNeeded: number.magnitude)
        } else {
            guard number.magnitude <= Self.max.magnitude else { return nil }
            self = Self(truncatingIfNeeded: number.magnitude)
        }
    }
}
