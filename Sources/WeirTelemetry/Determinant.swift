/// What a step of the total order is.
///
/// Raw values are part of the trace format; a new kind takes a new number.
package enum StepKind: UInt8, CaseIterable, Sendable {
    // Beginnings of turns.
    case input = 1
    case timer = 2
    case completion = 3
    case `continue` = 4
    case idle = 5
    case end = 6
    case failure = 7
    // Inside a turn, or late.
    case access = 8
    case publish = 9
    // Between turns.
    case rest = 10
    case void = 11

    /// Whether a step of this kind begins a turn.
    package var beginsTurn: Bool {
        switch self {
        case .input, .timer, .completion, .continue, .idle, .end, .failure: true
        case .access, .publish, .rest, .void: false
        }
    }

    /// The name in exports.
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

/// One step of the total order: a determinant that the program could not have computed.
package struct StepNote: Equatable, Sendable {
    package var step: UInt64
    package var kind: StepKind
    /// Which subtask; 0 for rest points and voids.
    package var subtask: UInt16 = 0
    /// Beginning of a turn: the inlet. Access: the cell. Publish: the outlet.
    package var port: UInt16 = 0
    /// Beginning of a turn: how many elements, or calls. Publish: how many messages were offered.
    package var count: UInt32 = 0
    /// Beginning of a turn and rest point: microseconds since the run's start.
    package var time: Int64 = 0
    /// Access and publish: the step of the turn (of a late publish, of the subtask's last turn).
    package var turn: UInt64 = 0
    /// Rest point: the digest of all state. 0 elsewhere.
    package var digest: UInt64 = 0
    /// Completion: the call numbers. Publish: the runs, one per word. Rest point: the markers of
    /// the state's parts. In `ScheduleBatch.words`.
    package var words: Range<Int> = 0..<0

    package init(step: UInt64, kind: StepKind) {
        self.step = step
        self.kind = kind
    }
}

/// The end of a turn: what it did, to be compared by a replay.
package struct EndNote: Equatable, Sendable {
    /// The step at which the turn began.
    package var step: UInt64
    package var accesses: UInt32
    /// Approximate, microseconds, on the processor's time counter.
    package var duration: UInt32
    /// A hash of the canonical form of the last element on each outlet, on every 64th turn.
    package var sample: UInt64?
    /// Messages emitted per outlet, in `ScheduleBatch.emitted`.
    package var emitted: Range<Int>

    package init(
        step: UInt64, accesses: UInt32, duration: UInt32, sample: UInt64?, emitted: Range<Int>
    ) {
        self.step = step
        self.accesses = accesses
        self.duration = duration
        self.sample = sample
        self.emitted = emitted
    }
}

/// A stretch of the schedule: steps without gaps, and the ends of turns that were noted meanwhile.
///
/// An end lies in the batch of its beginning or in a later one. A batch with a rest point holds
/// the ends of all turns before it that no earlier batch holds.
package struct ScheduleBatch: Equatable, Sendable {
    package var steps: [StepNote] = []
    package var ends: [EndNote] = []
    package var words: [UInt64] = []
    package var emitted: [UInt32] = []

    package init() {}

    package var isEmpty: Bool { steps.isEmpty && ends.isEmpty }

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

/// What a reader thread handed over.
package enum InputKind: UInt8, CaseIterable, Sendable {
    /// Bytes of the stream.
    case bytes = 0
    /// The file was replaced and is let go: an unfinished line of it ends here.
    case rotation = 1
    /// The file was cut or written anew: an unfinished line of it ends here.
    case truncation = 2
    /// No more bytes will come: an unfinished line ends here.
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
package struct InputBlock: Equatable, Sendable {
    package var source: UInt16
    /// Counts a source's blocks from 0 without gaps.
    package var index: UInt64
    package var kind: InputKind
    /// Where the block begins in the source's file; how many bytes came before it elsewhere.
    package var offset: UInt64
    package var length: UInt32
    /// `StableHash` of the bytes.
    package var hash: UInt64
    /// Microseconds since the run's start.
    package var time: Int64
    /// The bytes themselves; nil where the file at the recorded path holds them.
    package var bytes: [UInt8]?

    package init(
        source: UInt16, index: UInt64, kind: InputKind, offset: UInt64, length: UInt32,
        hash: UInt64, time: Int64, bytes: [UInt8]?
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

/// What an asynchronous call answered.
package struct CallResult: Equatable, Sendable {
    package var subtask: UInt16
    /// Counts the subtask's calls from 1.
    package var call: UInt64
    /// The canonical form of the result.
    package var bytes: [UInt8]

    package init(subtask: UInt16, call: UInt64, bytes: [UInt8]) {
        self.subtask = subtask
        self.call = call
        self.bytes = bytes
    }
}
