import WeirBase
package import WeirTelemetry

/// Writes log records as JSON Lines. Owned by one thread.
///
/// It does not know where the records come from. A trace and a replay feed the same writer, and
/// equal records give equal bytes. Call `finish` at the end, or to hand on what waits.
package struct LogExporter: LineExporter {
    package var head: ExportHead

    package init(_ head: ExportHead) { self.head = head }

    /// Writes one record; `seq` is its rank among all records of the run, from 1.
    package mutating func write(record: LogRecord, site: LogSite, seq: UInt64) throws {
        assert(seq >= 1, "ranks count from 1, and the record of step \(record.step) has \(seq)")
        if let level = filter.level, site.level < level { return }
        let subtask = names.subtask(record.subtask)
        guard filter.admits(stage: subtask?.stage) else { return }
        let turn = record.time.nanoseconds
        // A record has its turn's time, which is cut to microseconds. One nanosecond for each
        // element that the operator had taken keeps the records of a turn apart and in order.
        let (late, overflow) = turn.addingReportingOverflow(Int64(record.index))
        let time = overflow ? turn : late
        guard filter.admits(nanoseconds: time) else { return }
        head.lines.json.beginObject()
        head.lines.json.member("timestamp", names.timestamp(time))
        head.lines.json.member("level", site.level.name)
        head.lines.json.member("message", site.message)
        if let subtask { head.lines.json.member("logger", subtask.stage) }
        head.lines.json.member("run", names.header.run)
        head.lines.json.member("pipeline", names.header.pipeline)
        if let subtask {
            head.lines.json.member("stage", subtask.stage)
            head.lines.json.member("subtask", subtask.index)
        }
        head.lines.json.member("step", record.step)
        head.lines.json.member("seq", seq)
        head.lines.json.member("trace_id", names.header.run)
        // All zeros is no valid span.
        if record.step > 0 { head.lines.json.member("span_id", ExportNames.span(record.step)) }
        head.lines.json.member("source", ExportNames.source(site))
        writeFields(record, site)
        try head.lines.endLine()
    }

    /// Writes the fields as an object, and a field called `error` also beside the message, where
    /// the tools that read logs look for it.
    private mutating func writeFields(_ record: LogRecord, _ site: LogSite) {
        let fields = zip(site.fields, record.values)
        if let error = fields.first(where: { $0.0 == "error" })?.1 {
            head.lines.json.member("error", error)
        }
        if record.values.isEmpty { return }
        head.lines.json.key("fields")
        head.lines.json.beginObject()
        for (name, value) in fields { head.lines.json.member(name, value) }
        head.lines.json.endObject()
    }
}

