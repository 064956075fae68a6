import WeirBase

/// Fuses the operators of a flow into stages and joins them by edges.
///
/// An operator is fused with the one it reads when it reads only that one, by no key, with the same
/// parallelism, over a standard edge, and is its only reader. Fused operators cost no channel
/// between them. Sources begin a stage, and so do operators that make calls (`NodeRole` says why);
/// a sink that writes is a stage of its own, so that encoding and waiting for the writer show as
/// what they are.
///
/// Pure: the same flow gives the same plan, with everything in order of the nodes. `Pipeline.plan`
/// uses it once, on the caller's thread.
struct Planner {
    private let nodes: [Node]
    private let pipeline: Pipeline
    private let flow: Flow
    private let parallelism: Int

    init(_ flow: Flow, _ pipeline: Pipeline, parallelism: Int) {
        self.flow = flow
        self.pipeline = pipeline
        nodes = flow.nodes
        self.parallelism = parallelism
    }

    /// Checks the flow and plans it.
    ///
    /// - Throws: `PlanError` with a sentence that names what cannot be planned and how to mend it.
    func plan() throws(PlanError) -> PlannedPipeline {
        try check()
        let widths = self.widths()
        let readers = self.readers()
        var stageOf = [Int](repeating: -1, count: nodes.count)
        var members: [[Node]] = []
        // In order of the nodes: what a node reads has its stage already.
        for node in nodes {
            if let upstream = fused(node, widths, readers) {
                stageOf[node.id] = stageOf[upstream]
                members[stageOf[upstream]].append(node)
            } else {
                stageOf[node.id] = members.count
                members.append([node])
            }
        }
        assert(stageOf.allSatisfy { $0 >= 0 }, "an operator is in no stage")
        assert(members.allSatisfy { $0.dropFirst().allSatisfy { $0.source == nil } })
        let edges = try self.edges(stageOf, members)
        assert(edges.allSatisfy { $0.from < $0.to }, "a stage reads one that stands behind it")
        try checkSizes(members, edges, widths)
        let names = stageNames(members)
        var sources: [SourcePlan] = []
        var sinks: [SinkPlan] = []
        var stages: [StagePlan] = []
        for (stage, operators) in members.enumerated() {
            var source: Int?
            var sink: Int?
            if let spec = operators[0].source {
                source = sources.count
                sources.append(
                    SourcePlan(
                        index: sources.count, name: operators[0].planName,
                        readsBytes: spec.readsBytes))
            }
            if operators[operators.count - 1].sink != nil {
                sink = sinks.count
                sinks.append(
                    SinkPlan(index: sinks.count, name: operators[operators.count - 1].planName))
            }
            stages.append(
                StagePlan(
                    name: names[stage], width: widths[operators[0].id],
                    operators: operators.map(\.planName), source: source, sink: sink))
        }
        let plan = Plan(
            pipeline: pipeline.name, version: pipeline.version, stages: stages, edges: edges,
            sources: sources, sinks: sinks, cells: flow.cells.map(\.name),
            invariants: flow.invariantNames, hash: hash(stages, edges, members))
        return PlannedPipeline(
            plan: plan, members: members, cells: flow.cells, wideInvariants: flow.wideInvariants,
            keyedStates: flow.keyedStates.count)
    }

    /// Names are plain and unique, each keyed state has one operator, and something is read.
    private func check() throws(PlanError) {
        var names: Set<String> = []
        try checkName(pipeline.name)
        // Operators and cells together: a debugger names both in one language.
        for name in nodes.map(\.planName) + flow.cells.map(\.name) {
            try checkName(name)
            guard names.insert(name).inserted else {
                throw PlanError(
                    "two parts of pipeline \(pipeline.name) are called \(name); "
                        + "give one of them another name")
            }
        }
        for state in flow.keyedStates where state.operators.count != 1 {
            throw PlanError(
                state.operators.isEmpty
                    ? "pipeline \(pipeline.name) makes a keyed state that no operator has; "
                        + "give it to a process as state, or take it out"
                    : "\(state.operators.joined(separator: " and ")) have one keyed state; "
                        + "make one for each")
        }
        guard nodes.contains(where: { $0.source != nil }) else {
            throw PlanError("pipeline \(pipeline.name) reads nothing; begin with flow.read")
        }
    }

