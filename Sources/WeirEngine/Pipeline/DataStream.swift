/// A typed edge of a pipeline while it is being built.
///
/// It is not a thing that runs: each method adds an operator to the flow and returns its output.
/// Reading a stream twice gives each reader every element. Closures run on workers' threads, one
/// element at a time, and must depend on nothing but their arguments, state, `context` and cells.
public struct DataStream<Element: Sendable> {
    let flow: Flow
    /// The outputs that it consists of: one, or several after `union`.
    let ports: [StreamPort]
    /// Size and policy of the edge by which the next operator reads it.
    let edge: EdgeOptions

    init(_ flow: Flow, _ port: StreamPort) {
        self.flow = flow
        ports = [port]
        edge = EdgeOptions()
    }

    private init(_ flow: Flow, _ ports: [StreamPort], _ edge: EdgeOptions) {
        self.flow = flow
        self.ports = ports
        self.edge = edge
    }

    /// This stream and others as one; each keeps its own order, between them there is none.
    public func union(_ others: DataStream<Element>...) -> DataStream<Element> {
        DataStream(flow, ports + others.flatMap(\.ports), edge)
    }

    /// The same stream over an edge of another size or policy: where it differs from the standard,
    /// its reader is another stage.
    package func over(_ edge: EdgeOptions) -> DataStream<Element> {
        DataStream(flow, ports, edge)
    }

    /// Elements in order of arrival per key: all with one key come to one subtask.
    ///
    /// Elements cross to another stage, so `Element` must be `Codable`; planning says so otherwise.
    @inlinable
    public func keyed<Key: Hashable & Codable & Sendable>(
        by key: @escaping @Sendable (Element) -> Key
    ) -> KeyedStream<Key, Element> {
        let kernels = KeyKernels(
            hashes: { elements, count, hashes in
                let elements = elements.assumingMemoryBound(to: Element.self)
                var index = 0
                while index < count {
                    hashes[index] = Canonical.hash(key(elements[index]))
                    index += 1
                }
            },
            sort: { elements, count, indices, sorted in
                let elements = elements.assumingMemoryBound(to: Element.self)
                let sorted = sorted.assumingMemoryBound(to: Element.self)
                var index = 0
                while index < count {
                    (sorted + Int(truncatingIfNeeded: indices[index]))
                        .moveInitialize(from: elements + index, count: 1)
                    index += 1
                }
            })
        return KeyedStream(stream: self, key: key, kernels: kernels)
    }

    /// Adds an operator that reads this stream; gives its main output. `makeLink` is called once
    /// for each subtask when a run is bound, and must make state anew each time.
    func adding<Output: Sendable>(
        _ name: String?, _ kind: String, to output: Output.Type, role: NodeRole = .inner,
        _ makeLink: @escaping (LinkContext) -> Link
    ) -> DataStream<Output> {
        var spec = NodeSpec(name: name, kind: kind)
        spec.role = role
        spec.inputs = ports
        spec.edge = edge
        spec.outputs = [TypedForm<Output>()]
        spec.makeLink = makeLink
        let node = flow.add(spec)
        return DataStream<Output>(flow, StreamPort(node: node.id, output: 0))
    }

    /// Adds an operator without state whose kernel was made at the user's call site. The kernel is
    /// shared by all subtasks; the room that it works in is not.
    @usableFromInline
    func addingKernel<Output: Sendable>(
        _ name: String?, _ kind: String, to output: Output.Type,
        account: Link.Account = .oneOfOne, _ kernel: @escaping Kernel
    ) -> DataStream<Output> {
        adding(name, kind, to: output) { context in
            // Used where an output does not fit in its input's slot.
            Link(
                name: context.name, room: SliceRoom<Output>(), account: account, kernel: kernel)
        }
    }

    /// Adds an operator without state whose kernel was made at the user's call site and gives what
    /// it makes to an output buffer, which is its room.
    @usableFromInline
    func addingEmitter<Output: Sendable>(
        _ name: String?, _ kind: String, to output: Output.Type, _ kernel: @escaping Kernel
    ) -> DataStream<Output> {
        adding(name, kind, to: output) { context in
            let room = OutputRoom<Output>()
            return Link(
                name: context.name, room: UnsafeMutableRawPointer(room.buffer), owner: room,
                state: nil, kernel: kernel)
        }
    }
}

/// A stream whose elements come to subtasks by key: all elements of one key to the same subtask, in
/// order of arrival.
@frozen
public struct KeyedStream<Key: Hashable & Codable & Sendable, Element: Sendable> {
    @usableFromInline let stream: DataStream<Element>
    @usableFromInline let key: @Sendable (Element) -> Key
    @usableFromInline let kernels: KeyKernels

    @inlinable
    init(
        stream: DataStream<Element>, key: @escaping @Sendable (Element) -> Key,
        kernels: KeyKernels
    ) {
        (self.stream, self.key, self.kernels) = (stream, key, kernels)
    }

    /// Adds an operator without state whose kernel was made at the user's call site.
    @usableFromInline
    func addingKernel<Output: Sendable>(
        _ name: String?, _ kind: String, to output: Output.Type, _ kernel: @escaping Kernel
    ) -> DataStream<Output> {
        let node = adding(name, kind, outputs: [TypedForm<Output>()], to: output) { context in
            Link(
                name: context.name, room: SliceRoom<Output>(), account: .oneOfOne, kernel: kernel)
        }
        return DataStream(stream.flow, StreamPort(node: node.id, output: 0))
    }

    func adding<Output: Sendable>(
        _ name: String?, _ kind: String, outputs: [any StreamForm], to output: Output.Type,
        _ makeLink: @escaping (LinkContext) -> Link
    ) -> Node {
        var spec = NodeSpec(name: name, kind: kind)
        spec.inputs = stream.ports
        spec.edge = stream.edge
        let key = key
        spec.exchange = .keyed(
            KeyRoute(kernels) { (element: Element) in "\(key(element))" })
        spec.width = .parallel
        spec.outputs = outputs
        spec.makeLink = makeLink
        return stream.flow.add(spec)
    }
}
