public import WeirBase
import WeirEngine

/// A type that a member of an object can be read as.
///
/// Whole numbers are exact or refused, a `Double` is the nearest to what is written, an `Instant`
/// is RFC 3339 text, and null or a missing member is an optional without a value. Types of one's
/// own are made of these in the closure that reads.
public protocol JSONReadable {
    /// The value of the member with this index.
    static func read(_ object: borrowing JSONObject, at index: Int) throws -> Self
}

extension Int: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Int {
        try object.integer(index, Int.self)
    }
}

extension Int8: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Int8 {
        try object.integer(index, Int8.self)
    }
}

extension Int16: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Int16 {
        try object.integer(index, Int16.self)
    }
}

extension Int32: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Int32 {
        try object.integer(index, Int32.self)
    }
}

extension Int64: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Int64 {
        try object.integer(index, Int64.self)
    }
}

extension UInt: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> UInt {
        try object.integer(index, UInt.self)
    }
}

extension UInt8: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> UInt8 {
        try object.integer(index, UInt8.self)
    }
}

extension UInt16: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> UInt16 {
        try object.integer(index, UInt16.self)
    }
}

extension UInt32: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> UInt32 {
        try object.integer(index, UInt32.self)
    }
}

extension UInt64: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> UInt64 {
        try object.integer(index, UInt64.self)
    }
}

extension Int128: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Int128 {
        try object.integer(index, Int128.self)
    }
}

extension UInt128: JSONReadable {
    /// A whole number that fits.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> UInt128 {
        try object.integer(index, UInt128.self)
    }
}

extension Double: JSONReadable {
    /// The nearest number to what is written.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Double {
        let entry = try object.entry(index, .number, "Double").pointee
        guard let value = JSONNumber.floating(object.index.pointee.line.bytes(of: entry)) else {
            throw object.unfitting(entry, index, "Double")
        }
        return value
    }
}

extension Bool: JSONReadable {
    /// A truth value.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Bool {
        switch object.value(index)?.pointee.kind {
        case .yes: true
        case .no: false
        case .name, .string, .number, .object, .array, .null, nil:
            throw object.mismatch(index, "Bool")
        }
    }
}

extension String: JSONReadable {
    /// A text with its escapes resolved.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> String {
        object.index.pointee.line.text(of: try object.entry(index, .string, "String").pointee)
    }
}

extension Instant: JSONReadable {
    /// A time in RFC 3339.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Instant {
        let noun = "a time in RFC 3339, such as 2026-11-24T12:04:31.2Z"
        let entry = try object.entry(index, .string, noun).pointee
        if let read = object.index.pointee.line.withBytes(of: entry, { Instant(utf8: $0) }) {
            return read
        }
        let text = PrintableText.escaped(
            object.index.pointee.line.text(of: entry), limit: ConnectorBounds.maximumShownValue)
        throw MalformedLine(
            "member \(object.index.pointee.names[index]): \(text) is not \(noun)",
            column: entry.column)
    }
}

extension Optional: JSONReadable where Wrapped: JSONReadable {
    /// The value, where there is one that is not null.
    public static func read(_ object: borrowing JSONObject, at index: Int) throws -> Wrapped? {
        guard let entry = object.value(index), entry.pointee.kind != .null else { return nil }
        return try Wrapped.read(object, at: index)
    }
}
