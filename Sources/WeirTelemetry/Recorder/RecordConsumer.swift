package import WeirBase

/// Everything that the recorder drained in one go, on its way to the consumers.
///
/// Whoever writes it to a file writes inputs and results first and the schedule after them.
/// Then every prefix of the file can be replayed: nothing in it needs what comes later.
package struct RecordBatch: Sendable {
    package var inputs: [InputBlock] = []
    package var results: [CallResult] = []
    package var schedule = ScheduleBatch()
    /// Statements met since the batch before. Their numbers go on where the earlier ones end.
    package var newSites: [LogSite] = []
    package var logs: [LogBatch] = []
    package var metrics: [MetricSample] = []
    package var incidents: [Incident] = []

    package init() {}

    /// Whether there is nothing to hand over.
    package var isEmpty: Bool {
        inputs.isEmpty && results.isEmpty && schedule.isEmpty && newSites.isEmpty && logs.isEmpty
            && metrics.isEmpty && incidents.isEmpty
    }
}

/// An incident of a run, kept in its trace: a violation, an operator's failure, a person's
/// bookmark, or a notice.
package struct Incident: Equatable, Sendable {
    /// What it is. The raw values are part of the trace format.
    package enum Kind: String, Sendable {
        case violation, failure, notice
        /// What a person noted; files know it by the word that is typed for it.
        case bookmark = "mark"
    }

    /// One element among those that a turn took.
    package struct ElementReference: Equatable, Sendable {
        package var operatorName: String
        /// Its number among those that the operator took in the turn, from 1.
        package var number: UInt64

        package init(operatorName: String, number: UInt64) {
            (self.operatorName, self.number) = (operatorName, number)
        }
    }

    /// The step of the turn, or of the access to a cell, at which it was found.
    package var step: Step
    package var kind: Kind
    /// The name of the invariant, of the operator, or of the bookmark.
    package var name: String
    package var message: String
    /// When it was found.
    package var time: RunTime
    /// The step of the last access to a cell that the turn had made by then; nil for none.
    package var access: Step?
    /// The element on which it was found; nil where it was not found on one.
    package var element: ElementReference?

    package init(
        step: Step, kind: Kind, name: String, message: String, time: RunTime,
        access: Step? = nil, element: ElementReference? = nil
    ) {
        self.step = step
        self.kind = kind
        self.name = name
        self.message = message
        self.time = time
        self.access = access
        self.element = element
    }

    /// The step at which everything that led to it has happened: there a debugger shows the
    /// state.
    package var lookStep: Step { max(step, access ?? 0) }

    /// A rough size in memory and in the file.
    package var approximateBytes: ByteCount {
        ByteCount(
            160 + name.utf8.count + message.utf8.count + (element?.operatorName.utf8.count ?? 0))
    }
}

/// Takes what the recorder drains: the trace's writer, a screen, or a test's memory.
///
/// The recorder's thread alone calls it, one batch at a time. It must not wait for a rest
/// point, as the recorder would then wait for the run, and the run for the recorder.
package protocol RecordConsumer: AnyObject, Sendable {
    /// Takes a batch. When it returns, the consumer keeps what the batch holds, and the lanes
    /// that held it may be freed.
    ///
    /// An error ends recording to this consumer: it gets nothing more. Whether the run goes
    /// on is up to whoever made the recorder.
    func consume(_ batch: RecordBatch) throws
}
