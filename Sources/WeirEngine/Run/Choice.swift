package import WeirBase
package import WeirTelemetry

/// What a turn takes: found by a look in a run, read in the trace in a replay.
///
/// Everything that a turn may do differently from another of the same subtask is in here, and all
/// of it is in the turn's note.
package struct Choice: Equatable, Sendable {
    /// What kind of turn it is; only the kinds that are turns.
    package var kind: StepKind
    /// Which inlet it takes from; only meaningful for input of a subtask that is no source.
    package var inlet: ChannelIndex = 0
    /// How many messages it takes, or elements of a source, or answered calls.
    package var count: UInt32 = 0
    /// A completion's calls, by their numbers. Their order is the order in which the operator gets
    /// the answers.
    package var calls: [UInt64] = []
    /// Processing time: the one clock reading of the turn.
    package var time: RunTime = 0

    package init(kind: StepKind) { self.kind = kind }
}

/// What a look at a subtask found. It influences which turn is taken, and nothing else.
package enum Look: Equatable, Sendable {
    /// A turn can be taken.
    case choice(Choice)
    /// Nothing can be taken now; at this time there may be something. Nil where only a notification
    /// can change that.
    case waiting(until: RunTime?)
    /// Nothing can be taken now or ever.
    case done
}

/// What a turn did, for the note of its end.
package struct TurnAccount: Sendable {
    /// How often it touched shared cells.
    package var accesses: UInt32
    /// How long it took, microseconds on the machine's time counter; approximate, and compared by
    /// nobody.
    package var duration: UInt32
    /// The hash of the values that the subtask's turns emitted and wrote so far, on every 64th
    /// turn.
    package var sample: UInt64?
}
