@testable import WeirEngine

// An operator with its closures, as the public methods put them together.

extension KeyedProcess {
    convenience init(
        name: String, initial: State,
        onTimer: (@Sendable (Key, inout State, inout OperatorContext<Output>) throws -> Void)?,
        spec: KeyedStateSpec<Key, State>? = nil, limits: TimerLimits = .standard
    ) {
        self.init(
            name: name, initial: initial, spec: spec, limits: limits,
            timerKernels: KeyedCore<Key, State, Output>.timerKernels(onTimer))
    }

    func link<Element>(
        key: @escaping @Sendable (Element) -> Key,
        body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> Link {
        link(KeyedCore<Key, State, Output>.kernel(of: Element.self, key: key, body))
    }
}

extension TumblingWindow {
    func link(
        key: @escaping @Sendable (Element) -> Key,
        add: @escaping @Sendable (inout Value, Element) throws -> Void
    ) -> Link {
        link(WindowCore<Key, Element, Value>.kernel(key: key, add))
    }
}

extension SubtaskProcess {
    func link<Element>(
        body:
            @escaping @Sendable (
                consuming Element, inout State, inout OperatorContext<Output>
            ) throws -> Void
    ) -> Link {
        link(SubtaskCore<State, Output>.kernel(of: Element.self, body))
    }
}
