import Synchronization
package import WeirBase

/// A ring of log records, written by one worker and drained by the recorder.
///
/// The worker asks for a statement's number with `site` and adds a record with `append`; the
/// recorder takes everything there is with `drain`. Neither ever waits for the other.
///
/// Telemetry has room of its own (rule 2). A record that finds none is dropped and counted,
/// because a replay makes it again. For the same reason the ring is in plain memory and not
/// in a mapped file: what a kill loses of it a replay makes again.
package final class LogLane: @unchecked Sendable {
    // Unchecked: `head` and `site` caches belong to the worker, `drained` to the recorder.

    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    /// How many bytes the recorder has taken.
    private let tail = Atomic<Int>(0)
    /// How many bytes of whole records the worker has written.
    private let published = Atomic<Int>(0)
    /// Records that found no room.
    private let dropped = Atomic<UInt64>(0)
    /// The worker's own copy of `published`.
    private var head = 0
    /// The recorder's own copy of `tail`.
    private var drained = 0
    /// How many dropped records the recorder has told of.
    private var seenDropped: UInt64 = 0
    /// Where the worker encodes a record before it is known whether there is room. Kept for
    /// its room.
    private var scratch = ByteWriter(reserving: 512)
    /// The numbers of the statements that this worker has met.
    private var knownSites: [SiteKey: UInt32] = [:]
    private let sites: LogSites

    /// What tells one statement from another without comparing text: the addresses of its
    /// constants.
    ///
    /// Addresses differ from run to run, and only ever serve to find a number; the number's
    /// statement is compared in full by `LogSites`.
    private struct SiteKey: Hashable {
        // The level is part of it, as one statement may be made with a level that varies. So
        // is the file: equal texts of several files are one constant in the executable.
        var level: LogLevel
        var message: UInt
        var file: UInt
        var line: UInt32
        var names: UInt
    }

    /// An empty lane of `capacity` bytes, a power of two with room for several of the longest
    /// records.
    package init(capacity: Int, sites: LogSites) {
        precondition(
            capacity >= 4 * TelemetryBounds.maximumLogRecordBytes.count
                && capacity & (capacity - 1) == 0)
        self.capacity = capacity
        self.sites = sites
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// How many records found no room so far. Any thread.
    package var droppedCount: UInt64 { dropped.load(ordering: .relaxed) }

    /// The number of a statement. The worker; costs a look into a dictionary, and a lock the
    /// first time.
    package func site(
        level: LogLevel, message: StaticString, file: StaticString, line: UInt32,
        fields: LogFields
    ) -> UInt32 {
        var names: UInt = 0
        for field in fields.elements { names = names &* 31 &+ Self.address(field.name) }
        let key = SiteKey(
            level: level, message: Self.address(message), file: Self.address(file), line: line,
            names: names)
        if let known = knownSites[key] { return known }
        let number = sites.number(
            of: LogSite(
                level: level, message: "\(message)", file: "\(file)", line: line,
                fields: fields.elements.map { "\($0.name)" }))
        knownSites[key] = number
        return number
    }

    /// Where a constant is in the executable; 0 for one so short that it has no address.
    private static func address(_ text: StaticString) -> UInt {
        text.hasPointerRepresentation ? UInt(bitPattern: text.utf8Start) : 0
    }

    /// Adds a record, or drops and counts it when there is no room. The worker.
    package func append(_ record: LogRecord, fields: LogFields) {
        scratch.removeAll()
        scratch.append(fixed: UInt32(0))
        scratch.append(fixed: record.site)
        scratch.append(fixed: record.step.rawValue)
        scratch.append(fixed: record.index)
        scratch.append(fixed: record.operatorIndex)
        scratch.append(fixed: record.subtask.rawValue)
        scratch.append(fixed: record.ordinal)
        scratch.append(fixed: record.time.rawValue)
        scratch.append(fixed: UInt16(fields.elements.count))
        for field in fields.elements {
            LogRecord.encode(
                field.value, into: &scratch,
                room: TelemetryBounds.maximumLogRecordBytes.count - scratch.count)
        }
        // The record's own length in front.
        scratch.patch(fixed: UInt32(scratch.count), at: 0)
        let count = scratch.count
        if head + count - tail.load(ordering: .acquiring) > capacity {
            dropped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        scratch.bytes.withUnsafeBytes { copyIn($0) }
        head += count
        published.store(head, ordering: .releasing)
    }

    /// Copies a record into the ring; what does not fit before its end goes on at its
    /// beginning.
    private func copyIn(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        let start = head & (capacity - 1)
        let first = min(bytes.count, capacity - start)
        (memory + start).copyMemory(from: source, byteCount: first)
        if first < bytes.count {
            memory.copyMemory(from: source + first, byteCount: bytes.count - first)
        }
    }

    /// Walks the ring: its ends, and that records lie one behind the other up to the last.
    ///
    /// On the one thread that uses the lane.
    package func checkInvariants() {
        let (given, end) = (tail.load(ordering: .acquiring), published.load(ordering: .acquiring))
        precondition(end == head, "records are published to \(end) and written to \(head)")
        precondition(given == drained, "records are given back to \(given), drained to \(drained)")
        precondition(
            given <= end && end - given <= capacity,
            "records from \(given) to \(end) in a ring of \(capacity) bytes")
        precondition(seenDropped <= dropped.load(ordering: .relaxed), "drops were told before")
        var position = given
        while position < end {
            var length = 0
            for byte in 0..<4 {
                let index = (position + byte) & (capacity - 1)
                length |= Int(memory.load(fromByteOffset: index, as: UInt8.self)) << (8 * byte)
            }
            precondition(length > 4 && length <= end - position, "a record of \(length) bytes")
            position += length
        }
    }

    /// Takes everything there is; nil when there is nothing to tell. The recorder, whose own
    /// it is then.
    package func drain(worker: UInt16) -> LogBatch? {
        let end = published.load(ordering: .acquiring)
        let allDropped = dropped.load(ordering: .relaxed)
        let lost = allDropped - seenDropped
        seenDropped = allDropped
        if end == drained {
            return lost == 0 ? nil : LogBatch(worker: worker, records: [], lost: lost)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end - drained)
        let start = drained & (capacity - 1)
        let first = min(end - drained, capacity - start)
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: memory + start, count: first))
        if first < end - drained {
            bytes.append(
                contentsOf: UnsafeRawBufferPointer(start: memory, count: end - drained - first))
        }
        drained = end
        // The bytes were copied, so the worker may have the room before they are decoded.
        tail.store(end, ordering: .releasing)
        var records: [LogRecord] = []
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            guard let record = try? LogRecord(from: &reader) else {
                preconditionFailure("a log lane holds what no worker wrote")
            }
            records.append(record)
        }
        return LogBatch(worker: worker, records: records, lost: lost)
    }
}

