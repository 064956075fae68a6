package import WeirBase
package import WeirEngine
import WeirTelemetry
import WeirTrace

/// What the session answers from its trace and from its replica's books, beside moving, searching
/// and looking, which have files of their own.
extension ReplaySession: ReplayedExecution {
    package var diedInTurns: Bool { !trace.turnsInFlight.isEmpty }

    /// Behind the last step of a run that ended, what waits was never taken.
    package var books: Books {
        replica.execution.books(isOver: trace.isComplete && position == lastStep)
    }

    package func logLines(through step: Step, _ body: (LogLineFacts) throws -> Bool) throws {
        let names = subtaskNames
        let header = trace.header
        try logs(through: step) { record, site, rank in
            return try body(
                LogLineFacts(
                    step: record.step, level: site.level,
                    subtask: record.step > 0 && record.subtask.isWithin(names)
                        ? names[record.subtask.offset] : "",
                    message: site.message,
                    fields: zip(site.fields, record.values).map { (name: $0, value: $1) }
                ) {
                    var line = ""
                    // The exporter of `weir export`, so that both write a line in the same way.
                    var exporter = LogExporter(header: header) { bytes in
                        line += String(decoding: bytes, as: UTF8.self)
                    }
                    try exporter.write(record: record, site: site, seq: rank)
                    try exporter.finish()
                    return line.hasSuffix("\n") ? String(line.dropLast()) : line
                })
        }
    }
}
