import WeirTelemetry
import WeirTerminal

/// A line of the log, with all its fields whole.
package struct LogDetails: Details {
    /// The line's number.
    package let id: UInt64

    package init(id: UInt64) { self.id = id }

    package var title: String { "Line" }

    package func facts(of timeline: Timeline) -> [DetailFact] {
        let lines = timeline.logs.lines(timeline.knowledge)
        guard let first = lines.first, id >= first.id, let last = lines.last, id <= last.id else {
            return [DetailFact("", "it is not among the lines that are kept of this moment")]
        }
        let line = lines[Int(id - first.id)].line
        let look = LogLook(line.level)
        return [
            DetailFact("level", line.level.name, style: look.style),
            DetailFact("time", timeline.clockAndAge(line.time)),
            DetailFact("step", "\(line.step)"),
            DetailFact("place", line.origin),
            DetailFact("source", line.statement.source),
            DetailFact("message", line.statement.message, style: Style(bold: true)),
        ] + zip(line.statement.fields, line.values).map { DetailFact($0, $1.text) }
    }
}
