import WeirBase
import WeirTelemetry

/// A running hash over sampled values, in one of the forms that digests have or had.
package struct SampleHash: Sendable {
    private var hash = StableHash()
    private let form: DigestForm

    init(_ form: DigestForm) { self.form = form }

    var value: UInt64 { hash.value }

    /// Adds a word that costs nothing to know.
    mutating func combine(_ word: UInt64) { hash.combine(word) }

    /// Adds a value; tells about how many bytes it fills.
    mutating func combine(value: some Encodable) -> Int {
        switch form {
        case .canonicalSamples: return hash.combine(canonical: value)
        case .memberSamples:
            let (sample, cost) = SampleEncoder.hash(of: value)
            hash.combine(sample)
            return cost
        }
    }

    /// Adds an element of a turn. In the older form each was hashed by its bytes, and one without
    /// bytes counted as one.
    mutating func combine(element: some Encodable) -> Int { max(combine(value: element), 1) }
}
