import DequeModule
package import WeirBase
package import WeirTelemetry

/// A statement of the log as its records share it.
package final class LogStatement: Sendable {
    package let message: String
    /// The source file and the line in it.
    package let source: String
    /// The names of its fields.
    package let fields: [String]

    package init(_ site: LogSite) {
        message = site.message
        let file = site.file.split(separator: "/").last.map(String.init) ?? site.file
        source = "\(file):\(site.line)"
        fields = site.fields
    }
}

/// A record of the log, as a feed tells of it. Any of its texts may come from a damaged trace.
package struct LogLine: Sendable {
    package var time: RunTime
    package var step: Step
    package var level: LogLevel
    /// The subtask, as `enrich/1`; `run` for a record of none.
    package var origin: String
    package var statement: LogStatement
    package var values: [LogValue]
    /// Message and fields, as they are searched and shown.
    package let text: String

    package init(
        _ record: LogRecord, level: LogLevel, origin: String, statement: LogStatement
    ) {
        time = SampleFrame.bounded(record.time)
        step = record.step
        self.level = level
        self.origin = origin
        self.statement = statement
        values = record.values
        var text = statement.message
        for (name, value) in zip(statement.fields, record.values) {
            text += " \(name)=\(value.text)"
        }
        self.text = String(text.unicodeScalars.prefix(MonitorBounds.maximumNoticeScalars))
    }

    /// The name of the stage.
    package var stage: Substring { origin.prefix { $0 != "/" } }

    /// The value of a field; nil where the statement has none of that name.
    package func value(of field: String) -> LogValue? {
        zip(statement.fields, values).first { $0.0 == field }?.1
    }

    /// About what it takes of memory: its text twice, since values hold their own.
    fileprivate var bytes: ByteCount {
        ByteCount(of: 1, LogHistory.Entry.self) + ByteCount(2 * text.utf8.count)
            + ByteCount(of: values.count, LogValue.self)
    }
}

/// The newest records of a run's log, in bounded memory.
///
/// `Timeline` adds them in the order of recording, with the number of the sample that they came
/// with, so that a viewer in the past sees those that were known there. What is let go stays in the
/// trace and is counted. Adding one costs the same at any length of the run; asking for those of a
/// moment is a binary search.
package struct LogHistory: Sendable {
    /// A line, numbered from 1 on in the order in which they came: the number stays when older ones
    /// go.
    package struct Entry: Sendable {
        package let id: UInt64
        package let line: LogLine
        /// The number of the sample that it came with.
        let sample: UInt64
    }

    /// Lines of a history at one moment, the oldest first. It shares them with the history.
    package struct Lines: RandomAccessCollection, Sendable {
        private let entries: Deque<Entry>
        package let endIndex: Int

        fileprivate init(_ entries: Deque<Entry>, _ count: Int) {
            (self.entries, endIndex) = (entries, count)
        }

        package var startIndex: Int { 0 }
        package subscript(index: Int) -> Entry {
            precondition(index < endIndex, "of \(endIndex) lines the one at \(index) is asked for")
            return entries[index]
        }
    }

    private var entries: Deque<Entry> = []
    private var bytes = ByteCount.zero
    /// How many there were.
    package private(set) var total: UInt64 = 0
    /// How many records found no room on their way here; they may be in the trace.
    package private(set) var lost: UInt64 = 0

    package init() {}

    mutating func append(_ lines: [LogLine], lost: UInt64, sample: UInt64) {
        self.lost &+= lost
        for line in lines {
            total += 1
            entries.append(Entry(id: total, line: line, sample: sample))
            bytes += line.bytes
        }
        while entries.count > MonitorBounds.maximumLogLines
            || bytes > MonitorBounds.maximumLogBytes, let oldest = entries.popFirst()
        {
            bytes = ByteCount(bytes.count - oldest.line.bytes.count)
        }
    }

    /// The lines that are kept and known.
    package func lines(_ knowledge: Knowledge) -> Lines {
        guard case .upTo(let sample) = knowledge else { return Lines(entries, entries.count) }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sample <= sample { low = middle + 1 } else { high = middle }
        }
        return Lines(entries, low)
    }

    /// How many lines there were before those that are kept.
    package var forgotten: UInt64 { total - UInt64(entries.count) }
}
