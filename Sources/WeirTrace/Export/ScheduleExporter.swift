import WeirBase
import WeirTelemetry

/// Writes every step as a line of JSON. Owned by one thread; call `finish` at the end.
///
/// A step's line holds what its kind has: a turn its inlet, its count and how it ended; an
/// access its cell; a publish what became of the messages that were offered.
package struct ScheduleExporter: LineExporter {
    package var head: ExportHead

    package init(_ head: ExportHead) { self.head = head }

    /// Writes one step; steps come in order.
    package mutating func write(_ step: JoinedStep) throws {
        let time = step.time.nanoseconds
        let note = step.note
        // A rest point and a void belong to no subtask. Their number 0 must not be taken for the
        // first.
        let isOfSubtask = note.kind != .rest && note.kind != .void
        let subtask = isOfSubtask ? names.subtask(note.subtask) : nil
        guard filter.admits(nanoseconds: time), filter.admits(stage: subtask?.stage) else {
            return
        }
        head.lines.json.beginObject()
        head.lines.json.member("step", note.step)
        head.lines.json.member("timestamp", names.timestamp(time))
        if let subtask {
            head.lines.json.member("stage", subtask.stage)
            head.lines.json.member("subtask", subtask.index)
        }
        head.lines.json.member("kind", note.kind.name)
        switch note.kind {
        case .input, .timer, .completion, .continue, .idle, .end, .failure:
            writeTurn(step, subtask)
        case .access:
            head.lines.json.member("turn", note.turn)
            let cells = names.header.cells
            // A damaged trace may name a cell that the plan does not have.
            if note.cell.isWithin(cells) {
                head.lines.json.member("cell", cells[note.cell.offset])
            }
        case .publish:
            head.lines.json.member("turn", note.turn)
            head.lines.json.member("count", note.count)
            writeRuns(step.words)
        case .rest, .void: break
        }
        try head.lines.endLine()
    }

    /// Writes what a turn took, and what it did when its end is known.
    private mutating func writeTurn(_ step: JoinedStep, _ subtask: SubtaskInfo?) {
        if let inlet = step.inlet(of: subtask) { head.lines.json.member("inlet", inlet) }
        head.lines.json.member("count", step.note.count)
        guard let end = step.end else { return }
        head.lines.json.member("emitted", step.emittedTotal)
        // Microseconds are recorded, and a code of a few bits at that: see `DurationCode`.
        head.lines.json.member("duration_ns", UInt64(end.duration) * 1000)
    }

    /// Adds up the runs of a publish.
    ///
    /// A run is one byte. Its upper two bits are the outcome: 0 for a control message, 1 for
    /// accepted, 2 for dropped, 3 for accepted while the oldest was evicted. Its lower six bits
    /// are how many.
    private mutating func writeRuns(_ runs: [UInt64]) {
        var counts: [UInt64] = [0, 0, 0, 0]
        // Control messages are counted too, but are no elements and not written.
        for run in runs { counts[Int(run >> 6 & 3)] += run & 63 }
        // A message that evicted the oldest was accepted itself.
        head.lines.json.member("accepted", counts[1] + counts[3])
        head.lines.json.member("dropped", counts[2])
        head.lines.json.member("evicted", counts[3])
    }
}

/// Writes every turn as a span, as a line of JSON. Owned by one thread; call `finish` at the
/// end.
package struct SpanExporter: LineExporter {
    package var head: ExportHead

    package init(_ head: ExportHead) { self.head = head }

    /// Writes a turn; other steps are no spans. One without an end has none in the line either.
    package mutating func write(_ step: JoinedStep) throws {
        let start = step.time.nanoseconds
        // Only turns have a duration; an access or a publish is a point within one.
        guard step.note.kind.beginsTurn, let subtask = names.subtask(step.note.subtask),
            filter.admits(nanoseconds: start), filter.admits(stage: subtask.stage)
        else { return }
        head.lines.json.beginObject()
        head.lines.json.member("start", names.timestamp(start))
        // A turn in flight at a kill, or one given before its end was known, has none.
        if let end = step.end {
            // The duration is read from a faster clock than the start, so that ends are
            // approximate.
            let (sum, overflow) = start.addingReportingOverflow(Int64(end.duration) * 1000)
            head.lines.json.member("end", names.timestamp(overflow ? start : sum))
        }
        head.lines.json.member("name", subtask.stage)
        head.lines.json.member("kind", "internal")
        head.lines.json.member("status", step.end == nil ? "unset" : "ok")
        head.lines.json.member("trace_id", names.header.run)
        head.lines.json.member("span_id", ExportNames.span(step.note.step))
        head.lines.json.member("pipeline", names.header.pipeline)
        head.lines.json.member("stage", subtask.stage)
        head.lines.json.member("subtask", subtask.index)
        head.lines.json.member("step", step.note.step)
        head.lines.json.key("fields")
        head.lines.json.beginObject()
        head.lines.json.member("kind", step.note.kind.name)
        if let inlet = step.inlet(of: subtask) { head.lines.json.member("inlet", inlet) }
        head.lines.json.member("count", step.note.count)
        if step.end != nil { head.lines.json.member("emitted", step.emittedTotal) }
        head.lines.json.endObject()
        try head.lines.endLine()
    }
}

extension JoinedStep {
    /// How many messages the turn emitted on all outlets.
    var emittedTotal: UInt64 { emitted.reduce(0) { $0 + UInt64($1) } }

    /// The channel that a turn read. A source's turn has none, and neither has a timer's.
    func inlet(of subtask: SubtaskInfo?) -> String? {
        guard let subtask, note.kind == .input, note.channel.isWithin(subtask.inlets) else {
            return nil
        }
        return subtask.inlets[note.channel.offset]
    }
}

extension Trace {
    /// Calls `body` with every step in order, joined with its turn's end, in bounded memory.
    package func forEachJoinedStep(_ body: (JoinedStep) throws -> Void) throws {
        var joiner = TurnJoiner()
        let cursor = schedule()
        while let batch = try cursor.next() { try joiner.add(batch, body) }
        try joiner.finish(body)
    }
}
