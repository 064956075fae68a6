import WeirBase
package import WeirTelemetry

/// Exports a trace that grows: `weir export --follow`.
///
/// The protocol is: make it for a trace; after each `Trace.refresh` call `advance`, which takes
/// what was appended since and hands on the lines that are final; call `finish` once when the
/// run has ended or died. The lines are those that the exporters write of the finished trace, in
/// the same order. What is not final yet, because a turn before it has not ended, is held back,
/// in bounded memory. Owned by one thread.
package final class FollowedExport {
    private let cursor: BatchCursor
    /// What is exported.
    private var signal: any ExportSignal

    /// An export of a trace from its beginning. Nothing is read before the first `advance`.
    package init(
        _ trace: Trace, _ signal: any ExportSignal.Type, filter: ExportFilter = ExportFilter(),
        output: @escaping ExportOutput
    ) {
        cursor = trace.batches(of: signal.topics)
        self.signal = signal.init(header: trace.header, filter: filter, output: output)
    }

    /// Takes everything that is known of the file now, and hands every line that is final to the
    /// output.
    package func advance() throws {
        while let batch = try cursor.next() { try signal.take(batch) }
        try signal.flush()
    }

    /// Hands on what was held back. Nothing more comes. `tail` are the steps that were recovered
    /// from the lanes of a run that died.
    package func finish(_ tail: ScheduleBatch) throws {
        try signal.settle(tail)
        try signal.flush()
    }
}

/// Puts the log records of a growing trace into the order of the run.
///
/// The recorder looks at the schedule first and at the logs after it. So once a batch was read
/// to its end, all records of the turns that had ended by its schedule are there, and everything
/// before the first open turn is final. A batch is known to be at its end when its samples or
/// incidents have come, or when the schedule of the next batch comes.
struct SettlingLogs {
    /// Takes a record, all statements that are known, and the record's rank from 1.
    typealias Write = (LogRecord, [LogSite], UInt64) throws -> Void

    /// Records whose rank in the order is not final.
    private var held: [LogRecord] = []
    /// All statements so far, by their numbers.
    private var sites: [LogSite] = []
    /// The steps at which turns began that have not ended.
    private var open: Set<Step> = []
    /// The step behind the last one of the schedule so far.
    private var nextStep: Step = 1
    /// How many records were given out.
    private var rank: UInt64 = 0

    /// Takes what a chunk holds, and gives out what became final.
    mutating func take(_ batch: RecordBatch, _ write: Write) throws {
        if !batch.schedule.isEmpty {
            // A new schedule means that the batch before is complete; this one's records are
            // still to come.
            try settle(before: open.min() ?? nextStep, write)
            for note in batch.schedule.steps {
                if note.kind.beginsTurn { open.insert(note.step) }
                // A damaged trace may hold the greatest step there is, which none follows.
                if note.step < .max { nextStep = max(nextStep, note.step.next) }
            }
            for end in batch.schedule.ends { open.remove(end.step) }
            // No turn is open at a rest point: an end that is missing before it was lost.
            if let rest = batch.schedule.steps.last(where: { $0.kind == .rest })?.step {
                open = open.filter { $0 > rest }
            }
        }
        sites.append(contentsOf: batch.newSites)
        for logs in batch.logs { held.append(contentsOf: logs.records) }
        // Samples and incidents are the last things in a batch.
        if !batch.metrics.isEmpty || !batch.incidents.isEmpty {
            try settle(before: open.min() ?? nextStep, write)
        }
        if held.count > TraceBounds.maximumHeldRecords {
            held.sort(by: LogRecord.precedes)
            try give(held.count / 2, write)
        }
    }

    /// Gives all records of turns before a step.
    mutating func settle(before step: Step, _ write: Write) throws {
        guard !held.isEmpty else { return }
        held.sort(by: LogRecord.precedes)
        // At the end, when `step` is the greatest there is, everything is given.
        try give(held.firstIndex { $0.step >= step && step < .max } ?? held.count, write)
        assert(
            (held.first?.step ?? .max) >= step,
            "a record of step \(held.first?.step ?? 0) is held, all before \(step) are final")
    }

    /// Gives out so many of the held records, from the first on.
    private mutating func give(_ count: Int, _ write: Write) throws {
        // Ranks follow this order, and what was given cannot be put behind what comes later.
        assert(
            zip(held[..<count], held[..<count].dropFirst()).allSatisfy {
                !LogRecord.precedes($1, $0)
            }, "\(count) of \(held.count) records are given before they are in order")
        for record in held[..<count] {
            rank += 1
            try write(record, sites, rank)
        }
        held.removeFirst(count)
    }
}
