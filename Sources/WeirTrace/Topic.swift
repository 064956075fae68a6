/// The topics of a trace, in the order of their numbers in files that Weir writes.
package enum Topic: String, CaseIterable, Sendable {
    case schedule = "weir/schedule"
    case input = "weir/input"
    case journal = "weir/journal"
    case log = "weir/log"
    /// Reserved: spans are made from the schedule.
    case span = "weir/span"
    case metric = "weir/metric"
    case mark = "weir/mark"
}

/// Names of the metadata records of a trace.
enum TraceMetadata {
    static let run = "weir.run"
    static let end = "weir.end"
    /// In a file rewritten from another trace: whether its run died, what is lost, and the turns
    /// in flight.
    static let rewritten = "weir.rewritten"
    /// A member of it: telemetry of turns that began before this step and ended is all there.
    static let telemetryKnown = "telemetry_known_before"
    /// Version of what the records and topics hold; another one is refused.
    static let version = "1"
}
