import WeirTelemetry

/// How long one hop of a stage took in about the last second, in microseconds: half of the times at
/// most the median, and so on. Small, because every frame of the history has some for each stage.
package struct HopLatency: Equatable, Sendable {
    package var median: UInt32
    package var percentile99: UInt32
    package var percentile999: UInt32

    /// The figures of so many latencies in each class; nil where there are none. More than 71
    /// minutes count as 71.
    package init?(classes: [UInt64]) {
        guard let figures = LatencyFigures(classes: classes) else { return nil }
        func microseconds(_ nanoseconds: UInt64) -> UInt32 { UInt32(clamping: nanoseconds / 1_000) }
        median = microseconds(figures.median)
        percentile99 = microseconds(figures.percentile99)
        percentile999 = microseconds(figures.percentile999)
    }
}

/// The hops of a stage, all its subtasks together; nil where nothing was measured in the last
/// second.
package struct HopLatencies: Equatable, Sendable {
    /// From a message's being ready to the turn that takes it: in the queue before the stage, or of
    /// a source between reading and decoding.
    package var waiting: HopLatency?
    /// A turn, which takes all messages that wait, up to its bound.
    package var working: HopLatency?
    /// Of a sink, from a row's being made to its being written.
    package var writing: HopLatency?

    package init() {}
}

/// A hop of a stage, as the samples name it.
enum Hop: Hashable, Sendable {
    case waiting, working, writing

    /// The hop of a name; nil for the whole way, and for names that no build gives.
    init?(_ name: String) {
        guard let hop = Self.byName[name] else { return nil }
        self = hop
    }

    private static let byName: [String: Hop] = [
        "read": .waiting, "queue": .waiting, "decode": .working, "process": .working,
        "encode": .working, "write": .writing,
    ]
}
