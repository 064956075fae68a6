import WeirBase
import WeirTelemetry

/// The binary form of log records of one worker, and of the statements that they came from.
///
/// A message is either statements or records; its second byte tells. Records are stored column
/// by column: what a statement repeats (its own number, its types, small differences) packs to
/// nearly nothing, and what is left is mostly the values themselves.
enum LogCodec {
    /// The version of both forms of messages.
    static let version: UInt8 = 1
    /// The columns in the order of the file, for errors; `Column` has the same order.
    static let columnNames = [
        "site", "step", "subtask", "operator", "index", "ordinal", "time", "valueCount", "type",
        "integer", "double", "textLength", "text",
    ]
    /// The maximum number of records of one message. A larger claim is taken for damage.
    static let maximumRecords = 1 << 20
    /// The maximum number of statements that a trace may know. A larger claim is taken for
    /// damage.
    static let maximumSites = 1 << 20

    /// What a message turned out to be.
    enum Message: Equatable {
        case records(Head)
        case sites
    }

    /// What a message of records says before its columns.
    struct Head: Equatable {
        var worker: UInt16
        /// Records that found no room in the worker's lane since the message before.
        var lost: UInt64
        /// The least step of the records; 0 when there are none.
        var firstStep: Step
        /// The greatest step of the records; 0 when there are none.
        var lastStep: Step
        var count: Int
    }

    private enum Column: Int {
        case site, step, subtask, `operator`, index, ordinal, time, valueCount, type
        case integer, double, textLength, text
    }

    /// The last whole number in each field of each statement, as the next one is stored as a
    /// difference.
    ///
    /// A table of fixed size: fields of different statements may share an entry. That costs
    /// bytes and no correctness, as writer and reader share alike.
    private struct IntegerMemory {
        private var last = [UInt64](repeating: 0, count: 256)

        subscript(site: UInt32, field: Int) -> UInt64 {
            @inline(__always) get { last[Self.slot(site, field)] }
            @inline(__always) set { last[Self.slot(site, field)] = newValue }
        }

        /// Eight entries for each statement, modulo the table's 256.
        @inline(__always)
        private static func slot(_ site: UInt32, _ field: Int) -> Int {
            Int((site &* 8 &+ UInt32(truncatingIfNeeded: field)) & 255)
        }
    }

    /// The columns of a message while they are written.
    private struct Columns {
        var writers = [ColumnWriter](repeating: ColumnWriter(), count: columnNames.count)
        var integers = IntegerMemory()

        subscript(column: Column) -> ColumnWriter {
            @inline(__always) get { writers[column.rawValue] }
            @inline(__always) _modify { yield &writers[column.rawValue] }
        }

        /// Appends a value: its type, and what the type needs.
        mutating func append(_ value: LogValue, site: UInt32, field: Int) {
            switch value {
            case .integer(let number):
                self[.type].append(byte: 0)
                let bits = UInt64(bitPattern: number)
                self[.integer].append(bits, after: integers[site, field])
                integers[site, field] = bits
            case .double(let number):
                self[.type].append(byte: 1)
                self[.double].append(fixed: number.bitPattern)
            case .flag(let flag):
                self[.type].append(byte: flag ? 3 : 2)
            case .text(let text):
                self[.type].append(byte: 4)
                self[.textLength].append(UInt64(text.utf8.count))
                self[.text].append(contentsOf: text.utf8)
            }
        }
    }

