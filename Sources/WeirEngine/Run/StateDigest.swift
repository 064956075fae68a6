import WeirBase

/// The digest of all state of an execution, part by part.
///
/// Its parts are the subtasks in the plan's order, each with what it emitted and nobody has taken
/// yet, and then the cells. Taken at a rest point, at the end, or in a replay between turns: equal
/// states have equal digests, in every process and build.
package struct StateDigest: Equatable, Sendable {
    /// Each subtask's, by its number.
    package let subtasks: [UInt64]
    /// Each cell's, by its number.
    package let cells: [UInt64]

    package init(subtasks: [UInt64] = [], cells: [UInt64] = []) {
        self.subtasks = subtasks
        self.cells = cells
    }

    /// The most markers a rest point notes; a wider plan's parts share them, stretch by stretch.
    package static let maximumMarkers = 64

    /// All parts: subtasks, then cells.
    package var parts: [UInt64] { subtasks + cells }

    /// Over all parts.
    package var whole: UInt64 {
        var hash = StableHash()
        for part in parts { hash.combine(part) }
        return hash.value
    }

    /// A few bits of each part, or of each stretch of parts, to tell which of them differs.
    ///
    /// `whole` says whether two states are equal; markers only narrow down where they are not. One
    /// that differs is missed once in 65,536 times.
    package var markers: [UInt16] {
        let parts = parts
        return (0..<Self.markerCount(parts: parts.count)).map { place in
            var hash = StableHash()
            for part in Self.parts(ofMarker: place, among: parts.count) {
                hash.combine(parts[part])
            }
            return UInt16(truncatingIfNeeded: hash.value)
        }
    }

    /// The parts that differ from those whose markers these are; all when they cannot be told.
    package func parts(differingFrom markers: [UInt64]) -> [Int] {
        let own = self.markers
        let count = parts.count
        guard own.count == markers.count else { return Array(0..<count) }
        return own.indices.filter { UInt64(own[$0]) != markers[$0] }
            .flatMap { Self.parts(ofMarker: $0, among: count) }
    }

    /// How many markers a plan with so many parts has.
    package static func markerCount(parts: Int) -> Int { min(parts, maximumMarkers) }

    /// The parts that a marker stands for; every part has one.
    package static func parts(ofMarker marker: Int, among parts: Int) -> Range<Int> {
        let markers = markerCount(parts: parts)
        return marker * parts / markers..<(marker + 1) * parts / markers
    }
}

extension Execution {
    /// The digest of all state: at a rest point, behind the last turn, or in a replay between
    /// turns. Costs coding all that is held.
    package func stateDigest() -> StateDigest {
        StateDigest(subtasks: subtasks.map { $0.digest() }, cells: cells.map { $0.digest() })
    }

    /// How many parts a state's digest has.
    var partCount: Int { subtasks.count + cells.count }

    /// The names of the parts of a state's digest, in their order: `enrich/1`, `cell stock`.
    package var partNames: [String] {
        subtasks.map(\.name) + cells.map { "cell \($0.name)" }
    }
}
