public import WeirBase

/// Elements that a source makes in one call, with their event times; see `Source.batches`.
///
/// Lent to the closure for one call; what it points to belongs to the source.
@frozen
public struct SourceBatch<Element>: ~Copyable {
    @usableFromInline let elements: UnsafeMutablePointer<Element>
    @usableFromInline let times: UnsafeMutablePointer<Int64>
    @usableFromInline let capacity: Int
    @usableFromInline var filled = 0
    /// How many elements are in it.
    @inlinable public var count: Int { filled }

    @inlinable
    init(
        elements: UnsafeMutablePointer<Element>, times: UnsafeMutablePointer<Int64>, capacity: Int
    ) {
        self.elements = elements
        self.times = times
        self.capacity = capacity
    }

    /// Adds an element with its event time. More than there are indices trap.
    @inlinable
    public mutating func append(_ element: consuming Element, at time: Instant) {
        precondition(filled < capacity, "more elements than indices in a source's batch")
        (elements + filled).initialize(to: element)
        times[filled] = time.nanoseconds
        filled += 1
    }
}

/// Makes the elements of a source with these indices, from what was prepared for the run and the
/// source's seed; tells how many it made. Specialised where the user's closure is written, so that
/// making an element is no call.
@usableFromInline
typealias SourceFill =
    @Sendable (
        _ prepared: UnsafeRawPointer, _ seed: UInt64, _ indices: Range<UInt64>,
        _ elements: UnsafeMutableRawPointer, _ times: UnsafeMutablePointer<Int64>
    ) -> Int

/// How a source makes its elements, without their type.
struct GeneratorForm: Sendable {
    /// How many elements there are.
    let count: UInt64
    /// Makes what `fill` is given; once for each run.
    let prepare: @Sendable () -> PreparedSource?
    let fill: SourceFill
    /// Takes an element out of memory and gives it as text.
    let describe: @Sendable (UnsafeMutableRawPointer) -> String
}

/// What a source prepared for one run, without its type. Constant, so that any thread may read it.
@usableFromInline
final class PreparedSource: @unchecked Sendable {
    // Unchecked: the value is `Sendable` and constant.

    let value: UnsafeRawPointer
    private let release: () -> Void

    @usableFromInline
    init<Value: Sendable>(_ value: consuming Value) {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        memory.initialize(to: value)
        self.value = UnsafeRawPointer(memory)
        release = {
            memory.deinitialize(count: 1)
            memory.deallocate()
        }
    }

    deinit { release() }
}
