import WeirBase
import WeirTelemetry

/// One output of one operator, while a pipeline is being built.
struct StreamPort: Hashable {
    var node: Int
    /// 0 is the main output; others are side outputs.
    var output: Int
}

/// How elements find a subtask of the stage that reads them.
enum Exchange {
    /// From each subtask to the one with the same ordinal, or from all to the only one.
    case forward
    /// By the hash of a key.
    case keyed(KeyRoute)
}

/// The hash that decides to which key group an element belongs. A class, so that an edge's closures
/// are not copied for each slice.
final class KeyRoute: Sendable {
    /// The type of the elements that it is for.
    let element: Any.Type
    let kernels: KeyKernels
    /// The key of the element at an address as text, for people.
    let describe: @Sendable (UnsafeRawPointer) -> String

    init<Element>(
        _ kernels: KeyKernels, describe: @escaping @Sendable (Element) -> String
    ) {
        element = Element.self
        self.kernels = kernels
        self.describe = { describe($0.assumingMemoryBound(to: Element.self).pointee) }
    }
}

/// What an exchange does with each element of a slice, without its type. Specialised where the user
/// wrote what gives the key, so that an element costs no call.
@usableFromInline
struct KeyKernels: Sendable {
    /// Fills in the hash of the canonical form of each element's key.
    @usableFromInline
    typealias Hashes =
        @Sendable (
            _ elements: UnsafeRawPointer, _ count: Int, _ hashes: UnsafeMutablePointer<UInt64>
        ) -> Void
    /// Moves each element to the place that stands beside it.
    @usableFromInline
    typealias Sort =
        @Sendable (
            _ elements: UnsafeMutableRawPointer, _ count: Int, _ indices: UnsafePointer<UInt64>,
            _ sorted: UnsafeMutableRawPointer
        ) -> Void

    let hashes: Hashes
    let sort: Sort

    @usableFromInline
    init(hashes: @escaping Hashes, sort: @escaping Sort) {
        (self.hashes, self.sort) = (hashes, sort)
    }
}

/// Size and policy of the edge into an operator. One that is not the standard one keeps the
/// operator from being fused with what it reads.
package struct EdgeOptions: Equatable, Sendable {
    package var bounds = ChannelBounds.standard
    package var policy = EdgePolicy.block

    package init(bounds: ChannelBounds = .standard, policy: EdgePolicy = .block) {
        self.bounds = bounds
        self.policy = policy
    }
}

/// How many subtasks an operator wants.
enum Width {
    /// One, whatever the pipeline's parallelism.
    case one
    /// As many as what it reads from; one where those differ.
    case inherited
    /// The pipeline's parallelism.
    case parallel
}

/// An operator as the user wrote it: a vertex of the graph that the planner cuts into stages. Made
/// by `Flow.add` while a pipeline is built, and constant afterwards.
final class Node {
    /// Its index among the flow's nodes. What a node reads was added before it, so that the order
    /// of indices is one in which every node comes behind its inputs.
    let id: Int
    /// The user's name; nil where none was given.
    let name: String?
    /// What kind of operator it is, for names and the plan's hash.
    let kind: String
    /// Its name in the plan: the user's, or kind and ordinal.
    var planName: String
    let inputs: [StreamPort]
    let exchange: Exchange
    let width: Width
    let edge: EdgeOptions
    /// Its outputs, each as what knows the elements' type; the main one first.
    let outputs: [any StreamForm]
    /// Makes the operator for one subtask; nil for sources.
    let makeLink: ((LinkContext) -> Link)?
    let role: NodeRole

    init(_ spec: NodeSpec, id: Int, planName: String) {
        self.id = id
        self.planName = planName
        name = spec.name
        kind = spec.kind
        inputs = spec.inputs
        exchange = spec.exchange
        width = spec.width
        edge = spec.edge
        outputs = spec.outputs
        makeLink = spec.makeLink
        role = spec.role
    }

    /// What it knows as a source; nil for others.
    var source: SourceSpec? { if case .source(let source) = role { source } else { nil } }
    /// What it knows as a sink; nil for others.
    var sink: SinkSpec? { if case .sink(let sink) = role { sink } else { nil } }
}

