package import WeirBase
package import WeirTelemetry

/// What a run adds to a plan.
package struct BindOptions: Sendable {
    package var seed: UInt64
    package var limit: UInt64?
    /// Elements a second from each source; nil for as many as possible.
    package var rate: Double?
    package var logLevel = LogLevel.info
    /// What lies between the subtasks.
    package var edges: any EdgeMaker = ConcurrentEdges()

    package init(seed: UInt64) { self.seed = seed }
}

extension PlannedPipeline {
    /// Makes the subtasks, channels and cells of one run.
    package func bind(_ options: BindOptions, outside: any Outside) throws -> BoundPlan {
        var binder = Binder(planned: self, options: options, outside: outside)
        return try binder.bind()
    }
}

private struct Binder {
    let planned: PlannedPipeline
    let options: BindOptions
    let outside: any Outside
    var channels: [any AnyChannel] = []
    /// Per stage and subtask: inlets in order of edges and upstream subtasks.
    var inlets: [[[Inlet]]] = []
    /// Per stage and subtask: outlets, and the edges they belong to.
    var outlets: [[[any AnyOutlet]]] = []
    var edgeOutlets: [[[(port: StreamPort, edge: DistributorEdge)]]] = []

    init(planned: PlannedPipeline, options: BindOptions, outside: any Outside) {
        self.planned = planned
        self.options = options
        self.outside = outside
        inlets = planned.plan.stages.map { .init(repeating: [], count: $0.width) }
        outlets = inlets.map { $0.map { _ in [] } }
        edgeOutlets = inlets.map { $0.map { _ in [] } }
    }

    mutating func bind() throws -> BoundPlan {
        for edge in planned.plan.edges { connect(edge) }
        var subtasks: [Subtask] = []
        for (stage, members) in planned.members.enumerated() {
            for ordinal in 0..<planned.plan.stages[stage].width {
                subtasks.append(
                    try subtask(stage, ordinal, members, index: UInt16(subtasks.count)))
            }
        }
        for subtask in subtasks {
            for inlet in subtask.inlets { inlet.channel.consumer = subtask }
            for outlet in subtask.outlets { outlet.channel?.producer = subtask }
        }
        let cells = planned.cells.enumerated().map { $1.make(UInt16($0)) }
        return BoundPlan(
            subtasks: subtasks, channels: channels, cells: cells,
            wideInvariants: planned.wideInvariants,
            stateAtRest: StateAtRest(
                cells: cells, subtasks: subtasks, states: planned.keyedStates))
    }

    private mutating func connect(_ edge: EdgePlan) {
        let (from, to) = (planned.plan.stages[edge.from], planned.plan.stages[edge.to])
        guard let node = planned.members[edge.from].first(where: { $0.id == edge.port.node })
        else { preconditionFailure("edge from \(from.name) leaves from no operator of it") }
        let form = node.outputs[edge.port.output]
        for producer in 0..<from.width {
            var targets: [any AnyOutlet] = []
            for consumer in edge.consumers(of: producer, width: to.width) {
                let ends = form.makeEdge(
                    options.edges, planned.plan.channelName(edge, producer, consumer), edge.options,
                    outlet: UInt16(outlets[edge.from][producer].count))
                if case .keyed = edge.exchange, to.width > 1 { ends.channel.keys = KeySketch() }
                channels.append(ends.channel)
                inlets[edge.to][consumer].append(ends.inlet)
                outlets[edge.from][producer].append(ends.outlet)
                targets.append(ends.outlet)
            }
            edgeOutlets[edge.from][producer].append(
                (edge.port, DistributorEdge(exchange: edge.exchange, outlets: targets)))
        }
    }

    private mutating func subtask(
        _ stage: Int, _ ordinal: Int, _ members: [Node], index: UInt16
    ) throws -> Subtask {
        let plan = planned.plan.stages[stage]
        let frame = UnsafeMutablePointer<Frame>.allocate(capacity: 1)
        frame.initialize(to: Frame())
        frame.pointee.generator = SeededGenerator(seed: options.seed, stream: UInt64(index) + 1)
        frame.pointee.logLevel = options.logLevel
        frame.pointee.started = Instant(nanoseconds: outside.started)
        var rows: RowOutlet?
        if let sink = plan.sink {
            let outlet = RowOutlet(
                index: UInt16(outlets[stage][ordinal].count),
                sink: planned.plan.sinks[sink].name,
                feed: try outside.rows(of: planned.plan.sinks[sink]))
            outlets[stage][ordinal].append(outlet)
            rows = outlet
        }
        var links: [Link] = []
        var sides: [any AnyDistributor] = []
        for node in members {
            let nodeSides = node.outputs.indices.dropFirst().map { output in
                distributor(node, output, stage, ordinal)
            }
            sides.append(contentsOf: nodeSides)
            guard let make = node.makeLink else { continue }
            links.append(
                make(
                    LinkContext(
                        name: node.planName, seed: options.seed, ordinal: ordinal,
                        subtask: index, sides: nodeSides, rows: rows, calls: outside.calls)))
        }
        let last = members[members.count - 1]
        if !last.outputs.isEmpty {
            links.append(distributor(last, 0, stage, ordinal).makeLink(sides: sides))
        }
        return Subtask(
            index: index, stage: plan.name, ordinal: ordinal, inlets: inlets[stage][ordinal],
            outlets: outlets[stage][ordinal], chain: Chain(links: links, frame: frame),
            source: try source(plan, members[0]), sliceLimit: sliceLimit(members))
    }

    private func distributor(
        _ node: Node, _ output: Int, _ stage: Int, _ ordinal: Int
    ) -> any AnyDistributor {
        let port = StreamPort(node: node.id, output: output)
        let edges = edgeOutlets[stage][ordinal].filter { $0.port == port }.map(\.edge)
        return node.outputs[output].makeDistributor(edges)
    }

    private func source(
        _ plan: StagePlan, _ node: Node
    ) throws -> (name: String, driver: any SourceDriver)? {
        guard let spec = node.source, let source = plan.source else { return nil }
        let sourcePlan = planned.plan.sources[source]
        let driver = spec.makeDriver(
            SourceContext(
                seed: options.seed ^ StableHash.of(sourcePlan.name), limit: options.limit,
                rate: options.rate, started: Instant(nanoseconds: outside.started),
                feed: spec.readsBytes ? try outside.input(of: sourcePlan) : nil))
        return (sourcePlan.name, driver)
    }

    /// A stage in which more than one operator could touch a cell runs element by element, so
    /// that the order of accesses does not depend on how elements lie in slices.
    private func sliceLimit(_ members: [Node]) -> Int {
        planned.cells.isEmpty || members.filter { $0.makeLink != nil }.count < 2
            ? ElementSlice.capacity : 1
    }
}

extension StableHash {
    /// The hash of a text.
    package static func of(_ text: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(bytes: Array(text.utf8))
        return hash.value
    }
}
