package import WeirBase
package import WeirEngine
package import WeirTelemetry

/// Holds what a replay does against what its run noted, and keeps the first disagreement.
///
/// It stands where a run that happens has its lanes. In order:
///
/// 1. The director reads a step of the schedule. Where the note says more than that the step
///    happened, at a rest point or a publish, it calls `expect` with it.
/// 2. The execution carries the step out and tells it here: `began`, `accessed`, `publishing`,
///    `ended`, `rested`, `found`.
/// 3. Here it is compared with what was expected, or with the turn's recorded end.
///
/// What differs for certain ends the replay (`diverge`): the director asks for `divergence` before
/// each step. A sampled value that differs is a suspicion until all state was compared
/// (`Suspicions` says why).
///
/// Logs, violations and the end are not compared here; `listeners` gives what they are made of to
/// whoever does.
package final class ComparedNotes: Notes, @unchecked Sendable {
    // Unchecked: a replay runs one step at a time; whoever has the baton is here alone.

    /// Who wants to hear what a replay does. All are called on the thread that has the baton, in
    /// the middle of the replay, and must not call back into it.
    package struct Listeners {
        /// Given the log records that were made since the last time, when a turn ends.
        package var logs: ((LogBatch) -> Void)?
        /// Given each violation and failure that the replay finds.
        package var incidents: ((Incident) -> Void)?
        /// Given the sample of values of each turn that took one.
        package var samples: ((_ turn: Step, _ sample: UInt64) -> Void)?
        /// Given all state at each rest point, before it is compared.
        package var rests: ((_ step: Step, _ time: RunTime, StateDigest) -> Void)?
    }

    /// How far turns were compared with their recorded ends.
    private struct Turns {
        var begun = TurnCount.zero
        var compared = TurnCount.zero
        /// The first turn that ended here and whose end was not recorded.
        var earliestUncompared: Step?
        /// The last turn of each subtask, by its number, whose sampled values agreed: what differs
        /// later came about behind it.
        var agreedSamples: [SubtaskIndex: Step] = [:]
    }

    private let schedule: RecordedSchedule
    private let lane: LogLane?
    /// Names the parts of the state in what is said of them; set before the first step.
    package weak var execution: Execution?
    package var listeners = Listeners()
    /// Violations and failures that the replay found, the first
    /// `EngineBounds.maximumKeptViolations`.
    package private(set) var incidents: [Incident] = []
    private var turns = Turns()
    private var suspicions = Suspicions()
    /// The first disagreement; nil as long as there is none.
    package private(set) var divergence: Divergence?
    /// Why the ends of turns could not be read on; nil when they could.
    package private(set) var readFailure: (any Error)?
    /// The noted step that is being carried out, where its note is needed for that.
    private var expected: ScheduledStep?
    /// Whether the replay was left behind: turns that still run count for nothing.
    private var isAbandoned = false

    /// Compares with the ends that `schedule` has; logs go through `logLane`, or nowhere.
    package init(_ schedule: RecordedSchedule, logLane: LogLane? = nil) {
        self.schedule = schedule
        lane = logLane
    }

    /// Begins with what a replay had found where its snapshot was taken. Before the first step.
    package func begin(incidents: [Incident], turns begun: TurnCount, compared: TurnCount) {
        assert(
            turns.begun == 0 && self.incidents.isEmpty,
            "what a snapshot had found is taken in behind \(turns.begun) turns")
        assert(compared <= begun, "\(compared) ends were compared of \(begun) turns")
        assert(
            incidents.count <= EngineBounds.maximumKeptViolations,
            "\(incidents.count) marks, at most \(EngineBounds.maximumKeptViolations) are kept")
        self.incidents = incidents
        (turns.begun, turns.compared) = (begun, compared)
    }

    /// Nothing that turns still do is looked at any more. Between steps only.
    package func abandon() { isAbandoned = true }

    // MARK: What was found

    /// Turns that were begun.
    package var begunTurns: TurnCount { turns.begun }
    /// Turns whose recorded ends were compared.
    package var comparedTurns: TurnCount { turns.compared }
    /// The first turn that ended here and whose end was not recorded.
    package var earliestUncompared: Step? { turns.earliestUncompared }
    /// The last rest point whose digest was compared and agreed; 0 before the first.
    package var agreedRest: Step { suspicions.agreedRest }
    /// Rest points whose digests were compared and agreed.
    package var comparedRests: Int { suspicions.comparedRests }
    /// Whether sampled values differed, and nothing has told yet where that began.
    package var hasSuspicions: Bool { !suspicions.isEmpty }

    /// Keeps the first disagreement; the replay ends there. Where a part that stands before it was
    /// suspected already, that is named instead.
    package func diverge(_ found: Divergence) {
        end(with: suspicions.sole(before: found, in: execution) ?? found)
    }

    /// Ends the replay with a disagreement, unless there was one before.
    private func end(with found: Divergence?) { divergence = divergence ?? found }

    /// Ends the replay with what was suspected so far, if anything was. Called where no further
    /// comparison can tell more.
    package func settleSuspicions() {
        end(with: suspicions.sole(before: nil, in: execution))
    }

    /// How it is said that these parts of the state, by their indices in a digest, differ.
    package func divergence(
        in parts: [Int], at step: Step, expected: String, got: String
    ) -> Divergence {
        suspicions.divergence(in: parts, at: step, expected: expected, got: got, execution)
    }

    // MARK: What the director knows

    /// This noted rest point or publish is carried out next. The director, before it lets it
    /// happen.
    func expect(_ step: ScheduledStep) {
        assert(
            step.note.kind == .publish || step.note.kind == .rest,
            "step \(step.note.step), of kind \(step.note.kind), is compared as it is carried out")
        assert(
            expected == nil,
            "step \(step.note.step) is expected before the one that was expected came")
        expected = step
    }

    /// Whether a noted publish was expected and is not carried out yet.
    var expectsPublish: Bool { expected?.note.kind == .publish }

    /// The noted step, for the one comparison that it is for.
    private func takeExpected() -> ScheduledStep? {
        defer { expected = nil }
        return expected
    }

    // MARK: Notes

    package func began(_ choice: Choice, _ turn: TurnContext) {
        if !isAbandoned { turns.begun += 1 }
    }

    package func accessed(step: Step, cell: CellIndex, _ turn: TurnContext) {
        guard !isAbandoned, let subtask = turn.subtask else { return }
        assert(
            execution.map { cell.isWithin($0.cells) } ?? true,
            "\(subtask.name) touches cell \(cell), which its plan has not")
        suspicions.accessed(cell, by: subtask.index)
    }

    package func publishing(
        step: Step, outlet: ChannelIndex, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]? {
        guard let subtask = turn.subtask, let recorded = takeExpected(),
            let outcomes = DropRun.unpack(recorded.words.map { UInt8($0 & 0xFF) })
        else { return nil }
        assert(
            recorded.note.kind == .publish && recorded.note.step == step,
            "step \(step) publishes, and a \(recorded.note.kind) of step "
                + "\(recorded.note.step) was expected")
        // A full `fail` edge noted no runs: nothing was published there.
        if outcomes.isEmpty { return nil }
        let decided = decide()
        if decided != outcomes {
            diverge(
                Divergence(
                    step: step, subtask: subtask.name,
                    expected: "\(recorded.note.count) messages published as recorded",
                    got: "\(offered) messages, of which others were dropped"))
            // What this code makes of the messages is carried out, so that the execution stays
            // whole; the replay ends anyway.
            return decided
        }
        return outcomes
    }

    package func ended(_ account: TurnAccount, _ turn: TurnContext) {
        if isAbandoned { return }
        drainLogs()
        if let sample = account.sample { listeners.samples?(turn.step, sample) }
        guard let subtask = turn.subtask else { return }
        do {
            // Nothing to compare with: the turn was in flight when its run died, or the end of the
            // trace is missing.
            guard let end = try schedule.takeEnd(of: turn.step) else {
                turns.earliestUncompared = min(turns.earliestUncompared ?? turn.step, turn.step)
                return
            }
            turns.compared += 1
            assert(
                turns.compared <= turns.begun,
                "\(turns.compared) ends were compared of \(turns.begun) turns")
            compare(account, of: subtask, turn, with: end)
        } catch {
            readFailure = error
        }
    }

    /// Holds a turn's end against the recorded one. Counts differ for certain. A hash of samples
    /// covers everything since the run's start, so that all behind a difference differ too: it is a
    /// suspicion.
    private func compare(
        _ account: TurnAccount, of subtask: Subtask, _ turn: TurnContext,
        with recorded: RecordedSchedule.RecordedEnd
    ) {
        let emitted = subtask.outlets.map(\.emitted)
        if emitted != recorded.emitted {
            diverge(
                divergence(
                    turn, subtask, expected: "emitted \(recorded.emitted)",
                    got: "emitted \(emitted)"))
        } else if account.accesses != recorded.accesses {
            diverge(
                divergence(
                    turn, subtask, expected: "\(recorded.accesses) accesses to cells",
                    got: "\(account.accesses)"))
        } else if schedule.hasDigests, account.sample != recorded.sample {
            suspicions.suspect(
                subtask.index,
                divergence(
                    turn, subtask, agreed: turns.agreedSamples[subtask.index] ?? 0,
                    expected: "values \(recorded.sample?.hexadecimal ?? "none")",
                    got: "values \(account.sample?.hexadecimal ?? "none")"))
        } else if account.sample != nil {
            assert(
                turn.step > turns.agreedSamples[subtask.index] ?? 0,
                "the samples of \(subtask.name) agree at step \(turn.step), behind a later one")
            turns.agreedSamples[subtask.index] = turn.step
        }
    }

    private func divergence(
        _ turn: TurnContext, _ subtask: Subtask, agreed: Step? = nil, expected: String,
        got: String
    ) -> Divergence {
        Divergence(
            step: turn.step, agreed: agreed, subtask: subtask.name, expected: expected, got: got,
            reason: "other code, or something the run could not control (a clock, a random "
                + "number or the order of a dictionary of its own)")
    }

    package func rested(step: Step, time: RunTime, state: () -> StateDigest) {
        guard let recorded = takeExpected() else { return }
        assert(
            recorded.note.kind == .rest && recorded.note.step == step,
            "step \(step) rests, and a \(recorded.note.kind) of step \(recorded.note.step) was "
                + "expected")
        let state = state()
        listeners.rests?(step, time, state)
        guard schedule.hasDigests else { return }
        if state.whole == recorded.note.digest { return suspicions.agree(at: step) }
        // What is suspected was looked through for the name already.
        end(
            with: divergence(
                in: state.parts(differingFrom: recorded.words), at: step,
                expected: "state \(recorded.note.digest.hexadecimal)",
                got: "state \(state.whole.hexadecimal)"))
    }

    package func found(_ incident: Incident) {
        if isAbandoned { return }
        listeners.incidents?(incident)
        // A replay of a trace with endless violations must not grow without bound.
        if incidents.count < EngineBounds.maximumKeptViolations { incidents.append(incident) }
    }

    /// One lane for all: one turn runs at a time.
    package func logLane(worker: Int) -> LogLane? { lane }

    /// Gives what the log lane holds to the listener. At each turn's end, so that the lane need
    /// only hold one turn's records.
    package func drainLogs() {
        if let batch = lane?.drain(worker: 0) { listeners.logs?(batch) }
    }
}
