import WeirBase
package import WeirEngine
import WeirTelemetry
import WeirTrace

extension ReplaySession: DebuggedRun {
    package var diedInTurns: Bool { !trace.turnsInFlight.isEmpty }

    /// Behind the last step of a run that ended, what waits was never taken.
    package var books: Books {
        replica.execution.books(isOver: trace.isComplete && position == lastStep)
    }

    package func logLines(through step: UInt64, _ body: (LogLineFacts) throws -> Bool) throws {
        let names = subtaskNames
        let header = trace.header
        try logs(through: step) { record, site, rank in
            var text = site.message
            for (name, value) in zip(site.fields, record.values) {
                text += " \(name)=\(value.text)"
            }
            let subtask = Int(record.subtask)
            return try body(
                LogLineFacts(
                    step: record.step, level: site.level,
                    subtask: record.step > 0 && subtask < names.count ? names[subtask] : "",
                    text: text
                ) {
                    var line = ""
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
