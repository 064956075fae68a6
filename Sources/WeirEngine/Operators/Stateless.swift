import WeirBase

/// Operators that keep nothing from turn to turn.
///
/// Each makes its kernel at the user's call site and captures nothing but the user's closure: only
/// then is the closure specialised into the loop, which runs a filter in 0.3 ns an element and not
/// in 1.7. That is what `@inlinable` is here for.
extension DataStream {
    /// Keeps the elements for which `isIncluded` holds.
    ///
    /// An error thrown by the closure ends the run, naming the operator.
    @inlinable
    public func filter(
        _ name: String? = nil, _ isIncluded: @escaping @Sendable (Element) throws -> Bool
    ) -> DataStream<Element> {
        addingKernel(name, "filter", to: Element.self, account: .choosing) { slice, frame, _ in
            let elements = slice.elements.assumingMemoryBound(to: Element.self)
            let times = slice.times
            let count = slice.count
            var kept = 0
            var index = 0
            do {
                while index < count {
                    if try isIncluded(elements[index]) {
                        // Kept elements are moved together, and stay where they are as long as
                        // nothing was left out.
                        if kept != index {
                            (elements + kept).moveInitialize(from: elements + index, count: 1)
                            times[kept] = times[index]
                        }
                        kept += 1
                    } else {
                        (elements + index).deinitialize(count: 1)
                    }
                    index += 1
                }
                assert(kept <= count, "a filter keeps \(kept) of \(count) elements")
                slice.count = kept
            } catch {
                frame.pointee.fail(error)
                // The kernel owns the slice, so that a failure destroys what is left of it, and the
                // kept elements too.
                (elements + index).deinitialize(count: count - index)
                elements.deinitialize(count: kept)
                slice.count = 0
            }
        }
    }

    /// Makes another element of each one.
    ///
    /// An error thrown by the closure ends the run, naming the operator.
    @inlinable
    public func map<Output: Sendable>(
        _ name: String? = nil, _ transform: @escaping @Sendable (consuming Element) throws -> Output
    ) -> DataStream<Output> {
        addingKernel(name, "map", to: Output.self, Mapping.kernel(transform))
    }

    /// Makes any number of elements of each one; they keep its event time.
    ///
    /// An error thrown by the closure ends the run, naming the operator.
    @inlinable
    public func flatMap<Output: Sendable>(
        _ name: String? = nil,
        _ transform: @escaping @Sendable (consuming Element) throws -> [Output]
    ) -> DataStream<Output> {
        addingEmitter(name, "flatMap", to: Output.self) { slice, frame, room in
            let output = room.assumingMemoryBound(to: OutputBuffer<Output>.self)
            let count = slice.count
            let done = slice.consume(as: Element.self, frame) { element, time in
                for made in try transform(element) {
                    output.pointee.append(made, time: time, frame)
                }
            }
            frame.pointee.handled(done, of: count)
            output.pointee.flush(frame)
        }
    }

    /// Passes elements on and checks each: a condition that must hold for all of them.
    ///
    /// A violation carries the step of the turn in which it was found, that of the last access the
    /// turn had made to a cell, and which of the turn's elements it was found on.
    public func invariant(
        _ name: String, _ holds: @escaping @Sendable (Element) -> Bool
    ) -> DataStream<Element> {
        flow.noteInvariant(name)
        return adding(nil, "invariant", to: Element.self) { context in
            let turn = CheckedTurn()
            return Link(name: context.name, account: .oneOfOne) { slice, frame, _ in
                // The element's number in its turn does not depend on slices.
                let before = turn.take(slice.count, step: frame.pointee.step)
                let elements = slice.elements.assumingMemoryBound(to: Element.self)
                for index in 0..<slice.count where !holds(elements[index]) {
                    guard let turn = TurnContext.current else { return }
                    turn.execution.violated(
                        name, step: frame.pointee.step, turn, number: before + UInt64(index) + 1)
                }
            }
        }
    }
}

/// How many elements of one turn a condition has seen. Each turn begins anew, so that between turns
/// nothing of it counts and it is no state.
private final class CheckedTurn {
    private var step: Step = 0
    private var count: UInt64 = 0

    /// Counts elements of the turn at a step; tells how many of that turn came before them.
    func take(_ elements: Int, step: Step) -> UInt64 {
        assert(step >= self.step, "a turn of step \(step) comes behind that of \(self.step)")
        if step != self.step { (self.step, count) = (step, 0) }
        defer { count += UInt64(elements) }
        return count
    }
}

extension ElementSlice {
    /// Moves each element out in turn and gives it to `body` with its event time; the first error
    /// fails the frame and ends it. The slice is empty afterwards.
    ///
    /// Tells for how many `body` came to its end; the caller counts them.
    @inlinable
    mutating func consume<Element>(
        as type: Element.Type, _ frame: UnsafeMutablePointer<Frame>,
        _ body: (consuming Element, Int64) throws -> Void
    ) -> Int {
        let elements = self.elements.assumingMemoryBound(to: Element.self)
        let count = self.count
        self.count = 0
        var index = 0
        var done = 0
        do {
            // An operator behind may have failed while this one passed its output on.
            while index < count, frame.pointee.failure == nil {
                let current = index
                index += 1
                try body((elements + current).move(), times[current])
                done = index
            }
        } catch {
            frame.pointee.fail(error)
        }
        assert(
            done <= index && index <= count,
            "of \(count) elements \(index) were taken and \(done) are done")
        // Those that nobody saw.
        (elements + index).deinitialize(count: count - index)
        return done
    }
}

extension KeyedStream {
    /// Makes another element of each one, in the subtask of its key.
    ///
    /// Elements of one key keep their order. An error thrown by the closure ends the run, naming
    /// the operator.
    @inlinable
    public func map<Output: Sendable>(
        _ name: String? = nil, _ transform: @escaping @Sendable (consuming Element) throws -> Output
    ) -> DataStream<Output> {
        addingKernel(name, "map", to: Output.self, Mapping.kernel(transform))
    }
}

/// The kernel of `map`, of a stream by key or of any other.
@usableFromInline
enum Mapping {
    /// Made at the user's call site, and capturing nothing but the user's closure.
    @inlinable
    static func kernel<Input, Output>(
        _ transform: @escaping @Sendable (consuming Input) throws -> Output
    ) -> Kernel {
        { slice, frame, ownRoom in
            let input = slice.elements.assumingMemoryBound(to: Input.self)
            // In place where each output fits in its input's slot, else in the link's own room.
            // Constants both: the compiler keeps one branch.
            let overwritesInput =
                MemoryLayout<Output>.stride <= MemoryLayout<Input>.stride
                && MemoryLayout<Output>.alignment <= MemoryLayout<Input>.alignment
            let room = overwritesInput ? slice.elements : ownRoom
            let output = room.assumingMemoryBound(to: Output.self)
            let count = slice.count
            var index = 0
            do {
                while index < count {
                    let made = try transform((input + index).move())
                    (output + index).initialize(to: made)
                    index += 1
                }
                slice.elements = room
            } catch {
                frame.pointee.fail(error)
                output.deinitialize(count: index)
                // The element at `index` was moved into the closure that threw.
                (input + index + 1).deinitialize(count: count - index - 1)
                slice.count = 0
            }
        }
    }
}
