/// A short run of elements on its way through a chain of operators.
///
/// `count` elements lie at `elements`, one behind the other, their event times in a column beside
/// them. Whoever holds the slice owns the elements: a kernel consumes what it is given and leaves
/// what it made, in the same memory or in its link's own room, and sets `count` to how many there
/// are.
///
/// The memory belongs to whoever made the slice: a ring, a buffer that messages were moved into, or
/// an operator's output buffer. Slices leave no trace: operators see one element at a time, and
/// what they emit does not depend on how elements lie in slices.
@frozen
@usableFromInline
package struct ElementSlice {
    /// The first element. What type it has is known to the kernels before and behind it, which the
    /// planner joined by type.
    @usableFromInline package var elements: UnsafeMutableRawPointer
    /// Event times, nanoseconds since 1970; `Instant.distantPast` where an element has none.
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

    /// The maximum number of elements in a slice. 64 elements of 64 bytes are 4 KiB and stay in the
    /// first-level cache while one operator after the other goes over them. Measured with elements
    /// of 64 bytes: 5.3 ns an element at 64, 8.0 at 8, 9.1 at 256.
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
