/// A short run of elements on its way through a chain of operators.
///
/// `count` elements lie at `elements`, their event times in a column beside them. Whoever holds
/// the slice owns the elements: a kernel consumes what it is given and leaves what it made.
@frozen
@usableFromInline
package struct ElementSlice {
    /// The first element; what type it has, the kernel knows.
    @usableFromInline package var elements: UnsafeMutableRawPointer
    /// Event times, nanoseconds since the epoch; `Instant.distantPast` where there is none.
    @usableFromInline package var times: UnsafeMutablePointer<Int64>
    /// How many elements there are.
    @usableFromInline package var count: Int

    /// A slice of `count` elements.
    @inlinable
    package init(
        elements: UnsafeMutableRawPointer, times: UnsafeMutablePointer<Int64>, count: Int
    ) {
        self.elements = elements
        self.times = times
        self.count = count
    }

    /// The most elements in a slice; 64 of 64 bytes stay in the first-level cache.
    @usableFromInline package static let capacity = 64
}

/// What runs an operator over a slice: the slice, the turn's frame, and the room that the
/// operator's link has for what it makes.
///
/// A kernel captures nothing but the user's closures, so that the compiler specialises it at the
/// user's call site; whatever else it needs lies behind the pointers.
@usableFromInline
package typealias Kernel = (
    _ slice: inout ElementSlice, _ frame: UnsafeMutablePointer<Frame>,
    _ room: UnsafeMutableRawPointer
) -> Void
