package import WeirBase

package import WeirTelemetry

/// What an execution does, told at the moment it does it: the determinants of a run.
///
/// Every schedule tells it here and nowhere else, the parallel one, the drawn one and that of a
/// replay alike. The notes of a run that happens go into lanes, from where the recorder takes them
/// (`LaneNotes`); those of a replay are held against what the trace has (`ComparedNotes`).
///
/// The calls of one turn come in this order, all of them from the thread that runs the turn:
///
/// 1. `began`, once, before anything is taken out or run.
/// 2. `accessed` for each access to a cell and `publishing` for each publish to an edge that may
///    drop, in the order in which they happen. Each is a step of its own, and each call is made
///    inside the lock that orders the step among its like.
/// 3. `found` for each violation or failure that is found on the way.
/// 4. `ended`, once, after the first attempt to publish.
///
/// An edge that may drop may also be published to when its turn is over already; `publishing` then
/// comes behind `ended` and names that turn. A rest point is told with `rested` while no turn is
/// open.
///
/// Whoever implements this must not call back into the execution: a cell's or an edge's lock may be
/// held. Nor may a call wait, since it is made with a step number in hand and everybody with a
/// later number would wait too.
package protocol Notes: AnyObject, Sendable {
    /// A turn begins at `turn.step` on `turn.subtask`, and takes what `choice` says.
    ///
    /// It is told before anything is taken out or run, so that no effect of a turn can be seen that
    /// was not noted. After a kill, a number without a note has therefore done nothing.
    func began(_ choice: Choice, _ turn: TurnContext)

    /// The turn has a cell to itself from now on; this access has the number `step`.
    ///
    /// Told inside the cell's lock and before the user's closure runs. A trap inside the closure so
    /// leaves the note of the access that led to it.
    func accessed(step: Step, cell: CellIndex, _ turn: TurnContext)

    /// `offered` messages are published to an edge that may drop, as the step `step`. The answer
    /// says what becomes of each of them, in their order; nil when the edge is full and its policy
    /// is to fail.
    ///
    /// `decide` computes what the edge's policy makes of them now. Notes of a run return its
    /// answer; those of a replay return what the trace says, and compare. The edge's lock is held
    /// (in a replay: the baton).
    func publishing(
        step: Step, outlet: ChannelIndex, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]?

    /// The turn ended and has tried once to publish its output. What found no room is published
    /// later, without a note on a blocking edge.
    func ended(_ account: TurnAccount, _ turn: TurnContext)

    /// A rest point was reached at `step`, at `time`.
    ///
    /// `state` computes the digest of all state. That costs as much as there is state that was
    /// touched since the last one, so it is a closure: notes that nobody keeps do not call it.
    func rested(step: Step, time: RunTime, state: () -> StateDigest)

    /// An invariant was violated or an operator failed: told once for each, with its step, on the
    /// thread that found it. An access's cell may be locked.
    func found(_ incident: Incident)

    /// Where the log records of turns on this worker go; nil where they go nowhere.
    func logLane(worker: Int) -> LogLane?
}

/// Notes that take room, which has to be set aside before a note is due.
///
/// Only schedules of runs that happen know this protocol, and they call it with no number and no
/// lock in hand: it may wait for the recorder, and behind a number nobody may wait, or those with
/// later numbers would wait for it too. A replay writes no notes, so its schedule knows nothing of
/// room.
///
/// Room is set aside for the largest notes that can come, in slots of 32 bytes, and what was not
/// used is given back once the real notes are written.
package protocol LiveNotes: Notes {
    /// Sets room aside in the lane of the turn's worker, for the notes of a turn or of one step
    /// within it. Waits for the recorder as long as there is none.
    func reserve(_ slots: Int, _ turn: TurnContext)

    /// Gives back room that was set aside and not needed. Only the thread that reserved it.
    func release(_ slots: Int, _ turn: TurnContext)

    /// Sets room aside for a rest point whose digest has so many parts, and waits for it. For a
    /// schedule without a clerk, which has nothing else to do meanwhile.
    func reserveRest(parts: Int)

    /// Sets the same room aside without waiting; false when there is none just now, and the rest
    /// point has to be asked for again later. Only the clerk's thread.
    func tryReserveRest(parts: Int) -> Bool

    /// Gives back the room of a rest point that was not taken.
    func releaseRest(parts: Int)

    /// Whether anybody keeps rest points. Where nobody does, the scheduler takes none for the
    /// record's sake: they would cost their digest and nobody would read it.
    var keepsRests: Bool { get }
}
