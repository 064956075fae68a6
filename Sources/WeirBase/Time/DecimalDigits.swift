extension UnsafeRawBufferPointer {
    /// The number that exactly `count` digits say at `position`, which lies within the bytes or at
    /// their end; nil where other bytes stand there, or fewer.
    ///
    /// Dates are written with fixed numbers of digits, four at most, so that no sum overflows.
    @inlinable
    package func decimal(at position: Int, digits count: Int) -> Int? {
        assert(count <= 18, "\(count) digits may not fit into a number")
        guard self.count - position >= count else { return nil }
        var value = 0
        for index in position..<position + count {
            let digit = self[index] &- 0x30
            if digit > 9 { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
