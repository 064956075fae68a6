/// A decoder of keys with a sense of time: what tells a lone Escape from the start of a sequence is
/// that nothing follows it.
///
/// It is pure. Whoever reads the terminal hands in bytes with the time at which they came (`take`),
/// waits no longer than until `silence`, and then says how late it is (`passed`). All times are
/// nanoseconds of the monotonic clock.
struct Keyboard {
    private var decoder = KeyDecoder()
    /// When bytes came last, or silence was last noticed.
    private var readAt: UInt64 = 0

    /// When silence since the last byte begins to mean something; nil while it means nothing.
    var silence: UInt64? {
        decoder.patienceMilliseconds.map { readAt + UInt64($0) * 1_000_000 }
    }

    /// Takes the bytes of one reading; gives the keys they complete.
    mutating func take(_ bytes: some Sequence<UInt8>, at now: UInt64) -> [Key] {
        readAt = now
        return decoder.take(bytes)
    }

    /// Says how late it is; gives the keys that silence completes. Other things wake whoever reads
    /// as well, so that only silence that has really passed counts.
    mutating func passed(to now: UInt64) -> [Key] {
        guard let silence, now >= silence else { return [] }
        readAt = now
        return decoder.timedOut()
    }
}
