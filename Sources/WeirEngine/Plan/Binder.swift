package import WeirBase
package import WeirTelemetry

/// What a run adds to a plan. A replay binds with the same, which the trace has, and with edges of
/// its own.
package struct BindOptions: Sendable {
    /// The seed of all random numbers of the run: each subtask and each source has a stream of its
    /// own.
    package var seed: UInt64
    /// Elements after which each source ends; nil for none.
    package var limit: UInt64?
    /// Elements a second from each source; nil for as many as possible.
    package var rate: Double?
    package var logLevel = LogLevel.info
    /// What digests are made of: a replay has the form of its trace.
    package var digests = DigestForm.current
    /// Makes what lies between the subtasks: the one thing in a bound plan that a run and a replay
    /// differ in.
    package var edges: any EdgeMaker = ConcurrentEdges()

    package init(seed: UInt64) { self.seed = seed }
}

extension PlannedPipeline {
    /// Makes the subtasks, channels and cells of one run. May be called any number of times; what
    /// it makes is shared with no other run.
    ///
    /// - Throws: what `outside` throws when a source or a sink is connected to nothing.
    package func bind(_ options: BindOptions, outside: any Outside) throws -> BoundPlan {
        var binder = Binder(planned: self, options: options, outside: outside)
        return try binder.bind()
    }
}

