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
    /// By the hash of a key. The value is a `KeyRoute` of the stream's element type, without that
    /// type, since a plan has edges of many.
    case keyed(Any)
}

/// The hash that decides to which key group an element belongs.
struct KeyRoute<Element> {
    /// Fills in the hashes of the keys of a slice's elements.
    let hashes: KeyHashes
    /// The element's key as text, for people.
    let describe: (Element) -> String
}

/// Fills in the hash of the canonical form of each element's key. Specialised where the user wrote
/// what gives the key, so that an element costs no call.
@usableFromInline
typealias KeyHashes =
    @Sendable (
        _ elements: UnsafeRawPointer, _ count: Int, _ hashes: UnsafeMutablePointer<UInt64>
    ) -> Void

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
    func makeDistributor(_ edges: [DistributorEdge]) -> any AnyDistributor
}

/// An edge's outlets in one subtask, by the downstream subtask, and how one of them is chosen.
struct DistributorEdge {
    let exchange: Exchange
    let outlets: [any AnyOutlet]
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

    func makeDistributor(_ edges: [DistributorEdge]) -> any AnyDistributor {
        Distributor<Element>(edges)
    }
}

/// Key groups: a key's hash chooses one of 128, and the groups are dealt out to the subtasks in
/// stretches.
///
/// Which keys go together so does not depend on the parallelism. The number of groups is part of
/// the plan's hash, and the maximum parallelism.
enum KeyGroups {
    static let count = 128

    /// The upper seven bits are the group; the lower ones place the key in its table, which would
    /// be filled unevenly by keys that agree in them.
    static func subtask(of hash: UInt64, among width: Int) -> Int {
        assert(1...count ~= width, "\(width) subtasks for \(count) key groups")
        let subtask = Int(hash >> 57) * width / count
        assert(subtask < width, "a key goes to subtask \(subtask) of \(width)")
        return subtask
    }
}

/// Gives the elements of one output to the edges that read it, in one subtask.
///
/// Every edge gets every element; within an edge the key, or the subtask's ordinal, chooses the
/// outlet. Only the subtask's thread uses it, in a turn.
final class Distributor<Element>: AnyDistributor {
    private struct Edge {
        let route: KeyRoute<Element>?
        let outlets: [ChannelOutlet<Element>]
    }
    private let edges: [Edge]
    /// Room for the hashes of a slice's keys, and for its elements by the outlet that each goes to;
    /// empty between calls.
    private let hashes = SliceRoom<UInt64>()
    private let sorted = SliceRoom<Element>()
    private let sortedTimes = SliceRoom<Int64>()
    private let copies = SliceRoom<Element>()
    /// Elements until the next one whose key is looked at; for measuring only, and in no digest.
    private var untilSample = Int(KeySketch.interval)
    var given: UInt64 = 0

    /// Whether an edge reads this output.
    var isRead: Bool { !edges.isEmpty }

    var outflow: Outflow {
        Outflow(
            given: given,
            received: edges.map { edge in edge.outlets.reduce(0) { $0 + $1.totalElements } })
    }

    init(_ edges: [DistributorEdge]) {
        self.edges = edges.map { edge in
            let outlets = edge.outlets.map { outlet in
                guard let typed = outlet as? ChannelOutlet<Element> else {
                    preconditionFailure("an outlet of another type than \(Element.self)")
                }
                return typed
            }
            switch edge.exchange {
            case .forward: return Edge(route: nil, outlets: outlets)
            case .keyed(let route):
                guard let typed = route as? KeyRoute<Element> else {
                    preconditionFailure("a key of another type than \(Element.self)")
                }
                return Edge(route: typed, outlets: outlets)
            }
        }
    }

    /// Gives a slice's elements away and empties it. All edges but the last get copies; the last
    /// one gets the elements themselves.
    func take(_ slice: inout ElementSlice) {
        let elements = slice.elements.assumingMemoryBound(to: Element.self)
        let count = slice.count
        assert(count <= ElementSlice.capacity, "a slice of \(count) elements")
        slice.count = 0
        given &+= UInt64(count)
        guard let last = edges.last else {
            elements.deinitialize(count: count)
            return
        }
        for edge in edges.dropLast() {
            copies.elements.initialize(from: elements, count: count)
            give(copies.elements, slice.times, count, to: edge)
        }
        give(elements, slice.times, count, to: last)
    }