    /// Names stand in commands, in file names and between the marks of channel names, so that only
    /// plain characters are allowed.
    private func checkName(_ name: String) throws(PlanError) {
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
                || "-_.".unicodeScalars.contains($0)
        }
        guard !name.isEmpty, name.count <= 40, isPlain else {
            throw PlanError(
                "\(PrintableText.escaped(name)) cannot be a name; "
                    + "use 1 to 40 letters, digits, '-', '_' and '.'")
        }
    }

    /// Refuses what notes cannot number: parts have 16 bits, and a turn's end has one count for
    /// each outlet.
    private func checkSizes(
        _ members: [[Node]], _ edges: [EdgePlan], _ widths: [Int]
    ) throws(PlanError) {
        let subtasks = members.reduce(0) { $0 + widths[$1[0].id] }
        guard subtasks <= Int(UInt16.max), flow.cells.count <= Int(UInt16.max) else {
            throw PlanError("pipeline \(pipeline.name) has more parts than a trace can number")
        }
        for (stage, operators) in members.enumerated() {
            let outlets = edges.filter { $0.from == stage }
                .reduce(0) { $0 + (widths[members[$1.to][0].id]) }
            guard outlets <= EngineBounds.maximumOutlets else {
                throw PlanError(
                    "\(operators[operators.count - 1].planName) would write \(outlets) channels, "
                        + "at most \(EngineBounds.maximumOutlets); lower the parallelism, or read "
                        + "its stream fewer times")
            }
        }
    }

    /// How many subtasks each node has, by the node's index.
    private func widths() -> [Int] {
        var widths = [Int](repeating: 1, count: nodes.count)
        for node in nodes {
            switch node.width {
            case .one: widths[node.id] = 1
            case .parallel: widths[node.id] = parallelism
            // Of inputs with several widths none can be forwarded subtask to subtask, so that one
            // subtask reads all.
            case .inherited:
                // Inputs come before their readers, so that their widths are known.
                let upstream = Set(node.inputs.map { widths[$0.node] })
                widths[node.id] = upstream.count == 1 ? upstream.first ?? 1 : 1
            }
            assert(
                1...KeyGroups.count ~= widths[node.id],
                "\(node.planName) would have \(widths[node.id]) subtasks")
        }
        return widths
    }

    /// How many inputs read each output.
    private func readers() -> [StreamPort: Int] {
        var readers: [StreamPort: Int] = [:]
        for node in nodes {
            for input in node.inputs { readers[input, default: 0] += 1 }
        }
        return readers
    }

    /// The node that a node is fused with; nil where it begins a stage.
    private func fused(
        _ node: Node, _ widths: [Int], _ readers: [StreamPort: Int]
    ) -> Int? {
        switch node.role {
        case .inner: break
        // A sink that writes nothing waits for nobody.
        case .sink(let sink) where sink.form.isTally: break
        case .source, .sink, .calling: return nil
        }
        // An edge of another size or policy is one that somebody wants to exist.
        guard node.inputs.count == 1, node.edge == EdgeOptions() else { return nil }
        let input = node.inputs[0]
        // A side output has channels of its own, and so has an output with several readers.
        guard case .forward = node.exchange, input.output == 0, readers[input] == 1,
            widths[input.node] == widths[node.id]
        else { return nil }
        return input.node
    }

    /// The edges of the stages, in order of the reading stages. Only the first node of a stage
    /// reads anything from outside of it. What crosses must have a canonical form, or digests would
    /// not cover what is on its way.
    private func edges(
        _ stageOf: [Int], _ members: [[Node]]
    ) throws(PlanError) -> [EdgePlan] {
        var edges: [EdgePlan] = []
        for (stage, operators) in members.enumerated() {
            let node = operators[0]
            for input in node.inputs {
                let form = nodes[input.node].outputs[input.output]
                guard form.isEncodable else {
                    throw PlanError(
                        "the stream of \(nodes[input.node].planName) crosses to \(node.planName), "
                            + "so its type \(form.typeName) must be Codable; make it so, "
                            + "or map to one that is")
                }
                edges.append(
                    EdgePlan(
                        from: stageOf[input.node], to: stage, options: node.edge, port: input,
                        exchange: node.exchange))
            }
        }
        return edges
    }

    /// A stage is called by its last operator that the user named.
    private func stageNames(_ members: [[Node]]) -> [String] {
        members.map { operators in
            operators.last { $0.name != nil }?.planName ?? operators[operators.count - 1].planName
        }
    }

    /// The plan's hash, over a text in a fixed form. Traces have it, so that the form must not
    /// change.
    private func hash(_ stages: [StagePlan], _ edges: [EdgePlan], _ members: [[Node]]) -> UInt64 {
        var text = "\(pipeline.name)\n\(pipeline.version)\n\(KeyGroups.count)\n"
        for (stage, operators) in zip(stages, members) {
            text += "stage \(stage.name) \(stage.width)\n"
            for node in operators { text += " \(node.kind) \(node.planName)\n" }
        }
        for edge in edges {
            let bounds = edge.options.bounds
            text += "edge \(edge.from) \(edge.to) \(edge.isKeyed) \(edge.port.node) "
            text += "\(edge.port.output) \(bounds.messages) \(bounds.bytes) "
            text += "\(edge.options.policy.rawValue)\n"
        }
        for cell in flow.cells { text += "cell \(cell.name)\n" }
        for invariant in flow.invariantNames { text += "invariant \(invariant)\n" }
        var hash = StableHash()
        hash.combine(bytes: Array(text.utf8))
        return hash.value
    }
}