    /// A message of records, which are packed column by column.
    static func encode(
        _ records: ArraySlice<LogRecord>, worker: UInt16, lost: UInt64, zstd: Zstd
    ) -> [UInt8] {
        // A reader refuses a message with more.
        assert(records.count <= maximumRecords, "\(records.count) records come into one message")
        var columns = Columns()
        var step: Step = 0
        var time: UInt64 = 0
        var index: UInt64 = 0
        var earliest = records.first?.step ?? 0
        var latest = earliest
        for record in records {
            earliest = min(earliest, record.step)
            latest = max(latest, record.step)
            columns[.site].append(UInt64(record.site))
            columns[.step].append(record.step.rawValue, after: step.rawValue)
            step = record.step
            columns[.subtask].append(UInt64(record.subtask.rawValue))
            columns[.operator].append(UInt64(record.operatorIndex))
            // The index rises within a turn, so that the difference to the record before is
            // mostly small.
            columns[.index].append(UInt64(record.index), after: index)
            index = UInt64(record.index)
            columns[.ordinal].append(UInt64(record.ordinal))
            columns[.time].append(UInt64(bitPattern: record.time.rawValue), after: time)
            time = UInt64(bitPattern: record.time.rawValue)
            columns[.valueCount].append(UInt64(record.values.count))
            for (field, value) in record.values.enumerated() {
                columns.append(value, site: record.site, field: field)
            }
        }
        assert(
            columns[.site].bytes.count >= records.count,
            "\(columns[.site].bytes.count) bytes cannot name the statements of \(records.count) "
                + "records")
        var writer = ByteWriter(reserving: 64 + records.count * 12)
        writer.append(version)
        writer.append(0)
        writer.append(fixed: worker)
        writer.append(fixed: earliest.rawValue)
        writer.append(fixed: latest.rawValue)
        writer.append(varint: lost)
        writer.append(varint: UInt64(records.count))
        ColumnSet.write(columns.writers, to: &writer, zstd: zstd)
        return writer.bytes
    }

    /// What a message is, without unpacking it. The reader is left behind what was read.
    static func head(_ reader: inout ByteReader) throws(MalformedBytes) -> Message {
        let version = try reader.byte()
        guard version == Self.version else {
            throw reader.failure("log records of version \(version)")
        }
        switch try reader.byte() {
        case 0:
            let worker = try reader.fixed(UInt16.self)
            let first = Step(try reader.fixed(UInt64.self))
            let last = Step(try reader.fixed(UInt64.self))
            return .records(
                Head(
                    worker: worker, lost: try reader.varint(), firstStep: first, lastStep: last,
                    count: try reader.varint(as: Int.self, atMost: maximumRecords)))
        case 1: return .sites
        case let kind: throw reader.failure("a log message of kind \(kind)")
        }
    }

    /// The records of a message whose head was read.
    static func records(
        _ head: Head, _ reader: inout ByteReader, zstd: Zstd
    ) throws(MalformedBytes) -> LogBatch {
        var stored: [ByteCount] = []
        var columns = ReadColumns(
            columns: try ColumnSet.read(columnNames, from: &reader, zstd: zstd, stored: &stored))
        guard reader.isAtEnd else { throw reader.failure("bytes behind the log records") }
        // A record takes at least a byte in this column, so that no claim reserves more than
        // it holds.
        guard head.count <= columns[.site].count else { throw columns[.site].failure("too short") }
        var batch = LogBatch(worker: head.worker, records: [], lost: head.lost)
        batch.records.reserveCapacity(head.count)
        var step: Step = 0
        var time: UInt64 = 0
        var index: UInt64 = 0
        for _ in 0..<head.count {
            let site = try columns[.site].next(as: UInt32.self)
            step = Step(try columns[.step].next(after: step.rawValue))
            // Exports decide by the head alone when a record is final, so it must be true.
            guard step >= head.firstStep, step <= head.lastStep else {
                throw columns[.step].failure("step \(step) is outside the message's range")
            }
            index = try columns[.index].next(after: index)
            guard let number = UInt32(exactly: index) else {
                throw columns[.index].failure("\(index) is too large")
            }
            time = try columns[.time].next(after: time)
            var record = LogRecord(
                step: step, index: number,
                operatorIndex: try columns[.operator].next(as: UInt16.self),
                ordinal: try columns[.ordinal].next(as: UInt32.self),
                subtask: SubtaskIndex(try columns[.subtask].next(as: UInt16.self)),
                time: RunTime(Int64(bitPattern: time)), site: site, values: [])
            let count = try columns[.valueCount].next(as: Int.self)
            guard count <= columns[.type].remaining else {
                throw columns[.type].failure("ends early")
            }
            for field in 0..<count {
                record.values.append(try columns.value(site: site, field: field))
            }
            batch.records.append(record)
        }
        for column in columns.columns { try column.finish() }
        return batch
    }

