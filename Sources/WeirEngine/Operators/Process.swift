import WeirBase

extension KeyedStream {
    /// Runs a closure per element with the state of its key: for anything that has no name of its
    /// own.
    ///
    /// `state` is what a key begins with. The closure gets it `inout`, and a context to emit, log
    /// and set timers with. `onTimer` is called for a key when one of its timers fires, once for a
    /// time however often it was set.
    ///
    /// Event-time timers fire in order of time and key when the watermark has passed them, before
    /// it goes on: what they emit is on time downstream. Those that `onTimer` sets fire in the
    /// same advance when they are due. At the end of input all fire; a key whose timers set each
    /// other more than 1,048,576 times in one advance is an error, as is a timer beyond 4,194,304
    /// in one subtask. Processing-time timers that are not due at the end are dropped and counted.
    ///
    /// An error thrown by a closure ends the run, naming the operator.
    @inlinable
    public func process<State: Codable & Sendable, Output: Sendable>(
        _ name: String? = nil, state: State, emitting output: Output.Type = Output.self,
        onTimer: (
            @Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void
        )? = nil,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        addingProcess(
            name, state, nil, KeyedCore<Key, State, Output>.timerKernels(onTimer),
            KeyedCore<Key, State, Output>.kernel(of: Element.self, key: key, body))
    }

    /// The same with a state that conditions name: `flow.invariant(_:on:_:)`.
    @inlinable
    public func process<State: Codable & Sendable, Output: Sendable>(
        _ name: String? = nil, state: KeyedState<Key, State>,
        emitting output: Output.Type = Output.self,
        onTimer: (
            @Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void
        )? = nil,
        _ body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> DataStream<Output> {
        addingProcess(
            name, nil, state, KeyedCore<Key, State, Output>.timerKernels(onTimer),
            KeyedCore<Key, State, Output>.kernel(of: Element.self, key: key, body))
    }

    /// Adds a `process` whose kernel was made where the user wrote its closure. Its keys begin with
    /// `initial`, or with what the named state says.
    @usableFromInline
    func addingProcess<State: Codable & Sendable, Output: Sendable>(
        _ name: String?, _ initial: State?, _ named: KeyedState<Key, State>?,
        _ timerKernels: TimerKernels?, _ kernel: @escaping Kernel
    ) -> DataStream<Output> {
        stream.flow.refuseShared(State.self, "state", of: "process")
        let spec = named.map { stream.flow.spec(of: $0) }
        guard let initial = initial ?? named?.initial else {
            preconditionFailure("a process without a state")
        }
        let node = adding(
            name, "process", outputs: [TypedForm<Output>()], to: Output.self
        ) { context in
            KeyedProcess<Key, State, Output>(
                name: context.name, initial: initial, spec: spec, timerKernels: timerKernels
            ).link(kernel)
        }
        spec?.operators.append(node.planName)
        return DataStream<Output>(stream.flow, StreamPort(node: node.id, output: 0))
    }
}

extension Flow {
    /// Refuses what each key has one of where it is a class: all keys would share one object, and a
    /// change by one key would be a change of all.
    func refuseShared<Value>(_ type: Value.Type, _ what: String, of kind: String) {
        guard type is AnyObject.Type else { return }
        refuse(
            "the \(what) of a \(kind) is of the class \(type), which all keys would share; make it "
                + "a struct")
    }
}

extension Frame {
    /// How many elements the running operator had taken before this slice.
    @usableFromInline var takenBefore: UInt32 {
        chain.map { $0.takeUnretainedValue().taken[operatorIndex] } ?? 0
    }
}