    /// Gives one element away: for side outputs.
    func append(_ element: Element, time: Int64) {
        given &+= 1
        var (element, time) = (element, time)
        for edge in edges {
            withUnsafeMutablePointer(to: &element) { source in
                withUnsafeMutablePointer(to: &time) { time in
                    sorted.elements.initialize(from: source, count: 1)
                    give(sorted.elements, time, 1, to: edge)
                }
            }
        }
    }

    /// Moves a slice's elements to the outlets of an edge that they belong to, in their order.
    private func give(
        _ elements: UnsafeMutablePointer<Element>, _ times: UnsafeMutablePointer<Int64>,
        _ count: Int, to edge: Edge
    ) {
        guard let route = edge.route else {
            // The usual case: a whole slice in one move.
            edge.outlets[0].append(moving: elements, times: times, count: count)
            return
        }
        route.hashes(UnsafeRawPointer(elements), count, hashes.elements)
        sample(elements, count, route, edge)
        guard edge.outlets.count > 1 else {
            edge.outlets[0].append(moving: elements, times: times, count: count)
            return
        }
        scatter(elements, times, count, to: edge)
    }

    /// Looks at the key of one element in so many, to tell people which are heavy.
    private func sample(
        _ elements: UnsafeMutablePointer<Element>, _ count: Int, _ route: KeyRoute<Element>,
        _ edge: Edge
    ) {
        var seen = 0
        while count - seen >= untilSample {
            seen += untilSample
            untilSample = Int(KeySketch.interval)
            let hash = hashes.elements[seen - 1]
            let target = KeyGroups.subtask(of: hash, among: edge.outlets.count)
            edge.outlets[target].channel?.keys?.add(hash) {
                route.describe(elements[seen - 1])
            }
        }
        untilSample -= count - seen
    }

    /// Sorts a slice by the outlets of an edge, without changing the order of those that go to one,
    /// and moves each stretch at once.
    private func scatter(
        _ elements: UnsafeMutablePointer<Element>, _ times: UnsafeMutablePointer<Int64>,
        _ count: Int, to edge: Edge
    ) {
        let width = edge.outlets.count
        // The hashes become the outlets' numbers, of which few are in one slice.
        var present: UInt128 = 0
        for index in 0..<count {
            let target = KeyGroups.subtask(of: hashes.elements[index], among: width)
            hashes.elements[index] = UInt64(target)
            present |= 1 << UInt128(target)
        }
        while present != 0 {
            let target = present.trailingZeroBitCount
            present &= present - 1
            var kept = 0
            for index in 0..<count where hashes.elements[index] == UInt64(target) {
                (sorted.elements + kept).moveInitialize(from: elements + index, count: 1)
                sortedTimes.elements[kept] = times[index]
                kept += 1
            }
            edge.outlets[target].append(
                moving: sorted.elements, times: sortedTimes.elements, count: kept)
        }
    }

    func pass(_ control: Control) {
        for edge in edges {
            for outlet in edge.outlets { outlet.append(control) }
        }
    }

    func makeLink(sides: [any AnyDistributor]) -> Link {
        Link(name: "outlets", state: ChainEnd(outputs: [self] + sides)) { [self] slice, frame, _ in
            let count = slice.count
            // Behind a failure nothing is emitted any more.
            if frame.pointee.failure != nil {
                slice.elements.assumingMemoryBound(to: Element.self)
                    .deinitialize(count: count)
                slice.count = 0
                frame.pointee.drop(count, .stopped)
                return
            }
            frame.pointee.handled(count)
            take(&slice)
        }
    }
}

/// The end of a chain that has readers: the outputs of its last operator and the side outputs of
/// all of them.
///
/// Control messages come through all operators to it, and it sends them to every outlet. What it
/// keeps is how much each output was given, for the books; that is in no digest of its own, because
/// the digests of the outlets and channels have it.
final class ChainEnd: ShowsNothing {
    private let outputs: [any AnyDistributor]
    var partName: String { "outlets" }

    init(outputs: [any AnyDistributor]) { self.outputs = outputs }

    /// What was given to the outlets, main output first.
    var outflows: [Outflow] { outputs.map(\.outflow) }

    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        for output in outputs { output.pass(control) }
    }

    func save() -> Saved<[UInt64]> {
        Saved(outputs.map(\.given), bytes: ByteCount(of: outputs.count, UInt64.self))
    }

    func restore(_ given: [UInt64]) {
        precondition(
            given.count == outputs.count, "\(given.count) counts for \(outputs.count) outputs")
        for (output, count) in zip(outputs, given) { output.given = count }
    }
}