/// What a node does at the edge of the pipeline, which decides where its stage begins.
enum NodeRole {
    /// It takes elements and gives elements.
    case inner
    case source(SourceSpec)
    case sink(SinkSpec)
    /// It asks something outside for each element, and holds the element until it is answered.
    ///
    /// Such a node begins a stage, because a turn's look bounds the calls in flight by taking no
    /// more elements than there is room for, and counts only what the first operator is given.
    /// And what an operator before it in one chain emits at the end of input would become calls
    /// behind the end's watermark, which nobody waits for.
    case calling
}

/// What an operator says of itself when it is added to a flow. The defaults are those of an
/// operator that reads one stream in its own stage.
struct NodeSpec {
    var name: String?
    var kind: String
    var inputs: [StreamPort] = []
    var exchange = Exchange.forward
    var width = Width.inherited
    var edge = EdgeOptions()
    var outputs: [any StreamForm] = []
    var makeLink: ((LinkContext) -> Link)?
    var role = NodeRole.inner

    init(name: String?, kind: String) {
        self.name = name
        self.kind = kind
    }
}

/// What a node that is a source knows beyond other nodes.
struct SourceSpec {
    /// Whether it reads bytes; a generator otherwise.
    let readsBytes: Bool
    /// Where it reads unless told; nil where it must be told.
    let defaultSource: (any ByteSource)?
    /// Makes the driver of the source's one subtask.
    let makeDriver: (SourceContext) -> any SourceDriver
}

/// What a source's driver is made with, for one run.
struct SourceContext {
    let seed: UInt64
    /// Elements after which it ends; nil for none.
    let limit: UInt64?
    /// Elements a second; nil for as many as possible.
    let rate: Double?
    /// The run's start.
    let started: Instant
    /// Reads bytes; nil for a generator.
    let feed: (any InputFeed)?
}

/// What a node that is a sink knows beyond other nodes.
struct SinkSpec {
    let form: SinkForm

    init(_ form: SinkForm) { self.form = form }
}

/// What an operator is made with, for one subtask of one run.
struct LinkContext {
    let name: String
    let seed: UInt64
    let ordinal: Int
    let subtask: SubtaskIndex
    /// Where its side outputs go, as `Distributor`s; in order of outputs after the main one.
    let sides: [AnyObject]
    /// Where its rows go; only for sinks.
    let rows: RowOutlet?
    /// Takes its calls; only for operators that make some.
    let calls: any CallDesk
}

/// What knows the type of one output's elements, and makes what is made for that type: the plan
/// holds outputs of any type, and this is how it gets back to one.
protocol StreamForm: Sendable {
    /// Whether elements have a canonical form, as whatever crosses an exchange must.
    var isEncodable: Bool { get }
    var typeName: String { get }
    /// An edge for elements of this type.
    func makeEdge(
        _ maker: any EdgeMaker, _ name: String, _ options: EdgeOptions, outlet: ChannelIndex
    ) -> EdgeEnds
    /// What gives elements of this type to the edges that read them.
    func makeDistributor(_ edges: [EdgeOutlets]) -> any AnyDistributor
}

/// Gives the elements of one output to the edges that read it, without their type.
protocol AnyDistributor: AnyObject {
    /// Adds a control message to every outlet of every edge: all readers have to know.
    func pass(_ control: Control)
    /// What was given to it, and what came to the outlets of each edge; for the books.
    var outflow: Outflow { get }
    /// Elements that were given to it since the run's start. Set when a snapshot is restored.
    var given: UInt64 { get set }
    /// The link at a chain's end that gives its elements away. `sides` are the distributors of all
    /// side outputs in the chain, which get the same control messages.
    func makeLink(sides: [any AnyDistributor]) -> Link
}

/// The form of an output whose elements are of this type.
struct TypedForm<Element: Sendable>: StreamForm {
    var isEncodable: Bool { Element.self is any Encodable.Type }
    var typeName: String { "\(Element.self)" }

    func makeEdge(
        _ maker: any EdgeMaker, _ name: String, _ options: EdgeOptions, outlet: ChannelIndex
    ) -> EdgeEnds {
        maker.makeEdge(of: Element.self, named: name, options, outlet: outlet)
    }

    func makeDistributor(_ edges: [EdgeOutlets]) -> any AnyDistributor {
        Distributor<Element>(edges)
    }
}
