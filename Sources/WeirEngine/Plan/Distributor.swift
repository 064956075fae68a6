import WeirBase
import WeirTelemetry

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

/// An edge's outlets in one subtask, by the downstream subtask, and how one of them is chosen.
/// Without the type of the elements, which would be looked up for each slice; a class, so that its
/// parts are not copied.
final class EdgeOutlets {
    let outlets: [any AnyOutlet]
    /// How an element's outlet is chosen; nil where each goes to the only one.
    let route: KeyRoute?
    /// How many elements of a slice go to each outlet; zeros between calls.
    let counts: UnsafeMutablePointer<Int>

    init(_ outlets: [any AnyOutlet], _ exchange: Exchange) {
        self.outlets = outlets
        route = if case .keyed(let route) = exchange { route } else { nil }
        counts = .allocate(capacity: outlets.count)
        counts.initialize(repeating: 0, count: outlets.count)
    }

    deinit { counts.deallocate() }
}

/// Gives the elements of one output to the edges that read it, in one subtask.
///
/// Every edge gets every element; within an edge the key, or the subtask's ordinal, chooses the
/// outlet. Only the subtask's thread uses it, in a turn.
final class Distributor<Element>: AnyDistributor {
    private let edges: [EdgeOutlets]
    /// Room for what every edge but the last gets of a slice, and for a single element. Empty
    /// between calls, as the rooms below are.
    private let copies = SliceRoom<Element>()
    /// Room for the hashes of a slice's keys; none where no edge has a key.
    private let hashes: SliceRoom<UInt64>
    /// Room for a slice's elements by the outlet that each goes to; none where every edge has one.
    private let sorted: SliceRoom<Element>
    private let sortedTimes: SliceRoom<Int64>
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

    init(_ edges: [EdgeOutlets]) {
        for edge in edges {
            precondition(
                edge.outlets.allSatisfy { $0 is ChannelOutlet<Element> },
                "an outlet of another type than \(Element.self)")
            precondition(
                edge.route.map { $0.element == Element.self } ?? true,
                "a key of another type than \(Element.self)")
        }
        self.edges = edges
        hashes = SliceRoom(isNeeded: edges.contains { $0.route != nil })
        let scatters = edges.contains { $0.outlets.count > 1 }
        sorted = SliceRoom(isNeeded: scatters)
        sortedTimes = SliceRoom(isNeeded: scatters)
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
        var time = time
        for edge in edges {
            copies.elements.initialize(to: element)
            give(copies.elements, &time, 1, to: edge)
        }
    }

    /// Moves a slice's elements to the outlets of an edge that they belong to, in their order.
    private func give(
        _ elements: UnsafeMutablePointer<Element>, _ times: UnsafeMutablePointer<Int64>,
        _ count: Int, to edge: EdgeOutlets
    ) {
        guard let route = edge.route else {
            // The usual case: a whole slice in one move.
            edge.outlets[0].append(
                moving: UnsafeMutableRawPointer(elements), times: times, count: count)
            return
        }
        route.kernels.hashes(UnsafeRawPointer(elements), count, hashes.elements)
        sample(elements, count, route, edge)
        guard edge.outlets.count > 1 else {
            edge.outlets[0].append(
                moving: UnsafeMutableRawPointer(elements), times: times, count: count)
            return
        }
        scatter(elements, times, count, route, to: edge)
    }

    /// Looks at the key of one element in so many, to tell people which are heavy.
    private func sample(
        _ elements: UnsafeMutablePointer<Element>, _ count: Int, _ route: KeyRoute,
        _ edge: EdgeOutlets
    ) {
        var seen = 0
        while count - seen >= untilSample {
            seen += untilSample
            untilSample = Int(KeySketch.interval)
            let hash = hashes.elements[seen - 1]
            let target = KeyGroups.subtask(of: hash, among: edge.outlets.count)
            edge.outlets[target].channel?.keys?.add(hash) {
                route.describe(UnsafeRawPointer(elements + seen - 1))
            }
        }
        untilSample -= count - seen
    }

    /// Sorts a slice by the outlets of an edge, without changing the order of those that go to one,
    /// and moves each stretch at once.
    private func scatter(
        _ elements: UnsafeMutablePointer<Element>, _ times: UnsafeMutablePointer<Int64>,
        _ count: Int, _ route: KeyRoute, to edge: EdgeOutlets
    ) {
        let width = edge.outlets.count
        let indices = hashes.elements
        // The hashes become the numbers of the outlets, and these the indices behind all that goes
        // to earlier outlets.
        for index in 0..<count {
            let target = KeyGroups.subtask(of: indices[index], among: width)
            indices[index] = UInt64(target)
            edge.counts[target] += 1
        }
        var start = 0
        for target in 0..<width {
            (edge.counts[target], start) = (start, start + edge.counts[target])
        }
        for index in 0..<count {
            let target = Int(truncatingIfNeeded: indices[index])
            sortedTimes.elements[edge.counts[target]] = times[index]
            indices[index] = UInt64(edge.counts[target])
            edge.counts[target] += 1
        }
        route.kernels.sort(
            UnsafeMutableRawPointer(elements), count, indices,
            UnsafeMutableRawPointer(sorted.elements))
        // Each outlet's count now says where its stretch ends.
        var begin = 0
        for target in 0..<width {
            let end = edge.counts[target]
            edge.counts[target] = 0
            if end > begin {
                edge.outlets[target].append(
                    moving: UnsafeMutableRawPointer(sorted.elements + begin),
                    times: sortedTimes.elements + begin,
                    count: end - begin)
            }
            begin = end
        }
        assert(begin == count, "\(begin) of \(count) elements found an outlet")
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
