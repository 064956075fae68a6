import WeirBase
import WeirTelemetry

/// The binary form of a stretch of the schedule.
///
/// A *block* is one message: a format version, the first step, the number of steps and ends, the
/// turns that were open before it, the chain's hash before it; then the columns; then the chain's
/// hash behind it. Columns hold differences against what the same subtask did before within the
/// block, so that what repeats is a run of zeros; a block needs no other block to be read.
///
/// The chain covers the raw bytes of all columns of all blocks so far: somebody who changes a
/// count and mends every checksum still breaks it.
///
/// An end names its turn by its place among the open ones: a small number, and one that cannot
/// name a turn that never began.
enum ScheduleCodec {
    static let version: UInt8 = 2
    /// Blocks whose rest points have no markers.
    static let versionWithoutMarkers: UInt8 = 1
    static let columnNames = [
        "kind", "subtask", "port", "count", "time", "turn", "wordCount", "word", "digest",
        "end", "accesses", "emittedCount", "emitted", "duration", "samplePresence", "sample",
    ]
    /// Steps and ends of one block; larger claims are damage.
    static let maximumEntries = 1 << 22
    /// Turns that may be open at once: a few for each worker, however long they last.
    static let maximumOpen = 1 << 16
}

/// The columns of a block, each under its name.
///
/// Stored properties and no array: finding a column costs nothing on the way of every step.
struct ScheduleColumns<Column> {
    var kind: Column
    var subtask: Column
    var port: Column
    var count: Column
    var time: Column
    var turn: Column
    var wordCount: Column
    var word: Column
    var digest: Column
    var end: Column
    var accesses: Column
    var emittedCount: Column
    var emitted: Column
    var duration: Column
    var samplePresence: Column
    var sample: Column

    /// From columns in the order of `ScheduleCodec.columnNames`.
    init(_ columns: [Column]) {
        precondition(
            columns.count == ScheduleCodec.columnNames.count, "\(columns.count) columns")
        kind = columns[0]
        subtask = columns[1]
        port = columns[2]
        count = columns[3]
        time = columns[4]
        turn = columns[5]
        wordCount = columns[6]
        word = columns[7]
        digest = columns[8]
        end = columns[9]
        accesses = columns[10]
        emittedCount = columns[11]
        emitted = columns[12]
        duration = columns[13]
        samplePresence = columns[14]
        sample = columns[15]
    }

    /// The columns in the order of their names.
    var all: [Column] {
        [
            kind, subtask, port, count, time, turn, wordCount, word, digest, end, accesses,
            emittedCount, emitted, duration, samplePresence, sample,
        ]
    }
}

extension ScheduleColumns where Column == ColumnWriter {
    static var empty: Self {
        Self([ColumnWriter](repeating: ColumnWriter(), count: ScheduleCodec.columnNames.count))
    }

    mutating func removeAll() {
        kind.removeAll()
        subtask.removeAll()
        port.removeAll()
        count.removeAll()
        time.removeAll()
        turn.removeAll()
        wordCount.removeAll()
        word.removeAll()
        digest.removeAll()
        end.removeAll()
        accesses.removeAll()
        emittedCount.removeAll()
        emitted.removeAll()
        duration.removeAll()
        samplePresence.removeAll()
        sample.removeAll()
    }
}

/// A turn whose end was not met yet.
struct OpenTurn: Equatable, Sendable {
    var step: UInt64
    var subtask: UInt16
}

/// What a writer and a reader of blocks both carry from block to block.
struct ScheduleState: Equatable, Sendable {
    var nextStep: UInt64 = 1
    /// In order of steps.
    var open: [OpenTurn] = []
    var chain: UInt64 = 0

    /// All turns that began before this step have ended.
    var leastOpen: UInt64 { min(open.first?.step ?? .max, nextStep) }

    /// Takes a rest point into account: no turn is open there.
    mutating func rest(at step: UInt64) { open.removeAll { $0.step < step } }
}

/// What was last seen of a subtask within a block, for taking differences.
struct SubtaskMemory {
    var ports: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var counts: (UInt64, UInt64) = (0, 0)
    var turn: UInt64 = 0
    var accesses: UInt64 = 0
    var emittedCount: UInt64 = 0
    var emitted: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var call: UInt64 = 0
    var duration: UInt64 = 0
}

/// Memories of all subtasks met in a block; grows to the largest number met.
struct SubtaskMemories {
    private var memories: [SubtaskMemory] = []

    subscript(subtask: UInt16) -> SubtaskMemory {
        @inline(__always) mutating get {
            grow(to: Int(subtask))
            return memories[Int(subtask)]
        }
        @inline(__always) _modify {
            grow(to: Int(subtask))
            yield &memories[Int(subtask)]
        }
    }

    @inline(__always)
    private mutating func grow(to index: Int) {
        if index >= memories.count {
            memories.append(
                contentsOf: repeatElement(SubtaskMemory(), count: index + 1 - memories.count))
        }
    }
}

extension SubtaskMemory {
    /// The emitted count of an outlet before; outlets beyond the fourth share places.
    subscript(outlet outlet: Int) -> UInt64 {
        get {
            switch outlet & 3 {
            case 0: emitted.0
            case 1: emitted.1
            case 2: emitted.2
            default: emitted.3
            }
        }
        set {
            switch outlet & 3 {
            case 0: emitted.0 = newValue
            case 1: emitted.1 = newValue
            case 2: emitted.2 = newValue
            default: emitted.3 = newValue
            }
        }
    }
}

/// Durations with three significant bits: 120 codes, an error of at most an eighth.
enum DurationCode {
    static func code(_ duration: UInt32) -> UInt8 {
        if duration < 8 { return UInt8(duration) }
        let exponent = 31 - duration.leadingZeroBitCount
        let mantissa = duration >> UInt32(exponent - 2) & 3
        return UInt8(8 + (exponent - 3) * 4) + UInt8(mantissa)
    }

    /// The middle of what a code stands for; nil when no duration has that code.
    static func duration(_ code: UInt8) -> UInt32? {
        if code < 8 { return UInt32(code) }
        let exponent = UInt32(code - 8) / 4 + 3
        guard exponent <= 31 else { return nil }
        let lower = (4 | UInt32(code - 8) & 3) << (exponent - 2)
        return lower + (1 << (exponent - 2)) / 2
    }
}
