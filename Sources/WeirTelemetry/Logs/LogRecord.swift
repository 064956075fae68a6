package import WeirBase

/// A value of a log record's field, with its type.
public enum LogValue: Equatable, Sendable {
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case double(Double)
    /// True or false.
    case flag(Bool)
    /// Text.
    case text(String)
}

extension LogValue {
    /// A number with a unit as a whole number.
    package static func number(_ number: some UnitNumber) -> LogValue {
        .integer(Int64(number.rawValue))
    }

    /// The value as a person reads it, with text as it is: escape it before it goes to a
    /// terminal.
    package var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .text(let value): value
        }
    }
}

extension LogValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation
{
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number with a fraction.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }
}

/// The fields of one log statement: constant names and typed values, in the order written.
public struct LogFields: ExpressibleByDictionaryLiteral, Sendable {
    package let elements: [(name: StaticString, value: LogValue)]

    /// Fields from `["order": .integer(id)]`.
    public init(dictionaryLiteral elements: (StaticString, LogValue)...) {
        self.elements = elements.map { (name: $0.0, value: $0.1) }
    }
}

/// Where a log statement stands in the source, and what never changes about it.
///
/// A record names its statement by number, so that these texts are in a trace once.
package struct LogSite: Equatable, Sendable {
    package var level: LogLevel
    package var message: String
    /// The source file as the compiler names it.
    package var file: String
    package var line: UInt32
    /// The names of its fields, in the order of a record's values.
    package var fields: [String]

    package init(level: LogLevel, message: String, file: String, line: UInt32, fields: [String]) {
        self.level = level
        self.message = message
        self.file = file
        self.line = line
        self.fields = fields
    }
}

extension LogSite {
    /// Stands in for a statement that was lost with a damaged part of a trace.
    package static let lost = LogSite(
        level: .info, message: "lost_statement", file: "lost.swift", line: 0, fields: [])
}

/// One log record.
///
/// Its identity within a run is (`step`, `index`, `operatorIndex`, `ordinal`), which is the
/// same in a replay at any level of detail. So a replay's records can be held against the
/// recorded ones even where it makes more of them.
package struct LogRecord: Equatable, Sendable {
    /// The step at which its turn began.
    package var step: Step
    /// How many elements its operator had taken in the turn, this one included.
    package var index: UInt32
    /// The operator's index in its stage.
    package var operatorIndex: UInt16
    /// Tells the records of one operator for one element apart, in the order in which they
    /// were made.
    package var ordinal: UInt32
    package var subtask: SubtaskIndex
    /// Its turn's time. The record's own time is `index` nanoseconds later, see `LogExporter`.
    package var time: RunTime
    /// The number of its statement, in the table of the run or the trace.
    package var site: UInt32
    package var values: [LogValue]

    package init(
        step: Step, index: UInt32, operatorIndex: UInt16, ordinal: UInt32, subtask: SubtaskIndex,
        time: RunTime, site: UInt32, values: [LogValue]
    ) {
        self.step = step
        self.index = index
        self.operatorIndex = operatorIndex
        self.ordinal = ordinal
        self.subtask = subtask
        self.time = time
        self.site = site
        self.values = values
    }

    /// Whether the left record comes first in a run's logs. This is the order of every
    /// export, whichever worker made the record.
    package static func precedes(_ left: LogRecord, _ right: LogRecord) -> Bool {
        if left.step != right.step { return left.step < right.step }
        if left.index != right.index { return left.index < right.index }
        if left.operatorIndex != right.operatorIndex {
            return left.operatorIndex < right.operatorIndex
        }
        return left.ordinal < right.ordinal
    }
}

/// Log records of one worker, in the order in which it made them.
package struct LogBatch: Equatable, Sendable {
    package var worker: UInt16
    package var records: [LogRecord]
    /// Records that found no room in the worker's lane since the batch before.
    package var lost: UInt64

    package init(worker: UInt16, records: [LogRecord], lost: UInt64) {
        self.worker = worker
        self.records = records
        self.lost = lost
    }
}
