/// A whole number that says what it counts: a step, the index of a subtask, a count of bytes.
///
/// Each is a struct of its own over one integer, so that the compiler refuses a step where a
/// subtask's index belongs, and it costs what the integer costs. It is written and read as the bare
/// number, in text and in JSON; code that encodes, hashes or packs it into a word takes `rawValue`,
/// and all other code leaves it wrapped. There is no arithmetic here: a type has the operations
/// that mean something for it, and adding one step to another does not.
///
/// Every type here is `@frozen` and `@usableFromInline`. An `@inlinable` member of a type that is
/// `package` alone is called and not inlined from another module, and each comparison of two steps
/// in a turn would be such a call.
@usableFromInline
package protocol UnitNumber:
    Hashable, Comparable, Sendable, Codable, CustomStringConvertible, ExpressibleByIntegerLiteral
{
    /// The integer that it is kept as.
    associatedtype RawValue: FixedWidthInteger, Codable, Sendable
    where IntegerLiteralType == RawValue

    /// The bare number, for codecs, lanes and hashes.
    var rawValue: RawValue { get }

    /// The number that `rawValue` stands for.
    init(_ rawValue: RawValue)
}

extension UnitNumber {
    /// The largest number of its kind; where it is a bound it means that there is none.
    @inlinable
    package static var max: Self { Self(RawValue.max) }

    @inlinable
    package init(integerLiteral value: RawValue) { self.init(value) }

    /// The number that `value` stands for. Traps where it does not fit.
    @inlinable
    package init(_ value: some BinaryInteger) { self.init(RawValue(value)) }

    /// The number that `value` stands for, or nil where it does not fit.
    @inlinable
    package init?(exactly value: some BinaryInteger) {
        guard let value = RawValue(exactly: value) else { return nil }
        self.init(value)
    }

    /// The number that a text is in decimal digits, or nil where it is none or does not fit.
    @usableFromInline
    package init?(_ text: some StringProtocol) {
        guard let value = RawValue(text, radix: 10) else { return nil }
        self.init(value)
    }

    @inlinable
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The bare number in decimal digits.
    @usableFromInline
    package var description: String { "\(rawValue)" }

    @usableFromInline
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(RawValue.self))
    }

    @usableFromInline
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
