import WeirBase
package import WeirTelemetry

/// The digest of all state of an execution, part by part.
///
/// Its parts are the subtasks in the plan's order, each with what it emitted and nobody has taken
/// yet, and then the cells. It is taken at a rest point, at the end, or in a replay between turns.
/// Equal states have equal digests, in every process and build, so that a replay can be held
/// against the run at each rest point.
package struct StateDigest: Equatable, Sendable {
    /// Each subtask's digest, by its number.
    package let subtasks: [UInt64]
    /// Each cell's digest, by its number.
    package let cells: [UInt64]

    package init(subtasks: [UInt64] = [], cells: [UInt64] = []) {
        self.subtasks = subtasks
        self.cells = cells
    }

    /// All parts: the subtasks and then the cells.
    package var parts: [UInt64] { subtasks + cells }

    /// The digest over all parts, by which two states are held against each other.
    package var whole: UInt64 {
        var hash = StableHash()
        for part in parts { hash.combine(part) }
        return hash.value
    }

    /// A few bits of each part, or of each stretch of parts, to tell which of them differs.
    ///
    /// `whole` says whether two states are equal; markers only narrow down where they are not. One
    /// of 16 bits that differs is missed once in 65,536 times.
    package var markers: [UInt16] {
        let parts = parts
        return (0..<Self.markerCount(parts: parts.count)).map { index in
            var hash = StableHash()
            for part in Self.parts(ofMarker: index, among: parts.count) {
                hash.combine(parts[part])
            }
            return UInt16(truncatingIfNeeded: hash.value)
        }
    }

    /// The indices of the parts that differ from those whose markers these are; all of them when
    /// the markers are of another plan's number.
    package func parts(differingFrom markers: [UInt64]) -> [Int] {
        let own = self.markers
        let count = parts.count
        guard own.count == markers.count else { return Array(0..<count) }
        return own.indices.filter { UInt64(own[$0]) != markers[$0] }
            .flatMap { Self.parts(ofMarker: $0, among: count) }
    }

    /// How many markers the digest of a plan with so many parts has.
    package static func markerCount(parts: Int) -> Int {
        min(parts, EngineBounds.maximumRestMarkers)
    }

    /// The parts that a marker stands for. Every part has exactly one marker, and the stretches
    /// differ by at most one in length.
    package static func parts(ofMarker marker: Int, among parts: Int) -> Range<Int> {
        let markers = markerCount(parts: parts)
        assert(0..<markers ~= marker, "marker \(marker) of \(markers) over \(parts) parts")
        return marker * parts / markers..<(marker + 1) * parts / markers
    }
}

extension Execution {
    /// The digest of all state: at a rest point, behind the last turn, or in a replay between
    /// turns. Costs coding everything that was touched since the last one.
    package func stateDigest() -> StateDigest {
        StateDigest(subtasks: subtasks.map { $0.digest() }, cells: cells.map { $0.digest() })
    }

    /// How many rows each sink got and two digests of them: `ordered` depends on the rows' order,
    /// `unordered` tells whether two runs had the same rows in any order and by however many
    /// subtasks: a sum over rows, for a tally the exclusive or of their words.
    ///
    /// Behind the last turn.
    package func sinkDigests() -> [SinkDigest] {
        plan.sinks.map { sink in
            var rows: UInt64 = 0
            var unordered: UInt64 = 0
            var ordered = StableHash()
            for subtask in subtasks {
                for case let outlet as RowOutlet in subtask.outlets where outlet.sink == sink.name {
                    rows += outlet.rows
                    unordered =
                        outlet.isTally
                        ? unordered ^ outlet.unordered : unordered &+ outlet.unordered
                    ordered.combine(outlet.ordered.value)
                }
            }
            return SinkDigest(
                sink: sink.name, rows: rows, ordered: ordered.value.hexadecimal,
                unordered: unordered.hexadecimal)
        }
    }

    /// How many parts a state's digest has.
    var partCount: Int { subtasks.count + cells.count }

    /// The names of the parts of a state's digest, in their order: `enrich/1`, `cell stock`.
    package var partNames: [String] {
        subtasks.map(\.name) + cells.map { "cell \($0.name)" }
    }
}
