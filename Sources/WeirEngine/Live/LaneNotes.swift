package import WeirBase
package import WeirTelemetry

/// The notes of a run that happens: each goes into the lane of the worker that runs the turn.
///
/// For each turn the scheduler reserves `Subtask.turnSlots`, which is what the largest beginning
/// and the largest end of that subtask's turns take. `began` writes its note and remembers how many
/// slots it took; `ended` writes the other and gives back what is left. Accesses and publishes
/// reserve for themselves, in `beginExclusive`.
///
/// A lane has one writer, the thread with the worker's number; the rest lane belongs to the clerk,
/// or in a drawn run to whoever has the baton. The recorder drains them all. Without lanes nothing
/// is kept, and every call is a test of a constant and a return.
package final class LaneNotes: LiveNotes, @unchecked Sendable {
    // Unchecked: everything is constant; a worker's lane belongs to the thread with its number.

    private let lanes: LaneSet?
    private let logLanes: [LogLane]
    private let onIncident: @Sendable (Incident) -> Void

    /// Notes into `lanes`, or nowhere. `logLanes` has one lane by each worker's number, or none at
    /// all. `onIncident` is told of violations and failures on the thread that finds them, possibly
    /// with a cell locked: it must be quick and must not call back.
    package init(
        lanes: LaneSet?, logLanes: [LogLane],
        onIncident: @escaping @Sendable (Incident) -> Void
    ) {
        self.lanes = lanes
        self.logLanes = logLanes
        self.onIncident = onIncident
    }

    // MARK: Room

    /// Waits in the lane itself, which asks the recorder to drain it.
    package func reserve(_ slots: Int, _ turn: TurnContext) {
        assert(slots > 0, "room for \(slots) slots is set aside: every note takes one at least")
        lanes?.workers[turn.worker].reserve(slots)
    }

    package func release(_ slots: Int, _ turn: TurnContext) {
        assert(slots >= 0, "\(slots) slots are given back: more were used than set aside")
        lanes?.workers[turn.worker].release(slots)
    }

    package func reserveRest(parts: Int) { lanes?.rest.reserve(Self.restSlots(parts: parts)) }

    package func tryReserveRest(parts: Int) -> Bool {
        guard let lanes else { return true }
        // Without waiting: the clerk also wakes subtasks whose time has come, and these may not
        // have to wait until the recorder has written something.
        if lanes.rest.tryReserve(Self.restSlots(parts: parts)) { return true }
        // The recorder may be about to sleep. It is woken, so that a later attempt finds the room
        // that earlier rest points took.
        lanes.rest.askForRoom()
        return false
    }

    package func releaseRest(parts: Int) { lanes?.rest.release(Self.restSlots(parts: parts)) }

    /// A rest point's note carries one marker for each part, or for each stretch of parts in a wide
    /// plan, so that its size is bounded whatever the plan's.
    private static func restSlots(parts: Int) -> Int {
        NoteLane.restSlots(markers: StateDigest.markerCount(parts: parts))
    }

    package var keepsRests: Bool { lanes != nil }

    // MARK: Notes

    package func began(_ choice: Choice, _ turn: TurnContext) {
        guard let lanes, let subtask = turn.subtask else { return }
        let lane = lanes.workers[turn.worker]
        if choice.kind == .completion {
            turn.usedSlots = lane.noteCompletion(
                step: turn.step, subtask: subtask.index, calls: choice.calls, time: choice.time)
        } else {
            // All other kinds fit into one slot. A completion has further slots with the numbers of
            // the calls it takes, since a count alone would not say which.
            lane.noteTurn(
                step: turn.step, kind: choice.kind, subtask: subtask.index, inlet: choice.inlet,
                count: choice.count, time: choice.time)
            turn.usedSlots = 1
        }
        // Its end must find room without waiting, since it is noted with a number in hand.
        assert(
            turn.usedSlots < subtask.turnSlots,
            "the beginning of a turn of \(subtask.name) takes \(turn.usedSlots) of "
                + "\(subtask.turnSlots) slots and leaves none for its end")
    }

    package func accessed(step: Step, cell: CellIndex, _ turn: TurnContext) {
        guard let lanes, let subtask = turn.subtask else { return }
        lanes.workers[turn.worker].noteAccess(
            step: step, turn: turn.step, subtask: subtask.index, cell: cell)
        Probe.at(.accessNoted)
    }

    package func publishing(
        step: Step, outlet: ChannelIndex, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]? {
        let outcomes = decide()
        assert(
            outcomes.map { $0.count == offered } ?? true,
            "\(outcomes?.count ?? 0) outcomes for \(offered) messages of step \(step)")
        guard let lanes, let subtask = turn.subtask else { return outcomes }
        let lane = lanes.workers[turn.worker]
        let used = lane.notePublish(
            step: step, turn: turn.step, subtask: subtask.index, outlet: outlet,
            count: offered, runs: DropRun.pack(outcomes ?? []))
        assert(
            used <= NoteLane.maximumNoteSlots,
            "the publish of step \(step) takes \(used) of \(NoteLane.maximumNoteSlots) slots")
        // Room for the largest note was set aside before the lock, when nobody could know how many
        // runs the outcomes would make.
        lane.release(NoteLane.maximumNoteSlots - used)
        Probe.at(.dropNoted)
        return outcomes
    }

    package func ended(_ account: TurnAccount, _ turn: TurnContext) {
        guard let lanes, let subtask = turn.subtask else { return }
        let lane = lanes.workers[turn.worker]
        let outlets = subtask.outlets
        // On the stack, since this runs once a turn; one more than there are outlets, because an
        // empty allocation has no base address.
        let used = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: outlets.count + 1) {
            emitted in
            for (index, outlet) in outlets.enumerated() { emitted[index] = outlet.emitted }
            return lane.noteEnd(
                step: turn.step, accesses: account.accesses, duration: account.duration,
                sample: account.sample,
                emitted: UnsafeBufferPointer(rebasing: emitted[0..<outlets.count]))
        }
        assert(
            turn.usedSlots + used <= subtask.turnSlots,
            "a turn of \(subtask.name) takes \(turn.usedSlots) and \(used) slots, "
                + "\(subtask.turnSlots) are set aside for both notes")
        // Room was set aside for the largest notes that a turn of the subtask can have: what this
        // turn's beginning and its end did not take goes back.
        lane.release(subtask.turnSlots - turn.usedSlots - used)
        lane.ring()
    }

    package func rested(step: Step, time: RunTime, state: () -> StateDigest) {
        guard let lanes else { return }
        // The digest is computed here and not by the caller, so that a run that records nothing
        // does not pay for it.
        let state = state()
        lanes.rest.noteRest(step: step, time: time, digest: state.whole, markers: state.markers)
        lanes.rest.ring()
    }

    package func found(_ incident: Incident) { onIncident(incident) }

    package func logLane(worker: Int) -> LogLane? {
        worker < logLanes.count ? logLanes[worker] : nil
    }
}
