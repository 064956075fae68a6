public import WeirBase
import WeirTelemetry

/// A named pipeline: what it reads, what it does, where it writes. A value; `run` makes it go.
///
///     let pipeline = Pipeline("lengths") { flow in
///         flow.read("lines", from: .lines())
///             .map("length") { $0.utf8.count }
///             .write("lengths") { "\($0)" }
///     }
public struct Pipeline: Sendable {
    /// Its name on the command line, the screens and in traces.
    public let name: String
    /// The author's version; a replay asks for the same.
    public let version: String
    /// One line for `weir list`.
    public let summary: String
    /// How many subtasks a keyed stage has unless the run says otherwise.
    public let parallelism: Int
    /// What `--set` may change, with defaults.
    public let parameters: [Parameter]
    /// Elements from each source after which it ends unless the run says otherwise; 0 for none.
    public let defaultLimit: UInt64
    /// Elements a second from each source unless the run says otherwise; nil for no pace.
    public let defaultRate: Double?
    private let build: @Sendable (Flow) throws -> Void

    /// A pipeline that `build` puts together.
    ///
    /// `build` runs once for each run and each listing, on one thread; it only describes and must
    /// not read or write anything. It may throw to refuse a parameter's value.
    public init(
        _ name: String, version: String = "1", summary: String = "", parallelism: Int = 2,
        parameters: [Parameter] = [], defaultLimit: UInt64 = 0, defaultRate: Double? = nil,
        _ build: @escaping @Sendable (Flow) throws -> Void
    ) {
        self.name = name
        self.version = version
        self.summary = summary
        self.parallelism = parallelism
        self.parameters = parameters
        self.defaultLimit = defaultLimit
        self.defaultRate = defaultRate
        self.build = build
    }

    /// The plan for these settings. Calls the build closure, once.
    ///
    /// - Throws: `PlanError` with a sentence; whatever the build closure throws.
    package func plan(
        settings: [String: String] = [:], parallelism: Int? = nil, seed: UInt64 = 0,
        started: Instant = Instant(nanoseconds: 0)
    ) throws -> PlannedPipeline {
        // Sorted, so that of several unknown names always the same one is named.
        for name in settings.keys.sorted() where !parameters.contains(where: { $0.name == name }) {
            throw PlanError("pipeline \(self.name) has no parameter \(PrintableText.escaped(name))")
        }
        let flow = Flow(self, settings: settings, seed: seed, started: started)
        try build(flow)
        // A closure that refused may have gone on; the refusal counts.
        if let problem = flow.problem { throw problem }
        let width = parallelism ?? self.parallelism
        guard (1...KeyGroups.count).contains(width) else {
            throw PlanError("parallelism \(width) must lie between 1 and \(KeyGroups.count)")
        }
        return try Planner(flow, self, parallelism: width).plan()
    }
}

/// Something a pipeline lets `--set NAME=VALUE` change.
public struct Parameter: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The value unless it is set.
    public let defaultValue: String
    /// One line for `weir list`.
    public let summary: String

    /// A parameter with its default.
    public init(_ name: String, default defaultValue: String, _ summary: String = "") {
        self.name = name
        self.defaultValue = defaultValue
        self.summary = summary
    }
}

/// What a pipeline's build closure puts together: operators, cells, keyed states and conditions,
/// each numbered in the order in which it was added.
///
/// One thread, and only while the closure runs. The numbers are the plan's and so the trace's: a
/// build closure must add the same things in the same order for the same settings.
public final class Flow {
    private(set) var nodes: [Node] = []
    private(set) var cells: [CellSpec] = []
    private(set) var invariantNames: [String] = []
    var keyedStates: [any AnyKeyedStateSpec] = []
    var wideInvariants: [WideInvariant] = []
    /// The first refusal; planning fails with it.
    private(set) var problem: PlanError?
    /// How many operators of each kind there are, for the names of those without one.
    private var kinds: [String: Int] = [:]
    private let pipeline: Pipeline
    private let settings: [String: String]
    /// The run's seed, for generators that take one.
    public let seed: UInt64
    /// When the run started, in whole microseconds; a replay gives the recorded start.
    public let started: Instant

    init(_ pipeline: Pipeline, settings: [String: String], seed: UInt64, started: Instant) {
        self.started = started
        self.pipeline = pipeline
        self.settings = settings
        self.seed = seed
    }

    /// The value of a parameter that the pipeline declares; naming another one traps.
    public func parameter(_ name: String) -> String {
        guard let parameter = pipeline.parameters.first(where: { $0.name == name }) else {
            preconditionFailure("pipeline \(pipeline.name) declares no parameter \(name)")
        }
        return settings[name] ?? parameter.defaultValue
    }

    /// Refuses the settings: planning fails with this sentence.
    public func refuse(_ sentence: String) {
        if problem == nil { problem = PlanError(sentence) }
    }

    /// Adds an operator. Without a name of its own it is called by its kind and ordinal, such as
    /// `map2`.
    func add(_ spec: NodeSpec) -> Node {
        let count = (kinds[spec.kind] ?? 0) + 1
        kinds[spec.kind] = count
        let node = Node(spec, id: nodes.count, planName: spec.name ?? "\(spec.kind)\(count)")
        nodes.append(node)
        return node
    }

    /// State shared between subtasks, which begins with `initial` in each run. Its name is unique
    /// among the pipeline's cells and operators.
    public func sharedCell<Value: Codable & Sendable>(
        _ name: String, initial: Value
    ) -> SharedCell<Value> {
        let cell = SharedCell<Value>(name: name, index: cells.count)
        cells.append(CellSpec(TypedCellSpec(name: name, initial: initial)))
        return cell
    }

    /// A condition that must hold after every access to a cell.
    ///
    /// Checked inside the cell's lock, at each access; found where it *begins* not to hold.
    public func invariant<Value>(
        _ name: String, on cell: SharedCell<Value>, _ holds: @escaping @Sendable (Value) -> Bool
    ) {
        guard let spec = cells[cell.index].typed as? TypedCellSpec<Value> else {
            preconditionFailure("cell \(cell.name) belongs to another pipeline")
        }
        spec.invariants.append(CellInvariant(name: name, holds: holds))
        invariantNames.append(name)
    }

    func noteInvariant(_ name: String) { invariantNames.append(name) }
}

/// A cell of a plan, without its type.
final class CellSpec {
    let typed: any AnyCellSpec
    var name: String { typed.name }

    init(_ typed: any AnyCellSpec) { self.typed = typed }

    /// The cell of one run, with its initial value.
    func make(_ index: CellIndex, _ digests: DigestForm) -> any AnyCell {
        typed.make(index, digests)
    }
}

/// What makes the cells of one type.
protocol AnyCellSpec: AnyObject {
    var name: String { get }
    func make(_ index: CellIndex, _ digests: DigestForm) -> any AnyCell
}

final class TypedCellSpec<Value: Codable & Sendable>: AnyCellSpec {
    let name: String
    private let initial: Value
    var invariants: [CellInvariant<Value>] = []

    init(name: String, initial: Value) {
        self.name = name
        self.initial = initial
    }

    func make(_ index: CellIndex, _ digests: DigestForm) -> any AnyCell {
        CellStorage(
            index: index, name: name, value: initial, invariants: invariants, digests: digests)
    }
}
