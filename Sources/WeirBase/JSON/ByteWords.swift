/// Eight bytes of a line at a time, in one word: the first byte lowest.
///
/// Tests for a byte are those of Hacker's Delight: a byte of the result has its highest bit where
/// the test holds. A carry may set further bits above the first one, so only the lowest counts.
/// Eight at a time and not sixteen: texts in lines are short, and no compiler flag is needed.
enum ByteWords {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Where a word has a quote, a backslash or a control character: what a text stops at.
    @inline(__always)
    static func stops(_ word: UInt64) -> UInt64 {
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found =
            (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
            | (word &- ones &* 0x20) & ~word
        return found & highs
    }

    /// Where a word has no digit.
    @inline(__always)
    static func nonDigits(_ word: UInt64) -> UInt64 {
        let value = word ^ (ones &* 0x30)
        return (value &+ ones &* 0x76 | value) & highs
    }

    /// The bits of a word's first `count` bytes, from 0 to 8.
    @inline(__always)
    static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? .max : (1 << UInt64(truncatingIfNeeded: count &* 8)) &- 1
    }

    /// Eight digits as a number: by pairs, by fours, and all of them.
    @inline(__always)
    static func number(_ digits: UInt64) -> UInt64 {
        var value = digits & (ones &* 0x0F)
        value = (value &* 10 &+ value >> 8) & 0x00FF_00FF_00FF_00FF
        value = (value &* 100 &+ value >> 16) & 0x0000_FFFF_0000_FFFF
        return (value &* 10_000 &+ value >> 32) & 0xFFFF_FFFF
    }

    /// The number of the last `count` digits of eight bytes as they lie in memory, from 1 to 8.
    @inline(__always)
    static func number(_ word: UInt64, last count: Int) -> UInt64 {
        let shift = UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        return number((UInt64(littleEndian: word) &>> shift) &<< shift)
    }

    /// The eight bytes from `index` on; behind the end of the bytes there are zeros. At least one
    /// byte is there.
    @inline(__always)
    static func word(_ base: UnsafeRawPointer, at index: Int, count: Int) -> UInt64 {
        if index &+ 8 <= count {
            return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        }
        return last(base, at: index, count: count)
    }

    /// The bytes from `index` on, fewer than eight of them.
    private static func last(_ base: UnsafeRawPointer, at index: Int, count: Int) -> UInt64 {
        assert(index <= count && index &+ 8 > count, "byte \(index) of \(count)")
        if index == count { return 0 }
        if count >= 8 {
            // The last eight bytes, without those before.
            let word = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            return UInt64(littleEndian: word) >> UInt64(8 &* (8 &- (count &- index)))
        }
        var word: UInt64 = 0
        for offset in index..<count {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            word |= UInt64(byte) << UInt64(8 &* (offset &- index))
        }
        return word
    }
}