    /// The columns of a message while they are read.
    private struct ReadColumns {
        var columns: [ColumnReader]
        var integers = IntegerMemory()

        subscript(column: Column) -> ColumnReader {
            @inline(__always) get { columns[column.rawValue] }
            @inline(__always) _modify { yield &columns[column.rawValue] }
        }

        init(columns: [ColumnReader]) {
            // A column is found by its number, so none may be missing and none too many.
            precondition(
                columns.count == Column.text.rawValue + 1,
                "the columns of a message of records are \(columns.count)")
            self.columns = columns
        }

        mutating func value(site: UInt32, field: Int) throws(MalformedBytes) -> LogValue {
            switch try self[.type].byte() {
            case 0:
                let bits = try self[.integer].next(after: integers[site, field])
                integers[site, field] = bits
                return .integer(Int64(bitPattern: bits))
            case 1: return .double(Double(bitPattern: try self[.double].fixed()))
            case 2: return .flag(false)
            case 3: return .flag(true)
            case 4:
                let count = try self[.textLength].next(as: Int.self)
                let raw = try self[.text].slice(count)
                guard let text = String(validating: raw, as: UTF8.self) else {
                    throw self[.text].failure("text is not UTF-8")
                }
                return .text(text)
            case let type: throw self[.type].failure("a value of type \(type)")
            }
        }
    }

    /// A message of statements, of which the first has the number `first`.
    static func encode(_ sites: [LogSite], first: Int) -> [UInt8] {
        var writer = ByteWriter(reserving: sites.count * 64)
        writer.append(version)
        writer.append(1)
        writer.append(varint: UInt64(first))
        writer.append(varint: UInt64(sites.count))
        for site in sites {
            writer.append(site.level.rawValue)
            writer.append(string: site.message)
            writer.append(string: site.file)
            writer.append(varint: UInt64(site.line))
            writer.append(varint: UInt64(site.fields.count))
            for field in site.fields { writer.append(string: field) }
        }
        return writer.bytes
    }

    /// The statements of a message whose head was read; they must go on behind the `known`
    /// ones.
    static func sites(
        _ reader: inout ByteReader, known: Int
    ) throws(MalformedBytes) -> [LogSite] {
        let (first, sites) = try sites(&reader)
        guard first == known else {
            throw reader.failure("statement \(first) where \(known) was due")
        }
        return sites
    }

    /// The statements of a message whose head was read, and the number of the first one.
    static func sites(
        _ reader: inout ByteReader
    ) throws(MalformedBytes) -> (first: Int, sites: [LogSite]) {
        let first = try reader.varint(as: Int.self, atMost: maximumSites)
        let count = try reader.varint(
            // A statement takes at least five bytes, one for each of its parts.
            as: Int.self, atMost: min(maximumSites - first, reader.remaining / 5))
        var sites: [LogSite] = []
        for _ in 0..<count {
            let raw = try reader.byte()
            guard let level = LogLevel(rawValue: raw) else {
                throw reader.failure("level \(raw)")
            }
            var site = LogSite(
                level: level, message: try reader.string(), file: try reader.string(),
                line: try reader.varint(as: UInt32.self), fields: [])
            let fields = try reader.varint(as: Int.self, atMost: reader.remaining)
            for _ in 0..<fields { site.fields.append(try reader.string()) }
            sites.append(site)
        }
        guard reader.isAtEnd else { throw reader.failure("bytes behind the statements") }
        return (first, sites)
    }
}
