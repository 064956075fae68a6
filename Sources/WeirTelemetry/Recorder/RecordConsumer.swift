/// Everything that the recorder drained in one go.
///
/// Whoever writes it to a file writes inputs and results first and the schedule after them: then
/// every prefix of the file is closed under causes.
package struct RecordBatch: Sendable {
    package var inputs: [InputBlock] = []
    package var results: [CallResult] = []
    package var schedule = ScheduleBatch()
    /// Statements met since the batch before, numbered on from there.
    package var newSites: [LogSite] = []
    package var logs: [LogBatch] = []
    package var metrics: [MetricSample] = []
    package var marks: [Mark] = []

    package init() {}

    package var isEmpty: Bool {
        inputs.isEmpty && results.isEmpty && schedule.isEmpty && newSites.isEmpty && logs.isEmpty
            && metrics.isEmpty && marks.isEmpty
    }
}

/// A named place in a run: a violation, an operator's error, a mark set by a person.
package struct Mark: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case violation, failure, mark, notice
    }

    /// One element among those that a turn took.
    package struct ElementPlace: Equatable, Sendable {
        package var operatorName: String
        /// Its number among those that the operator took in the turn, from 1.
        package var number: UInt64

        package init(operatorName: String, number: UInt64) {
            (self.operatorName, self.number) = (operatorName, number)
        }
    }

    /// The step of the turn, or of the access to a cell.
    package var step: UInt64
    package var kind: Kind
    /// The invariant, the operator, or the mark's own name.
    package var name: String
    package var message: String
    /// Microseconds since the run's start.
    package var time: Int64
    /// The step of the last access that the turn had made to a cell; nil for none.
    package var access: UInt64?
    /// The element on which it was found; nil where it was not found on one.
    package var element: ElementPlace?

    package init(
        step: UInt64, kind: Kind, name: String, message: String, time: Int64,
        access: UInt64? = nil, element: ElementPlace? = nil
    ) {
        self.step = step
        self.kind = kind
        self.name = name
        self.message = message
        self.time = time
        self.access = access
        self.element = element
    }

    /// The step at which everything that led to it is in the past.
    package var lookStep: UInt64 { max(step, access ?? 0) }

    /// A rough size in memory and in the file.
    package var approximateBytes: Int {
        160 + name.utf8.count + message.utf8.count + (element?.operatorName.utf8.count ?? 0)
    }
}

/// Takes what the recorder drains. Called by the recorder's thread alone, one batch at a time.
package protocol RecordConsumer: AnyObject, Sendable {
    /// Takes a batch; when it returns, what the batch holds is kept, and its lanes are freed.
    ///
    /// An error ends recording to this consumer; the run goes on or ends as the recorder's policy
    /// says.
    func consume(_ batch: RecordBatch) throws
}
