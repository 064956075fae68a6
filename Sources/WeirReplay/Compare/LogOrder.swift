package import WeirTelemetry

/// Puts the log records of a replay into the order of the run.
///
/// Records of a turn come when some turn ends; those of steps behind which no turn is open are
/// final and are handed on. Holds what the open turns logged, and a few thousand records more.
/// Owned by one thread.
package final class LogOrder {
    /// Records that wait at least before they are sorted.
    private static let patience = 4_096

    private let handOn: (LogRecord, LogSite) -> Void
    private var waiting: [LogRecord] = []
    private var sites: [LogSite] = []

    /// An order whose records go to `handOn`, each with its statement.
    package init(_ handOn: @escaping (LogRecord, LogSite) -> Void) { self.handOn = handOn }

    /// Takes records as they come; `known` numbers their statements.
    package func take(_ records: [LogRecord], _ known: LogSites) {
        waiting.append(contentsOf: records)
        sites.append(contentsOf: known.sites(from: sites.count))
    }

    /// No turn that began before `step` is open any more.
    package func settle(before step: UInt64) {
        if waiting.count > Self.patience { settleAll(before: step) }
    }

    /// Nothing more comes.
    package func finish() { settleAll(before: .max) }

    private func settleAll(before step: UInt64) {
        waiting.sort(by: LogRecord.precedes)
        let end = waiting.firstIndex { $0.step >= step } ?? waiting.count
        for record in waiting[..<end] { handOn(record, sites[Int(record.site)]) }
        waiting.removeSubrange(..<end)
    }
}
