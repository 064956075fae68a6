/// What of a damaged trace could not be read.
package struct Losses: Equatable, Sendable {
    /// A stretch of the file that is lost, or a message in it.
    package struct Region: Equatable, Sendable {
        /// Where in the file, and how many bytes.
        package var offset: UInt64
        package var bytes: UInt64
        /// What it held; nil where nobody can tell, empty where it held no message.
        package var topics: [Topic]?
        package var reason: String
    }

    /// So many are told one by one.
    package static let maximumRegions = 8

    package private(set) var regions: [Region] = []
    package private(set) var count = 0
    package private(set) var bytes: UInt64 = 0
    private var topics: Set<Topic> = []
    private var hasUnknown = false

    package var isEmpty: Bool { count == 0 }

    mutating func add(_ region: Region) {
        count += 1
        bytes &+= region.bytes
        topics.formUnion(region.topics ?? [])
        if region.topics == nil { hasUnknown = true }
        if regions.count < Self.maximumRegions { regions.append(region) }
    }

    /// `2 parts of 1204 bytes, with weir/log`: what is lost in all, in a few words; empty when
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
    /// The last step that can be replayed.
    package var step: UInt64
    /// The last step that is known of; equal to `step` when none behind it is.
    package var lastKnown: UInt64
    /// Where in the file, and what is missing.
    package var offset: UInt64
    package var reason: String
}
