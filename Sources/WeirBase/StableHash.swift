/// A 64-bit hash that is the same in every process, build and version of Weir.
///
/// Digests, plans and traces are compared by it, so that it never changes. It finds accidents
/// and differences; it keeps no secrets, and does not withstand an attacker who chooses the
/// input. Each round takes eight bytes by a folded 64×64→128-bit product, as in wyhash (Wang
/// Yi, github.com/wangyi-fudan/wyhash, public domain).
///
/// What was hashed is the sequence of *words* given. `combine(bytes:)` gives the words of the
/// bytes and then their count, so that `"ab", "c"` and `"a", "bc"` differ.
@frozen
public struct StableHash: Sendable {
    /// What all words so far were folded into.
    @usableFromInline var state: UInt64

    /// An empty hash; different seeds give unrelated hashes.
    @inlinable
    public init(seed: UInt64 = 0) { state = seed ^ 0xA076_1D64_78BD_642F }

    /// Takes one word into the hash.
    @inlinable
    public mutating func combine(_ word: UInt64) {
        state = Self.fold(state ^ word, 0xE703_7ED1_A0B4_28DB)
    }

    /// Takes bytes and their count into the hash.
    @inlinable
    public mutating func combine(bytes: UnsafeRawBufferPointer) {
        var index = 0
        let count = bytes.count
        while index + 8 <= count {
            combine(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
            index += 8
        }
        if index < count {
            // Up to seven bytes that fill no word. The count behind them tells them from
            // bytes of zero.
            var tail: UInt64 = 0
            var shift: UInt64 = 0
            while index < count {
                tail |= UInt64(bytes[index]) << shift
                shift += 8
                index += 1
            }
            combine(tail)
        }
        combine(UInt64(truncatingIfNeeded: count) ^ 0x8EBC_6AF0_9C88_C6E3)
    }

    /// Takes bytes and their count into the hash, from one to eight of them, which lie in a word:
    /// the first lowest, and zeros behind the last.
    @inlinable
    package mutating func combine(oneWord word: UInt64, count: UInt64) {
        combine(word)
        combine(count ^ 0x8EBC_6AF0_9C88_C6E3)
    }

    /// Takes bytes and their count into the hash.
    @inlinable
    public mutating func combine(bytes: [UInt8]) {
        bytes.withUnsafeBytes { combine(bytes: $0) }
    }

    /// The hash of everything combined so far; combining may go on afterwards.
    @inlinable
    public var value: UInt64 { Self.fold(state ^ 0x5899_65CC_7537_4CC3, 0x1D8E_4E27_C47D_124F) }

    /// The two halves of a product, one over the other: every bit of both factors reaches the
    /// result.
    @inlinable
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension UInt64 {
    /// The number in 16 hex digits, in small letters.
    package var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
