import WeirBase

/// A pipeline after fusing and placing: stages, edges and parallelism, without anything that a run
/// adds.
///
/// A value without closures that anybody but the binding calls. The trace's header has its hash, by
/// which a replay knows whether the pipeline at hand is the recorded one; screens and reports name
/// the parts by it.
package struct Plan: Sendable {
    package let pipeline: String
    package let version: String
    package let stages: [StagePlan]
    package let edges: [EdgePlan]
    package let sources: [SourcePlan]
    package let sinks: [SinkPlan]
    package let cells: [String]
    package let invariants: [String]
    /// A hash over names, operators, edges, parallelism, capacities, policies and the number of key
    /// groups: whatever decides which notes a run makes, save the operators' code.
    package let hash: UInt64

    /// The subtasks in order of their numbers, each by its stage and its ordinal there.
    package var subtasks: [(stage: Int, ordinal: Int)] {
        stages.indices.flatMap { stage in
            (0..<stages[stage].width).map { (stage: stage, ordinal: $0) }
        }
    }
}

extension Plan {
    /// The channels a subtask reads, in order of its inlets.
    package func channelNames(into stage: Int, _ ordinal: Int) -> [String] {
        edges.filter { $0.to == stage }.flatMap { edge in
            (0..<stages[edge.from].width).filter { producer in
                edge.consumers(of: producer, width: stages[stage].width).contains(ordinal)
            }.map { channelName(edge, $0, ordinal) }
        }
    }

    /// The channels a subtask writes, in order of its outlets.
    package func channelNames(outOf stage: Int, _ ordinal: Int) -> [String] {
        edges.filter { $0.from == stage }.flatMap { edge in
            edge.consumers(of: ordinal, width: stages[edge.to].width)
                .map { channelName(edge, ordinal, $0) }
        }
    }

    /// What a channel is called: `parse/0>enrich/1`.
    func channelName(_ edge: EdgePlan, _ producer: Int, _ consumer: Int) -> String {
        "\(stages[edge.from].name)/\(producer)>\(stages[edge.to].name)/\(consumer)"
    }
}

extension EdgePlan {
    /// The subtasks that a producer's channels lead to, by ordinal: all for a keyed edge, else the
    /// one with the same ordinal or the only one. `width` is that of the reading stage.
    func consumers(of producer: Int, width: Int) -> Range<Int> {
        if isKeyed { return 0..<width }
        assert(
            width == 1 || producer < width,
            "subtask \(producer) has no reader of its ordinal among \(width)")
        return width == 1 ? 0..<1 : producer..<producer + 1
    }
}

/// A stage: operators fused into one chain between two exchanges.
package struct StagePlan: Sendable {
    package let name: String
    /// How many subtasks it has.
    package let width: Int
    package let operators: [String]
    /// The source it reads, an index into the plan's sources; nil where it reads channels.
    package let source: Int?
    /// The sink it writes, an index into the plan's sinks; nil where it writes channels.
    package let sink: Int?
}

/// An edge between two stages, by their indices in the plan.
package struct EdgePlan: @unchecked Sendable {
    // Unchecked: a key route is a closure over the user's `@Sendable` key function alone.

    package let from: Int
    package let to: Int
    package let isKeyed: Bool
    package let options: EdgeOptions
    /// Which output of which node of the upstream stage it reads.
    let port: StreamPort
    let exchange: Exchange

    init(from: Int, to: Int, options: EdgeOptions, port: StreamPort, exchange: Exchange) {
        self.from = from
        self.to = to
        self.options = options
        self.port = port
        self.exchange = exchange
        if case .keyed = exchange { isKeyed = true } else { isKeyed = false }
    }
}

/// A source of the plan.
package struct SourcePlan: Sendable {
    package let index: Int
    package let name: String
    package let readsBytes: Bool
}

/// A sink of the plan.
package struct SinkPlan: Sendable {
    package let index: Int
    package let name: String
}

/// Why a pipeline cannot be planned; a sentence that names what and how to mend it.
public struct PlanError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The parts of an execution, bound to one run; `Execution` is made of it.
package struct BoundPlan {
    package let subtasks: [Subtask]
    package let channels: [any AnyChannel]
    package let cells: [any AnyCell]
    let wideInvariants: [WideInvariant]
    let stateAtRest: StateAtRest
}
