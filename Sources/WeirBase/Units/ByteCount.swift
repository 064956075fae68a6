/// An amount of bytes: of a file, of memory, of what went through a channel, or a bound on those.
///
/// Kept as a `UInt64`. What samples and the end of a trace say of bytes comes from a file and may
/// be any number that 64 bits hold, so that an `Int` would refuse what a reader has to take; and no
/// amount is below zero. Where bytes lie (an offset, an index into a buffer) is a position and
/// stays an `Int`: `count` is the amount as one. A credit that may become a debt is no amount
/// either (`ValueTrail`).
///
/// Amounts are added and taken away as memory is: both trap where the number ends, because what
/// one process holds or writes cannot reach it, and more taken away than was there is a fault of
/// the one who counts. What a file claims is added by `saturatingSum`. For people an amount is
/// written by `Quantities.describe(bytes:)`; as text it is the bare number.
@frozen
@usableFromInline
package struct ByteCount: UnitNumber {
    /// How many bytes.
    @usableFromInline package var rawValue: UInt64

    /// So many bytes.
    @inlinable
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// What `count` values of a type take side by side, by their fields; not what those point to.
    @inlinable
    package init<Value>(of count: Int, _ type: Value.Type) {
        assert(count >= 0, "\(count) values of \(type)")
        // The product of two numbers that are not negative is none either: a checked conversion
        // would cost a turn's outputs an instruction and tell nothing.
        rawValue = UInt64(truncatingIfNeeded: count * MemoryLayout<Value>.stride)
    }

    /// So many times 1,024 bytes. Traps behind the last number there is, as `mebibytes` does.
    @inlinable
    package static func kibibytes(_ count: UInt64) -> ByteCount { ByteCount(count * 1_024) }

    /// So many times 1,024 kibibytes.
    @inlinable
    package static func mebibytes(_ count: UInt64) -> ByteCount { kibibytes(count * 1_024) }

    /// None.
    @inlinable
    package static var zero: ByteCount { ByteCount(0) }

    /// The amount as the length of a buffer. Traps where no buffer is that long.
    @inlinable
    package var count: Int { Int(rawValue) }

    /// Both together. Traps behind the last number there is.
    @inlinable
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue + right.rawValue)
    }

    /// Both together, or the largest number there is: for amounts that a file claims.
    @inlinable
    package func saturatingSum(_ other: ByteCount) -> ByteCount {
        ByteCount(rawValue.saturatingSum(other.rawValue))
    }

    /// What is left of it. Traps where that is less than nothing.
    @inlinable
    package static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue - right.rawValue)
    }

    /// Adds an amount. Traps behind the last number there is.
    @inlinable
    package static func += (left: inout ByteCount, right: ByteCount) {
        left.rawValue += right.rawValue
    }

    /// Takes an amount away. Traps where there is not as much.
    @inlinable
    package static func -= (left: inout ByteCount, right: ByteCount) {
        left.rawValue -= right.rawValue
    }

    /// So many times as much. Traps behind the last number there is, and for less than none.
    @inlinable
    package static func * (count: Int, each: ByteCount) -> ByteCount {
        ByteCount(UInt64(count) * each.rawValue)
    }

    /// One of so many equal parts, without what is left over.
    @inlinable
    package static func / (whole: ByteCount, parts: UInt64) -> ByteCount {
        ByteCount(whole.rawValue / parts)
    }
}