/// Gives the log records of all workers of a finished trace in the order of the run.
///
/// The protocol is: make it, which reads the topic once for its statements and workers, then
/// call `next` until nil. Owned by one thread.
///
/// In a parallel run each worker logs turn by turn, and merging the workers' streams by step
/// would be enough. In a simulated run one lane has the turns of all subtasks, and a turn that
/// waits for a cell goes on behind later ones, so that steps in a stream go back. So a record is
/// final only when no message of its stream that was not read yet has one of an earlier step.
///
/// In memory are a batch for each worker, what waits for such turns, and the records of one
/// turn.
package final class LogMerge {
    /// The records of one worker.
    private struct Stream {
        /// Reads the messages of this worker.
        let cursor: LogCursor
        /// For each message that is still to be read, the least step in it and in all messages
        /// behind it.
        var earliestAhead: ArraySlice<Step>
        /// Records that were read and not given, in order of their steps.
        var ready: ArraySlice<LogRecord> = []

        /// The next record by step, without taking it. Reads messages until none ahead can have
        /// an earlier one.
        mutating func peek() throws(TraceError) -> LogRecord? {
            while let earliest = earliestAhead.first, (ready.first?.step ?? .max) >= earliest {
                guard let next = try cursor.next() else { break }
                earliestAhead.removeFirst()
                // Mostly a message goes on where the last one ended, and nothing needs to be put
                // in order.
                let isBehind = (ready.last?.step ?? 0) <= (next.records.first?.step ?? 0)
                ready.append(contentsOf: next.records)
                if !isBehind || !Self.isInOrder(next.records) {
                    ready.sort { $0.step < $1.step }
                }
            }
            return ready.first
        }

        /// Whether records are in order of their steps, as those of a parallel run's worker
        /// are.
        private static func isInOrder(_ records: [LogRecord]) -> Bool {
            zip(records, records.dropFirst()).allSatisfy { $0.step <= $1.step }
        }
    }

    /// The statements that the records name by number.
    package let sites: [LogSite]
    /// Records that found no room in their workers' lanes.
    package let lost: UInt64
    /// One stream for each worker that logged, in order of the workers' numbers.
    private var streams: [Stream]
    /// The records of the turn that is being given, in order.
    private var group: ArraySlice<LogRecord> = []
    /// How many records were given.
    private var rank: UInt64 = 0

    /// Reads the topic once for its statements and workers, without its records.
    package init(_ trace: Trace) throws(TraceError) {
        let index = try trace.logIndex()
        (sites, lost) = (index.sites, index.lost)
        streams = index.firstSteps.sorted { $0.key < $1.key }.map { worker, steps in
            var earliestAhead = steps
            // From the back: each message's own least step becomes the least of it and all
            // behind it.
            for position in earliestAhead.indices.dropLast().reversed() {
                earliestAhead[position] = min(earliestAhead[position], earliestAhead[position + 1])
            }
            assert(
                zip(earliestAhead, earliestAhead.dropFirst()).allSatisfy { $0 <= $1 },
                "a message of worker \(worker) does not know of an earlier step behind it")
            return Stream(cursor: trace.logs(worker: worker), earliestAhead: earliestAhead[...])
        }
    }

    /// The next record in the order of the run, and its rank from 1.
    package func next() throws(TraceError) -> (record: LogRecord, seq: UInt64)? {
        if group.isEmpty { try fill() }
        guard let record = group.popFirst() else { return nil }
        rank += 1
        return (record, rank)
    }

    /// Takes the records of the next turn out of all streams, and puts them in order.
    private func fill() throws(TraceError) {
        var earliest: Step?
        for index in streams.indices {
            guard let record = try streams[index].peek() else { continue }
            earliest = min(earliest ?? record.step, record.step)
        }
        guard let earliest else { return }
        var records: [LogRecord] = []
        for index in streams.indices {
            while records.count < TraceBounds.maximumTurnRecords,
                let record = try streams[index].peek(),
                record.step == earliest
            {
                records.append(record)
                streams[index].ready.removeFirst()
            }
        }
        records.sort(by: LogRecord.precedes)
        group = records[...]
    }
}

/// What is in the log topic of a trace, found before its records are read.
struct LogIndex {
    /// The statements in the order of their numbers.
    var sites: [LogSite] = []
    /// For each worker, the least step of each of its messages, in the order of the file.
    var firstSteps: [UInt16: [Step]] = [:]
    /// Records that found no room in their workers' lanes.
    var lost: UInt64 = 0
}

extension Trace {
    /// Reads the log topic once, without its records.
    func logIndex() throws(TraceError) -> LogIndex {
        var index = LogIndex()
        var cursor = MessageCursor(store, .log)
        while let message = try cursor.message() {
            let known = index.sites.count
            let found = try cursor.located {
                () throws(MalformedBytes) -> ([LogSite], LogCodec.Head?) in
                var reader = ByteReader(message)
                switch try LogCodec.head(&reader) {
                case .sites: return (try LogCodec.sites(&reader, known: known), nil)
                case .records(let head): return ([], head)
                }
            }
            index.sites.append(contentsOf: found.0)
            if let head = found.1 {
                index.firstSteps[head.worker, default: []].append(
                    // A message without records only says how many were lost, and holds nobody
                    // up.
                    head.count > 0 ? head.firstStep : .max)
                index.lost = index.lost.saturatingSum(head.lost)
            }
        }
        return index
    }

    /// Writes the recorded logs as JSON Lines, in the order of the run, in bounded memory.
    package func exportLogs(
        filter: ExportFilter = ExportFilter(), output: @escaping ExportOutput
    ) throws {
        let merge = try LogMerge(self)
        var exporter = LogExporter(header: header, filter: filter, output: output)
        while let (record, seq) = try merge.next() {
            guard Int(record.site) < merge.sites.count else {
                throw TraceError.damaged(
                    0, "a log record names statement \(record.site) of \(merge.sites.count)")
            }
            try exporter.write(record: record, site: merge.sites[Int(record.site)], seq: seq)
        }
        try exporter.finish()
    }
}
