package import WeirBase

/// What a step of the total order is.
///
/// Every step has a number that no other step of the run has, and the numbers have no gaps. A
/// step either begins a turn, or happens within one, or stands between turns. The raw values
/// are part of the trace format: they never change meaning, and a new kind takes a new
/// number.
package enum StepKind: UInt8, CaseIterable, Sendable {
    // These begin turns.
    case input = 1
    case timer = 2
    case completion = 3
    case `continue` = 4
    case idle = 5
    case end = 6
    case failure = 7
    // These happen inside a turn; a publish may also come late, behind its turn's end.
    case access = 8
    case publish = 9
    // These stand between turns.
    case rest = 10
    case void = 11

    /// Whether a step of this kind begins a turn, which then has an `EndNote`.
    package var beginsTurn: Bool {
        switch self {
        case .input, .timer, .completion, .continue, .idle, .end, .failure: true
        case .access, .publish, .rest, .void: false
        }
    }

    /// The word for the kind in exports and in the debugger.
    package var name: String {
        switch self {
        case .input: "input"
        case .timer: "timer"
        case .completion: "completion"
        case .continue: "continue"
        case .idle: "idle"
        case .end: "end"
        case .failure: "failure"
        case .access: "access"
        case .publish: "publish"
        case .rest: "rest"
        case .void: "void"
        }
    }
}

/// One step of the total order: a determinant, something the program could not have computed.
///
/// The engine notes it into a lane, the recorder gathers it, and a replay follows it. It
/// holds which subtask did what on how much and when; the elements themselves are not in it,
/// as a replay makes them again. What has no meaning for a kind is zero.
package struct StepNote: Equatable, Sendable {
    /// Its number, from 1.
    package var step: Step
    package var kind: StepKind
    /// Which subtask; 0 for rest points and voids.
    package var subtask: SubtaskIndex = 0
    /// For the beginning of a turn the inlet, for an access the cell, for a publish the
    /// outlet.
    package var port: UInt16 = 0
    /// For the beginning of a turn how many elements or calls it takes, for a publish how
    /// many messages were offered.
    package var count: UInt32 = 0
    /// For the beginning of a turn and for a rest point the time.
    package var time: RunTime = 0
    /// For an access and a publish the step of its turn; for a late publish that of the
    /// subtask's last turn.
    package var turn: Step = 0
    /// The cell that an access is to.
    package var cell: CellIndex { CellIndex(port) }
    /// The inlet of a turn's beginning, the outlet of a publish.
    package var channel: ChannelIndex { ChannelIndex(port) }
    /// For a rest point the digest of all state.
    package var digest: UInt64 = 0
    /// Where its further numbers are in `ScheduleBatch.words`: the call numbers of a
    /// completion, the runs of a publish, the markers of a rest point.
    package var words: Range<Int> = 0..<0

    package init(step: Step, kind: StepKind) {
        self.step = step
        self.kind = kind
    }
}

/// The end of a turn: what it did. A replay compares it with what the turn does there.
package struct EndNote: Equatable, Sendable {
    /// The step at which the turn began.
    package var step: Step
    /// How many accesses to shared cells the turn made.
    package var accesses: UInt32
    /// How long it took, microseconds, read from the processor's time counter and so
    /// approximate. It is for people only and is not compared.
    package var duration: UInt32
    /// A hash over samples of what the subtask's turns so far wrote into state and emitted.
    /// Only every 64th turn of a subtask has one: eight bytes of a hash do not pack.
    package var sample: UInt64?
    /// Messages emitted per outlet, in `ScheduleBatch.emitted`.
    package var emitted: Range<Int>

    package init(
        step: Step, accesses: UInt32, duration: UInt32, sample: UInt64?, emitted: Range<Int>
    ) {
        self.step = step
        self.accesses = accesses
        self.duration = duration
        self.sample = sample
        self.emitted = emitted
    }
}

/// A stretch of the schedule: steps without gaps, and the ends of turns that were noted
/// meanwhile.
///
/// An end is in the batch of its beginning or in a later one. A batch with a rest point holds
/// the ends of all turns before it that no earlier batch holds. Further numbers of all notes
/// share two arrays, so that a note itself has a fixed size.
package struct ScheduleBatch: Equatable, Sendable {
    package var steps: [StepNote] = []
    package var ends: [EndNote] = []
    /// The further numbers of steps.
    package var words: [UInt64] = []
    /// The emitted counts of ends.
    package var emitted: [UInt32] = []

    package init() {}

    package var isEmpty: Bool { steps.isEmpty && ends.isEmpty }

    /// Empties it and keeps its room.
    package mutating func removeAll() {
        steps.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        emitted.removeAll(keepingCapacity: true)
    }

    /// The call numbers of a completion, the runs of a publish, the markers of a rest point.
    package func words(of note: StepNote) -> ArraySlice<UInt64> { words[note.words] }

    /// The messages emitted per outlet by a turn.
    package func emitted(of note: EndNote) -> ArraySlice<UInt32> { emitted[note.emitted] }
}

/// What a reader thread handed over. The raw values are part of the trace format.
package enum InputKind: UInt8, CaseIterable, Sendable {
    /// Bytes of the stream.
    case bytes = 0
    /// The file was replaced and is let go, so that an unfinished line of it ends here.
    case rotation = 1
    /// The file was cut or written anew, so that an unfinished line of it ends here.
    case truncation = 2
    /// No more bytes will come, so that an unfinished line ends here.
    case end = 3
    /// Reading failed; the bytes are the message in UTF-8.
    case failure = 4
    /// What follows is of another of the files that are followed; the offset is its number. Lines
    /// of different files do not mix.
    case file = 5
    /// NUL bytes at a file's beginning were passed over; the offset is how many.
    case nuls = 6
}

/// One piece of a source's input, in the order in which it was handed over.
///
/// A reader thread notes it before it hands the bytes over (rule 6), so that whatever a turn
/// has seen can be read again by a replay: from the trace or, of a file that stays, from the
/// file.
package struct InputBlock: Equatable, Sendable {
    /// The source, by its index in `RunHeader.sources`.
    package var source: UInt16
    /// Counts a source's blocks from 0 without gaps.
    package var index: UInt64
    package var kind: InputKind
    /// Where the block begins in the source's file; without a file, how many bytes came
    /// before it.
    package var offset: UInt64
    /// How many bytes it has, kept or not.
    package var length: UInt32
    /// `StableHash` of the bytes, by which a replay knows that it reads the same.
    package var hash: UInt64
    /// When it was read.
    package var time: RunTime
    /// The bytes themselves; nil where the file at the recorded path holds them.
    package var bytes: [UInt8]?

    package init(
        source: UInt16, index: UInt64, kind: InputKind, offset: UInt64, length: UInt32,
        hash: UInt64, time: RunTime, bytes: [UInt8]?
    ) {
        self.source = source
        self.index = index
        self.kind = kind
        self.offset = offset
        self.length = length
        self.hash = hash
        self.time = time
        self.bytes = bytes
    }
}

/// What an asynchronous call answered. A replay takes it from the trace and makes no call.
package struct CallResult: Equatable, Sendable {
    package var subtask: SubtaskIndex
    /// Counts the subtask's calls from 1.
    package var call: UInt64
    /// The canonical form of the result.
    package var bytes: [UInt8]

    package init(subtask: SubtaskIndex, call: UInt64, bytes: [UInt8]) {
        self.subtask = subtask
        self.call = call
        self.bytes = bytes
    }
}