/// Binds a plan once: first every edge gets its channels, then every subtask its chain, in the
/// plan's order.
///
/// The order is part of the trace's form. Inlets, outlets, subtasks and channels are numbered as
/// they are made here, and notes name them by these numbers.
private struct Binder {
    let planned: PlannedPipeline
    let options: BindOptions
    let outside: any Outside
    var channels: [any AnyChannel] = []
    /// The inlets made so far, by stage and subtask, in order of edges and upstream subtasks.
    var inlets: [[[Inlet]]] = []
    /// The outlets made so far, by stage and subtask, in order of edges and downstream subtasks.
    var outlets: [[[any AnyOutlet]]] = []
    /// The same outlets by the edge that they belong to and the output that it reads.
    var edgeOutlets: [[[(port: StreamPort, edge: EdgeOutlets)]]] = []

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
            assert(
                planned.plan.stages[stage].operators.count == members.count,
                "\(planned.plan.stages[stage].name) is bound with \(members.count) operators, and "
                    + "other ones were planned")
            for ordinal in 0..<planned.plan.stages[stage].width {
                subtasks.append(
                    try subtask(stage, ordinal, members, index: SubtaskIndex(subtasks.count)))
            }
        }
        // Now that both ends exist, each channel learns whom to notify.
        for subtask in subtasks {
            assert(!subtask.chain.links.isEmpty, "nothing takes the elements of \(subtask.name)")
            assert(
                subtask.outlets.enumerated().allSatisfy { $1.index.offset == $0 },
                "the outlets of \(subtask.name), which notes name by number, are misnumbered")
            for inlet in subtask.inlets { inlet.channel.consumer = subtask }
            for outlet in subtask.outlets { outlet.channel?.producer = subtask }
        }
        assert(
            channels.allSatisfy { $0.producer != nil && $0.consumer != nil },
            "a channel was bound without one of its ends")
        assert(
            subtasks.enumerated().allSatisfy { $1.index.offset == $0 }, "subtasks are misnumbered")
        assert(
            subtasks.count == planned.plan.stages.reduce(0) { $0 + $1.width },
            "\(subtasks.count) subtasks were bound, as many as no plan of these stages has")
        let cells = planned.cells.enumerated().map {
            $1.make(CellIndex($0), options.digests)
        }
        assert(cells.enumerated().allSatisfy { $1.index.offset == $0 }, "cells are misnumbered")
        return BoundPlan(
            subtasks: subtasks, channels: channels, cells: cells,
            wideInvariants: planned.wideInvariants,
            stateAtRest: StateAtRest(
                cells: cells, subtasks: subtasks, states: planned.keyedStates))
    }

    /// Makes the channels of an edge, one for each pair of subtasks that it joins, so that each has
    /// one producer and one consumer.
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
                    outlet: ChannelIndex(outlets[edge.from][producer].count))
                // Only where keys are dealt out to several subtasks can one of them get too many.
                if case .keyed = edge.exchange, to.width > 1 { ends.channel.keys = KeySketch() }
                channels.append(ends.channel)
                inlets[edge.to][consumer].append(ends.inlet)
                outlets[edge.from][producer].append(ends.outlet)
                targets.append(ends.outlet)
            }
            edgeOutlets[edge.from][producer].append(
                (edge.port, EdgeOutlets(targets, edge.exchange)))
        }
    }

    /// Makes one subtask: its frame, its outlets, a link for each operator, and the link that gives
    /// elements to the outlets.
    private mutating func subtask(
        _ stage: Int, _ ordinal: Int, _ members: [Node], index: SubtaskIndex
    ) throws -> Subtask {
        let plan = planned.plan.stages[stage]
        let frame = UnsafeMutablePointer<Frame>.allocate(capacity: 1)
        frame.initialize(to: Frame())
        // A stream for each subtask, so that no subtask's numbers depend on how many another one
        // drew.
        frame.pointee.generator = SeededGenerator(
            seed: options.seed, stream: UInt64(index.rawValue) + 1)
        frame.pointee.logLevel = options.logLevel
        frame.pointee.started = outside.started
        let rows = try rowOutlet(of: plan, members, stage, ordinal)
        if let rows { outlets[stage][ordinal].append(rows) }
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
            source: try source(plan, members[0]), sliceLimit: sliceLimit(members),
            digests: options.digests)
    }

    /// The outlet of a sink's subtask; nil for any other.
    private func rowOutlet(
        of plan: StagePlan, _ members: [Node], _ stage: Int, _ ordinal: Int
    ) throws -> RowOutlet? {
        guard let sink = plan.sink.map({ planned.plan.sinks[$0] }) else { return nil }
        let isTally = members[members.count - 1].sink?.form.isTally ?? false
        return RowOutlet(
            index: ChannelIndex(outlets[stage][ordinal].count), sink: sink.name,
            feed: isTally ? TallyFeed() : try outside.rows(of: sink), isTally: isTally)
    }

    /// What gives the elements of one output to the edges that read it, in this subtask.
    private func distributor(
        _ node: Node, _ output: Int, _ stage: Int, _ ordinal: Int
    ) -> any AnyDistributor {
        let port = StreamPort(node: node.id, output: output)
        let edges = edgeOutlets[stage][ordinal].filter { $0.port == port }.map(\.edge)
        assert(
            edges.allSatisfy { !$0.outlets.isEmpty },
            "output \(output) of \(node.planName) is read by an edge that leads nowhere")
        return node.outputs[output].makeDistributor(edges)
    }

    /// The driver of the stage's source; nil where it reads none.
    private func source(
        _ plan: StagePlan, _ node: Node
    ) throws -> (name: String, driver: any SourceDriver)? {
        assert(
            (node.source == nil) == (plan.source == nil),
            "\(node.planName) and its stage \(plan.name) do not agree on what is read there")
        guard let spec = node.source, let source = plan.source else { return nil }
        let sourcePlan = planned.plan.sources[source]
        let driver = spec.makeDriver(
            SourceContext(
                // By its name, so that two generators of one pipeline differ, and another source
                // added before this one changes nothing.
                seed: options.seed ^ StableHash.of(sourcePlan.name), limit: options.limit,
                rate: options.rate, started: outside.started,
                feed: spec.readsBytes ? try outside.input(of: sourcePlan) : nil))
        return (sourcePlan.name, driver)
    }

    /// The maximum number of elements in a slice of a stage. A stage in which more than one
    /// operator could touch a cell runs element by element, so that the order of accesses does not
    /// depend on how elements lie in slices.
    private func sliceLimit(_ members: [Node]) -> Int {
        planned.cells.isEmpty || members.filter { $0.makeLink != nil }.count < 2
            ? ElementSlice.capacity : 1
    }
}

extension StableHash {
    /// The hash of a text, the same in every process and build.
    package static func of(_ text: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(bytes: Array(text.utf8))
        return hash.value
    }
}
