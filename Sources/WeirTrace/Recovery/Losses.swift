package import WeirBase

/// What of a damaged trace could not be read.
///
/// `Salvage` fills it while it reads; `weir recover` tells it to the person and keeps its
/// `summary` in the new file.
package struct Losses: Equatable, Sendable {
    /// A stretch of the file that is lost, or a message in it.
    package struct Region: Equatable, Sendable {
        /// The byte of the file at which it begins.
        package var offset: UInt64
        /// How many bytes are lost; for a single message those of its unpacked data.
        package var bytes: ByteCount
        /// Which topics it held messages of; nil where nobody can tell, empty where it held no
        /// message.
        package var topics: [Topic]?
        /// Why it could not be read.
        package var reason: String
    }

    package private(set) var regions: [Region] = []
    /// How many regions are lost, those that are not told among them.
    package private(set) var count = 0
    /// How many bytes are lost in all.
    package private(set) var bytes = ByteCount.zero
    /// The topics of all regions of which they are known.
    private var topics: Set<Topic> = []
    /// Whether there is a region of which they are not.
    private var hasUnknown = false

    package var isEmpty: Bool { count == 0 }

    /// Counts a region, and keeps it to be told if there is room.
    mutating func add(_ region: Region) {
        count += 1
        bytes = bytes.saturatingSum(region.bytes)
        topics.formUnion(region.topics ?? [])
        if region.topics == nil { hasUnknown = true }
        if regions.count < TraceBounds.maximumToldRegions { regions.append(region) }
        assert(
            regions.count == min(count, TraceBounds.maximumToldRegions),
            "\(regions.count) of \(count) lost regions would be told")
    }

    /// What is lost in all, in a few words: `2 parts of 1204 bytes, with weir/log`. Empty when
    /// nothing is.
    package var summary: String {
        if isEmpty { return "" }
        var text = count == 1 ? "1 part" : "\(count) parts"
        text += " of \(bytes) bytes"
        let names = topics.sorted { $0.rank < $1.rank }.map(\.rawValue)
        if !names.isEmpty { text += ", with " + names.joined(separator: " and ") }
        if hasUnknown { text += names.isEmpty ? ", with nobody knows what" : " and more" }
        return text
    }
}

/// Where the schedule ends that can be replayed, although the run went on.
package struct ScheduleCut: Equatable, Sendable {
    /// The last step that can be replayed; 0 when none can.
    package var step: Step
    /// The last step that is known to have been; equal to `step` when nothing is known behind
    /// it.
    package var lastKnown: Step
    /// The byte of the file at which something is missing.
    package var offset: UInt64
    package var reason: String
}