extension LogRecord {
    /// Reads a record as `append` wrote it.
    fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
        _ = try reader.fixed(UInt32.self)
        let site = try reader.fixed(UInt32.self)
        let step = Step(try reader.fixed(UInt64.self))
        let index = try reader.fixed(UInt32.self)
        let operatorIndex = try reader.fixed(UInt16.self)
        let subtask = SubtaskIndex(try reader.fixed(UInt16.self))
        let ordinal = try reader.fixed(UInt32.self)
        let time = RunTime(try reader.fixed(Int64.self))
        let count = try reader.fixed(UInt16.self)
        var values: [LogValue] = []
        for _ in 0..<count { values.append(try Self.decodeValue(&reader)) }
        self.init(
            step: step, index: index, operatorIndex: operatorIndex, ordinal: ordinal,
            subtask: subtask, time: time, site: site, values: values)
    }

    /// Writes a value with its type in front. Text beyond `room` bytes is cut and ends with
    /// an ellipsis.
    package static func encode(_ value: LogValue, into writer: inout ByteWriter, room: Int) {
        switch value {
        case .integer(let number):
            writer.append(0)
            writer.append(signedVarint: number)
        case .double(let number):
            writer.append(1)
            writer.append(fixed: number.bitPattern)
        case .flag(let flag):
            writer.append(flag ? 3 : 2)
        case .text(let text):
            writer.append(4)
            if text.utf8.count <= max(0, room) {
                writer.append(string: text)
            } else {
                // Whole characters only, so that what is read back is text. Eight bytes are
                // kept for the ellipsis and the text's length.
                var kept = 0
                var end = text.startIndex
                for scalar in text.unicodeScalars {
                    let size = UTF8.width(scalar)
                    if kept + size > max(0, room - 8) { break }
                    kept += size
                    end = text.unicodeScalars.index(after: end)
                }
                writer.append(string: String(text[..<end]) + "…")
            }
        }
    }

    /// Reads a value as `encode` writes it.
    package static func decodeValue(
        _ reader: inout ByteReader
    ) throws(MalformedBytes) -> LogValue {
        switch try reader.byte() {
        case 0: return .integer(try reader.signedVarint())
        case 1: return .double(Double(bitPattern: try reader.fixed(UInt64.self)))
        case 2: return .flag(false)
        case 3: return .flag(true)
        case 4: return .text(try reader.string())
        case let tag: throw reader.failure("unknown type of value \(tag)")
        }
    }
}
