import WeirBase

extension DataStream {
    /// Runs a closure per element with one state for the whole stream.
    ///
    /// For what depends on the order of the stream and not on keys. Each subtask has a state of
    /// its own, begun from `state`; the operator is fused with the one before it, so that behind a
    /// source there is one. `onEnd` is called once, before the end of input goes on: what it emits
    /// is not late. Timers are for keyed streams: those set here are ignored.
    ///
    /// An error thrown by a closure ends the run, naming the operator.
    public func process<State: Codable & Sendable, Output: Sendable>(
        _ name: String? = nil, state: State, emitting output: Output.Type = Output.self,
        onEnd: (@Sendable (inout State, inout OperatorContext<Output>) throws -> Void)? = nil,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        adding(name, "process", to: Output.self) { context in
            SubtaskProcess<State, Output>(state: state, onEnd: onEnd)
                .link(name: context.name, body: body)
        }
    }
}

/// The state of a `process` without keys, in one subtask.
final class SubtaskProcess<State: Codable & Sendable, Output: Sendable> {
    typealias EndBody = @Sendable (inout State, inout OperatorContext<Output>) throws -> Void

    private var state: State
    private let onEnd: EndBody?
    private var isEnded = false
    private let output: UnsafeMutablePointer<OutputBuffer<Output>>

    init(state: State, onEnd: EndBody?) {
        self.state = state
        self.onEnd = onEnd
        output = .allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
    }

    deinit {
        output.pointee.deallocate()
        output.deallocate()
    }

    func link<Element>(
        name: String,
        body:
            @escaping (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> Link {
        var reactions = Link.Reactions()
        reactions.control = { [self] control, frame, _ in
            // The end's watermark, and not the end itself: behind it everything would be late.
            if control == .watermark(.distantFuture) { end(frame) }
        }
        reactions.sample = { [self] hash, _ in hash.combine(canonical: state) }
        reactions.digest = { [self] hash, _ in hash.combine(canonical: state) }
        reactions.entries = { [self] _ in [("", state)] }
        reactions.key = { text, _ in text.isEmpty ? "" : nil }
        reactions.value = { [self] _, _ in state }
        reactions.save = { [self] _ in
            Saved((state, isEnded), bytes: Canonical.bytes(of: state).count)
        }
        reactions.restore = { [self] saved, _ in
            if let (state, isEnded) = saved as? (State, Bool) {
                (self.state, self.isEnded) = (state, isEnded)
            }
        }
        return Link(
            name: name, state: Unmanaged.passUnretained(self).toOpaque(), reactions: reactions
        ) { [self] slice, frame, _ in
            var taken = frame.pointee.takenBefore
            let count = slice.count
            let done = slice.consume(as: Element.self, frame) { element, time in
                taken += 1
                var context = OperatorContext<Output>(
                    frame: frame, output: output, time: time, index: taken)
                try body(element, &state, &context)
            }
            frame.pointee.handled(done, of: count)
            output.pointee.flush(frame)
        }
    }

    private func end(_ frame: UnsafeMutablePointer<Frame>) {
        guard !isEnded else { return }
        isEnded = true
        guard let onEnd else { return }
        var context = OperatorContext<Output>(
            frame: frame, output: output, time: frame.pointee.watermark.nanoseconds,
            index: frame.pointee.takenBefore)
        do {
            try onEnd(&state, &context)
        } catch {
            frame.pointee.fail(error)
        }
        output.pointee.flush(frame)
    }
}
