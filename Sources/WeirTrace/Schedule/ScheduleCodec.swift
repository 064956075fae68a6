import WeirBase
import WeirTelemetry

/// The binary form of a stretch of the schedule.
///
/// A *block* is one message. It holds, in this order: a format version; the first step; the
/// number of steps and of ends; the turns that were open before it; the chain's hash before it;
/// the columns; the chain's hash behind it.
///
/// Columns hold differences against what the same subtask did before *within the block*, so that
/// what repeats is a run of zeros, which packs to nearly nothing. A block needs no other block
/// to be read, so a reader may begin anywhere.
///
/// The chain covers the raw bytes of all columns of all blocks so far. Somebody who changes a
/// count and mends every checksum still breaks it.
///
/// An end names its turn by its index among the open ones. That is a small number, and one that
/// cannot name a turn that never began.
enum ScheduleCodec {
    /// The version of blocks that this build writes.
    static let version: UInt8 = 2
    /// Blocks whose rest points have no markers; they are still read.
    static let versionWithoutMarkers: UInt8 = 1
    /// The columns in the order of the file.
    static let columnNames = [
        "kind", "subtask", "port", "count", "time", "turn", "wordCount", "word", "digest",
        "end", "accesses", "emittedCount", "emitted", "duration", "samplePresence", "sample",
    ]
    /// The maximum number of steps, and of ends, of one block. A larger claim is taken for
    /// damage.
    static let maximumEntries = 1 << 22
    /// The maximum number of turns that may be open at once. There are a few for each worker,
    /// however long they last.
    static let maximumOpen = 1 << 16
}

/// The columns of a block, each under its name: writers while a block is made, readers while it
/// is read.
///
/// They are stored properties and no array, as finding a column must cost nothing at every step.
struct ScheduleColumns<Column> {
    /// The kind of each step, one byte as it is.
    var kind: Column
    /// The subtask of each step that has one, as it is.
    var subtask: Column
    /// Inlets of turns, cells of accesses and outlets of publishes, each as the difference
    /// from the last of its own kind.
    var port: Column
    /// How much a turn takes, or how many messages a publish offers, as differences likewise.
    var count: Column
    /// The times of turns and rest points, each as the difference from the one before, of any
    /// subtask.
    var time: Column
    /// Which turn an access or a publish belongs to: 0 for the subtask's last, else how far
    /// it lies back.
    var turn: Column
    /// How many words a completion, a publish or a rest point has.
    var wordCount: Column
    /// Call numbers as differences; runs of publishes and markers of rest points as they are.
    var word: Column
    /// The digests of rest points, eight bytes each.
    var digest: Column
    /// Which open turn each end belongs to, by its index from the oldest on.
    var end: Column
    /// How many accesses each turn made, as differences.
    var accesses: Column
    /// How many outlets each turn has counts for, as differences.
    var emittedCount: Column
    /// How much each turn emitted on each outlet, as differences from the same outlet before.
    var emitted: Column
    /// How long each turn took, as a code of one byte.
    var duration: Column
    /// Which ends have a sample, one bit each.
    var samplePresence: Column
    /// The samples, eight bytes each.
    var sample: Column

    /// Takes columns in the order of `ScheduleCodec.columnNames`.
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
    /// Columns without bytes and without room.
    static var empty: Self {
        Self([ColumnWriter](repeating: ColumnWriter(), count: ScheduleCodec.columnNames.count))
    }

    /// Empties all columns and keeps their room.
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
    /// The step at which it began.
    var step: Step
    var subtask: SubtaskIndex
}

/// What a writer and a reader of blocks carry from one block to the next. Both must come to the
/// same, and the block's head holds the writer's for the reader to compare.
struct ScheduleState: Equatable, Sendable {
    /// The step that is due; the first step of a run is 1.
    var nextStep: Step = 1
    /// The turns without an end, in order of their steps.
    var open: [OpenTurn] = []
    /// The hash over all columns so far.
    var chain: UInt64 = 0

    /// The least step of which the turn may not have ended: all turns that began before it have.
    var earliestOpen: Step { min(open.first?.step ?? .max, nextStep) }

    /// Whether the open turns are in order, each of them once, and have begun before the step that
    /// is due. Costs a walk over them.
    ///
    /// It holds for a decoded file too, whatever is in it: the head of a block that says otherwise
    /// is refused.
    var isInOrder: Bool {
        var last: Step = .start
        for turn in open {
            guard turn.step > last, turn.step < nextStep else { return false }
            last = turn.step
        }
        return true
    }

    /// Takes a rest point into account. No turn is open there, so an end that is missing was
    /// lost.
    mutating func rest(at step: Step) {
        assert(step < nextStep, "a rest point at \(step), which is not before \(nextStep)")
        open.removeAll { $0.step < step }
        // Turns that began behind it, in the same block, stay open.
        assert(
            (open.first?.step ?? .max) > step,
            "the turn of step \(open.first?.step ?? 0) is open across the rest point at \(step)")
    }
}

/// What was last seen of a subtask within a block, for the differences.
///
/// A subtask mostly does the same again, turn by turn, so its own last values predict the next
/// best.
struct SubtaskMemory {
    /// The last inlet of a turn, the last cell of an access, the last outlet of a publish.
    var ports: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// The last count of a turn and of a publish.
    var counts: (UInt64, UInt64) = (0, 0)
    /// The step of its last turn, which an access or a publish mostly belongs to.
    var turn: Step = 0
    var accesses: UInt64 = 0
    var emittedCount: UInt64 = 0
    /// What it last emitted on each outlet.
    var emitted: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    /// The last call that one of its completions took.
    var call: UInt64 = 0
}

/// The memories of all subtasks met in a block. It grows to the largest number met, at most
/// 65,536.
struct SubtaskMemories {
    /// By the subtask's number.
    private var memories: [SubtaskMemory] = []

    subscript(subtask: SubtaskIndex) -> SubtaskMemory {
        @inline(__always) mutating get {
            grow(to: subtask.offset)
            return memories[subtask.offset]
        }
        @inline(__always) _modify {
            grow(to: subtask.offset)
            yield &memories[subtask.offset]
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
    /// The last emitted count of an outlet. Outlets from the fifth on share entries, on both
    /// sides alike.
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

/// Durations with three significant bits in one byte.
///
/// Up to 7 a duration is its own code. Above, four codes divide each power of two, which makes
/// 124 codes for all of 32 bits. What is read back is the middle of the code's range, wrong by
/// at most an eighth. A few codes that repeat pack far better than exact durations that never
/// do.
enum DurationCode {
    /// The code of a duration, in whatever unit; the schedule's are microseconds.
    static func code(_ duration: UInt32) -> UInt8 {
        if duration < 8 { return UInt8(duration) }
        // The power of two below the duration; 3 for 8 to 15.
        let exponent = 31 - duration.leadingZeroBitCount
        // The two bits behind the highest one.
        let mantissa = duration >> UInt32(exponent - 2) & 3
        let code = UInt8(8 + (exponent - 3) * 4) + UInt8(mantissa)
        assert(
            Self.duration(code).map {
                max($0, duration) - min($0, duration) <= duration / 8
            } ?? false,
            "a duration of \(duration) would be read back as \(Self.duration(code) ?? 0)")
        return code
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
