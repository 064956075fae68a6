import WeirBase
import WeirTelemetry

/// A running hash over samples of the values that one part of an execution held or emitted.
///
/// A digest shows what a part holds where it is taken. A value that was written and overwritten
/// since, or was emitted and counted somewhere else, leaves nothing there; it is in the trail if it
/// was sampled. What is sampled follows from the number of moments so far and from what their
/// samples cost, so that a run and its replay look at the same values.
///
/// Hashing a value costs by its size. Each moment adds to a credit in bytes, and samples spend it:
/// where little flows everything is sampled, where much flows a part of it, and however large the
/// values are, a moment costs no more than its credit on average.
///
/// A value itself: a subtask has one whose moments are its turns, a cell one whose moments are its
/// accesses. It belongs to the part's digest and to its snapshot.
struct ValueTrail {
    /// The maximum credit that is saved up; also what a run begins with, so that its first values
    /// are sampled whatever their number. 4 KiB are 32 turns' worth: what a quiet time saves up is
    /// spent in one burst and not more.
    private static let maximumCredit = 4 << 10

    /// Bytes of values that a moment may cost on average.
    private let creditPerMoment: Int
    private var hash: SampleHash
    /// Moments so far, sampled or not.
    private var moments: UInt64 = 0
    /// Bytes that samples may cost now. A sample may cost more than there is, and leaves a debt.
    private var credit = Self.maximumCredit

    /// A trail whose moments may cost so many bytes each, on average.
    init(_ form: DigestForm, creditPerMoment: Int) {
        assert(
            1...Self.maximumCredit ~= creditPerMoment,
            "a moment may cost \(creditPerMoment) bytes, and \(Self.maximumCredit) are saved up")
        self.creditPerMoment = creditPerMoment
        hash = SampleHash(form)
    }

    /// The hash of all samples so far.
    var value: UInt64 { hash.value }

    /// Counts a moment. Where there is credit, `sample` adds values to the hash while they cost
    /// less than the credit it is given, one value more at most, and tells about how many bytes
    /// it hashed.
    @inline(__always)
    mutating func pass(_ sample: (inout SampleHash, _ credit: Int) -> Int) {
        moments &+= 1
        credit = min(credit + earned, Self.maximumCredit)
        guard credit > 0 else { return }
        // Which moment it was is hashed too, so that equal values sampled at other moments differ.
        hash.combine(moments)
        credit -= sample(&hash, credit)
    }

    /// What a moment earns: between half and one and a half of the average, by a multiplicative
    /// hash of the count (Knuth, volume 3, section 6.4). A fixed sum would look at every second
    /// moment, or every third, and so at one half only of what alternates.
    private var earned: Int {
        let drawn = (moments &* 0x9E37_79B9_7F4A_7C15) >> 40
        return creditPerMoment / 2 + Int(drawn % UInt64(creditPerMoment + 1))
    }

    func digest(into other: inout StableHash) { other.combine(value) }
}
