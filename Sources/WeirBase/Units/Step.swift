/// A number in a run's total order: the beginning of a turn, an access to a shared cell, a publish
/// or a rest point.
///
/// Steps are counted from 1 and without a gap; 0 is the position before the first of them. A lane
/// has 48 bits for it, which is enough for a million steps a second over eight years.
@frozen
@usableFromInline
package struct Step: UnitNumber {
    /// The number itself, from 1.
    @usableFromInline package var rawValue: UInt64

    /// The step with the number `rawValue`.
    @inlinable
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The position before the first step: nothing has happened yet.
    @inlinable
    package static var start: Step { Step(0) }

    /// The first step of a run.
    @inlinable
    package static var first: Step { Step(1) }

    /// The step that follows. Traps behind the last number there is.
    @inlinable
    package var next: Step { Step(rawValue + 1) }

    /// The step before it. Traps at the start, before which nothing lies.
    @inlinable
    package var previous: Step { Step(rawValue - 1) }

    /// The step `count` further on; the largest number there is where that lies beyond it.
    @inlinable
    package func later(by count: UInt64) -> Step {
        let (sum, overflow) = rawValue.addingReportingOverflow(count)
        return overflow ? .max : Step(sum)
    }

    /// The step `count` before; the start where there are not so many.
    @inlinable
    package func earlier(by count: UInt64) -> Step {
        rawValue > count ? Step(rawValue - count) : .start
    }

    /// How many steps there are up to and with it.
    @inlinable
    package var count: Int { Int(rawValue) }

    /// Whether it is one of those that come every `count` steps, for what is done now and then.
    @inlinable
    package func isMultiple(of count: UInt64) -> Bool { rawValue.isMultiple(of: count) }
}

extension Step: Strideable {
    // Both are said here because `Strideable` would compare by distance, which traps for numbers
    // that lie too far apart.
    @inlinable
    package static func < (left: Step, right: Step) -> Bool { left.rawValue < right.rawValue }

    @inlinable
    package static func == (left: Step, right: Step) -> Bool { left.rawValue == right.rawValue }

    /// How many steps lie from here to `other`; negative when `other` comes before.
    @inlinable
    package func distance(to other: Step) -> Int {
        other >= self ? Int(other.rawValue - rawValue) : -Int(rawValue - other.rawValue)
    }

    /// The step `count` further on. Traps where it would lie before the start.
    @inlinable
    package func advanced(by count: Int) -> Step {
        count >= 0 ? Step(rawValue + UInt64(count)) : Step(rawValue - UInt64(count.magnitude))
    }
}
