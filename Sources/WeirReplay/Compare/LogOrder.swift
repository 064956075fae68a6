package import WeirBase
package import WeirTelemetry

/// Puts the log records of a replay into the order of the run.
///
/// Records of a turn come when some turn ends, so those of open turns come late and in pieces.
/// `take` collects them; `settle` says behind which step no turn is open, so that records before it
/// are final and are handed on, sorted. Holds what the open turns logged, and a few thousand
/// records more. Owned by one thread.
package final class LogOrder {
    /// The minimum number of records that wait before they are sorted: sorting a few each turn
    /// would cost more than sorting many now and then.
    private static let patience = 4_096

    private let handOn: (LogRecord, LogSite) -> Void
    private var waiting: [LogRecord] = []
    /// The statements known so far, by their numbers in records.
    private var sites: [LogSite] = []

    /// An order whose records go to `handOn`, each with its statement.
    package init(_ handOn: @escaping (LogRecord, LogSite) -> Void) { self.handOn = handOn }

    /// Takes records as they come; `known` numbers their statements.
    package func take(_ records: [LogRecord], _ known: LogSites) {
        waiting.append(contentsOf: records)
        sites.append(contentsOf: known.sites(from: sites.count))
    }

    /// No turn that began before `step` is open any more.
    package func settle(before step: Step) {
        if waiting.count > Self.patience { settleAll(before: step) }
    }

    /// Nothing more comes: all that waits is handed on.
    package func finish() { settleAll(before: .max) }

    private func settleAll(before step: Step) {
        waiting.sort(by: LogRecord.precedes)
        let end = waiting.firstIndex { $0.step >= step } ?? waiting.count
        for record in waiting[..<end] {
            assert(
                Int(record.site) < sites.count,
                "a record of step \(record.step) has statement \(record.site) of \(sites.count)")
            handOn(record, sites[Int(record.site)])
        }
        waiting.removeSubrange(..<end)
    }
}
