extension UInt64 {
    /// The sum of two counts, or the largest number there is where they add up to more.
    ///
    /// For counts that come from files: a wrong figure is better than none, and a small one that
    /// has wrapped around would be taken for true.
    @inlinable
    package func saturatingSum(_ other: UInt64) -> UInt64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
