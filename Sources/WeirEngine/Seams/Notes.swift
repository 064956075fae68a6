package import WeirTelemetry

/// What an execution does, told at the moment it does it: the determinants of a run.
///
/// Every schedule tells it here and nowhere else, the parallel one, the drawn one and that of a
/// replay alike. The notes of a run that happens go into lanes, from where the recorder takes them
/// (`LaneNotes`); those of a replay are held against what the trace has (`ComparedNotes`).
///
/// In order, for each turn: `began`; then for each access to a cell `accessed`, and for each
/// publish to an edge that may drop `publishing`; then `ended`. A rest point is told with `rested`
/// while no turn is open. All of a turn's calls come from the thread that runs it.
package protocol Notes: AnyObject, Sendable {
    /// A turn begins: `turn.step` on `turn.subtask`. Before anything is taken out or run, so that
    /// no effect of a turn can be seen that was not noted.
    func began(_ choice: Choice, _ turn: TurnContext)

    /// A cell was taken at `step`.
    func accessed(step: UInt64, cell: UInt16, _ turn: TurnContext)

    /// `offered` messages are published to an edge that may drop; says what becomes of them, nil
    /// when the edge is full and fails.
    ///
    /// `decide` says what the edge's policy makes of them now. The edge's lock is held.
    func publishing(
        step: UInt64, outlet: UInt16, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]?

    /// The turn ended; its output was published once.
    func ended(_ account: TurnAccount, _ turn: TurnContext)

    /// A rest point was reached at `step`, at `time` microseconds since the start. `state` computes
    /// the digest of all state, which costs as much as there is state.
    func rested(step: UInt64, time: Int64, state: () -> StateDigest)

    /// An invariant was violated or an operator failed; told once each, at its step.
    func marked(_ mark: Mark)

    /// Where the log records of turns on this worker go; nil where they go nowhere.
    func logLane(worker: Int) -> LogLane?
}

/// Notes that take room, which has to be set aside before a note is due.
///
/// Schedules of runs that happen wait for room here with no number and no lock in hand: behind a
/// number nobody may wait, or those with later numbers would wait for it too. A replay writes no
/// notes, so its schedule knows nothing of room.
package protocol LiveNotes: Notes {
    /// Sets room aside for the notes of a turn, or of one step within it. Waits for it.
    func reserve(_ slots: Int, _ turn: TurnContext)

    /// Gives back room that was not needed.
    func release(_ slots: Int, _ turn: TurnContext)

    /// Sets room aside for a rest point whose digest has so many parts. Waits for it.
    func reserveRest(parts: Int)

    /// The same, without waiting; false when there is none just now. Only the clerk's thread.
    func tryReserveRest(parts: Int) -> Bool

    /// Gives back the room of a rest point that was not taken.
    func releaseRest(parts: Int)

    /// A worker goes on after it slept: notes will come, and who drains them may be asleep.
    func wake()

    /// Whether rest points are kept. Without that they cost their digest and nobody reads it.
    var keepsRests: Bool { get }
}
