/// A random number generator whose numbers are fixed by its seed, on every machine.
///
/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
/// One owner; a copy goes its own way. Not for secrets.
@frozen
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// The sum of all increments so far, of which each number is made.
    @usableFromInline package var state: UInt64

    /// The generator for a seed; every seed is allowed.
    @inlinable
    public init(seed: UInt64) { state = seed }

    /// A generator for one of many numbered streams of a seed, unrelated to its neighbours.
    @inlinable
    public init(seed: UInt64, stream: UInt64) {
        var hash = StableHash(seed: seed)
        hash.combine(stream)
        state = hash.value
    }

    /// The next 64 random bits.
    @inlinable
    public mutating func next() -> UInt64 {
        // 2^64 divided by the golden ratio, and odd: the state takes every value before one
        // comes again.
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A number from `0` to below `bound`; the bias is below `bound / 2^64`.
    @inlinable
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "bound \(bound) must be positive")
        // The upper half of the product: no division, and the numbers are spread evenly.
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Makes of each word another one, so that words that differ in a bit have nothing in
    /// common. No two words give the same. For whoever numbers its draws and needs no state.
    @inlinable
    package static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