/// A plan with the operators that make it runnable. Immutable; bound anew for each run and each
/// replay.
package final class PlannedPipeline: @unchecked Sendable {
    // Unchecked: immutable; the closures inside capture only `@Sendable` functions and values.

    package let plan: Plan
    /// The nodes of each stage, in the order of its chain.
    let members: [[Node]]
    let cells: [CellSpec]
    let wideInvariants: [WideInvariant]
    /// How many keyed states were made while the pipeline was built; conditions name them by
    /// number.
    let keyedStates: Int

    init(
        plan: Plan, members: [[Node]], cells: [CellSpec], wideInvariants: [WideInvariant],
        keyedStates: Int
    ) {
        assert(
            plan.stages.count == members.count,
            "\(plan.stages.count) stages are planned and \(members.count) can be bound")
        self.keyedStates = keyedStates
        self.wideInvariants = wideInvariants
        self.plan = plan
        self.members = members
        self.cells = cells
    }

    /// The connector that a source reads unless told otherwise, by the source's index in the plan.
    package func defaultSource(of source: Int) -> (any ByteSource)? {
        members.lazy.compactMap { $0[0].source }.dropFirst(source).first?.defaultSource
    }

    /// The connector that a sink writes unless told otherwise, by the sink's index in the plan.
    package func defaultSink(of sink: Int) -> (any RowSink)? {
        members.lazy.compactMap { $0[$0.count - 1].sink }.dropFirst(sink).first?.form.defaultSink
    }

    /// Whether a sink counts its rows and writes none, by the sink's index in the plan.
    package func countsRows(of sink: Int) -> Bool {
        members.lazy.compactMap { $0[$0.count - 1].sink }.dropFirst(sink).first?.form.isTally
            ?? false
    }
}
