/// The topics of a trace. Their order is that of their channels' numbers in files that Weir
/// writes.
package enum Topic: String, CaseIterable, Sendable {
    /// Steps and ends of turns: the determinants.
    case schedule = "weir/schedule"
    /// What the sources read, or its hashes.
    case input = "weir/input"
    /// What asynchronous calls answered.
    case journal = "weir/journal"
    /// Log statements and records.
    case log = "weir/log"
    /// Reserved and empty: spans are made from the schedule.
    case span = "weir/span"
    /// Metric samples, as JSON.
    case metric = "weir/metric"
    /// Violations, failures, and what a person marked, as JSON.
    case incident = "weir/mark"
}

/// Names of the metadata records of a trace.
enum TraceMetadata {
    /// The header; the first metadata of a trace.
    static let run = "weir.run"
    /// How the run ended; missing when it died.
    static let end = "weir.end"
    /// In a file that was rewritten from another trace: whether its run died, what is lost, and
    /// which turns were in flight.
    static let rewritten = "weir.rewritten"
    /// A member of that record: telemetry of turns that began before this step and ended is all
    /// there.
    static let telemetryKnown = "telemetry_known_before"
    /// The version of what the records and topics hold. A trace of another one is refused.
    static let version = "1"
}
