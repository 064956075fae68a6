import WeirBase
package import WeirTelemetry

/// Runs the steps of a recorded schedule, one at a time, in their order.
///
/// Turns that were in flight when the run died are started only when a later step needs them, and
/// held at their last noted access or publish until one does. At an access they are held twice:
/// before the cell's closure, where the run may have died, until a later access to the same cell
/// tells that it came to its end; and behind it.
package final class ReplayScheduler: SequentialScheduler, @unchecked Sendable {
    // Unchecked: as for `SequentialScheduler`.

    private let schedule: any ReplaySchedule
    /// The last step to run; more of them may be asked for later.
    package var lastStep: UInt64
    private var current: UInt64 = 0
    /// When the last turn began, microseconds since the start.
    private var time: Int64 = 0
    /// Turns in flight that are not started yet.
    private var deferred: [UInt16: ScheduledStep] = [:]
    /// Turns that are open: begun and not ended.
    private var open: [UInt16: UInt64] = [:]
    /// By cell: the subtask whose turn in flight is held before the closure of its last access.
    private var inside: [UInt16: UInt16] = [:]
    /// Subtasks whose turn in flight is behind that closure, and is to be held there.
    private var leaving: Set<UInt16> = []
    /// Subtasks whose turn in flight runs on although the trace has no more steps of it.
    private var forced: Set<UInt16> = []
    private var failure: (any Error)?
    package private(set) var divergence: Divergence?
    /// The last step that was run.
    package private(set) var reached: UInt64 = 0
    package private(set) var turns: UInt64 = 0
    private var publish: ScheduledStep?
    /// The last rest point whose digest was compared and agreed; 0 before the first.
    package private(set) var agreedRest: UInt64 = 0
    /// Rest points whose digests were compared and agreed.
    package private(set) var comparedRests = 0
    /// By cell: the subtasks that touched it since the rest point before.
    private var accessors: [UInt16: Set<UInt16>] = [:]
    /// By subtask: the first sample of its values that differed. The replay goes on until all
    /// parts are compared, to name the one that differed first.
    private var suspicions: [UInt16: Divergence] = [:]
    /// Called at each rest point, when its digest was compared.
    package var onRest: ((StepNote) -> Void)?
    /// Called between steps with the last one run.
    package var onProgress: ((UInt64) -> Void)?
    /// Called where no turn is open, before the next step is looked at.
    package var onQuiet: (() -> Void)?

    /// Told before a turn in flight is run on beyond what the trace has of it.
    ///
    /// Set it to have such turns run to their ends behind the last step, where they may trap as
    /// they did; nil leaves them where their run died.
    package var onRunningOn: ((_ turn: UInt64) -> Void)?

    /// Replays up to `lastStep`, or all there is.
    package init(_ schedule: any ReplaySchedule, through lastStep: UInt64 = .max) {
        self.schedule = schedule
        self.lastStep = lastStep
    }

    /// No turn that began before this step is open.
    package var leastOpenTurn: UInt64 {
        min(open.values.min() ?? .max, deferred.values.map(\.note.step).min() ?? .max, reached)
    }

    /// Why the schedule could not be read on; nil when it could.
    package var readFailure: (any Error)? { failure }

    /// Turns in flight: never started, or held where their run died.
    package var inFlight: [(subtask: UInt16, step: UInt64)] {
        let waiting =
            deferred.map { ($0.key, $0.value.note.step) } + open.map { ($0.key, $0.value) }
        return waiting.sorted { $0.1 < $1.1 }.map { (subtask: $0.0, step: $0.1) }
    }

    /// Notes the first disagreement; the replay ends there.
    package func diverge(_ found: Divergence) {
        if divergence == nil { divergence = soleSuspicion(before: found) ?? found }
    }

    /// Notes that sampled values of a subtask differ.
    ///
    /// They may have come from a stage before it, whose own samples are compared later: the replay
    /// goes on to the next rest point, the end, or a disagreement that cannot be passed.
    package func suspect(_ subtask: UInt16, _ found: Divergence) {
        if suspicions[subtask] == nil { suspicions[subtask] = found }
    }

    /// Whether sampled values differed, and nothing has told yet where that began.
    package var hasSuspicions: Bool { !suspicions.isEmpty }

    /// Ends the replay with what was suspected so far, if anything was.
    package func settleSuspicions() {
        if divergence == nil { divergence = soleSuspicion(before: nil) }
    }

    /// What was suspected of the subtask that stands first in the plan; nil when `found` is of one
    /// that stands before it.
    private func soleSuspicion(before found: Divergence?) -> Divergence? {
        guard let first = suspicions.keys.min() else { return nil }
        let other = execution?.subtasks.firstIndex { $0.name == found?.subtask }
        if let other, other < Int(first) { return nil }
        return suspicions[first]
    }

    /// The parts that differ, with those that were suspected.
    private func withSuspects(_ parts: [Int]) -> [Int] {
        Set(parts).union(suspicions.keys.map { Int($0) }).sorted()
    }

    /// Stops behind the step that runs; what called `resume` goes on then. For `onProgress`.
    package func pause() { lastStep = reached }

    /// Whether no turn is open, begun and not ended.
    package var isQuiet: Bool { open.isEmpty && deferred.isEmpty }

    /// What a suspended turn waits to do: nil for one that is held where its run died.
    package func isWaiting(_ subtask: UInt16) -> ExclusivePurpose? {
        suspendedSubtasks.contains(subtask) ? waiting[subtask] : nil
    }

    /// Subtasks whose open turn was in flight when the run died.
    package var inFlightSubtasks: Set<UInt16> {
        Set(open.filter { schedule.isInFlight($0.value) }.keys)
    }

    /// The turns that are open, by subtask: the steps of their beginnings.
    package var openTurns: [UInt16: UInt64] {
        open.merging(deferred.mapValues(\.note.step)) { begun, _ in begun }
    }

    /// Begins behind `step`, whose turns all ended. Before the first `resume` only.
    package func begin(behind step: UInt64, turns taken: UInt64) {
        reached = step
        current = step
        turns = taken
    }

    /// The recorded publish that is being carried out.
    package func takePublish() -> ScheduledStep? {
        defer { publish = nil }
        return publish
    }

    override func exclusiveStep(_ purpose: ExclusivePurpose, _ turn: TurnContext) -> UInt64 {
        current
    }

    override package func mayPublishStep(_ turn: TurnContext, outlet: UInt16) -> Bool {
        // Only where the trace has such a step of this turn next; else it comes later, or never.
        guard let subtask = turn.subtask, !isAbandoned else { return false }
        return !forced.contains(subtask.index)
    }

    /// A late publish was asked for by its own step: it is there already.
    override func mayWait(_ purpose: ExclusivePurpose) -> Bool { publish == nil }

    override func didFinish(_ turn: TurnContext) {
        for (subtask, step) in open where step == turn.step && isNotSuspended(subtask) {
            open[subtask] = nil
            forced.remove(subtask)
        }
    }

    private func isNotSuspended(_ subtask: UInt16) -> Bool { !suspendedSubtasks.contains(subtask) }

    override func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool {
        guard case .cell(let cell) = purpose, let subtask = turn.subtask,
            isLastNoted(subtask, turn)
        else { return false }
        inside[cell] = subtask.index
        return true
    }

    override func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool {
        guard let subtask = turn.subtask else { return false }
        if case .cell = purpose { return leaving.remove(subtask.index) != nil }
        return isLastNoted(subtask, turn)
    }

    /// Whether the step is the last of a turn in flight that nothing has asked to go on.
    private func isLastNoted(_ subtask: Subtask, _ turn: TurnContext) -> Bool {
        !forced.contains(subtask.index) && schedule.isInFlight(turn.step)
            && schedule.lastAccess(of: turn.step) == current
    }

    /// Lets a turn in flight run the closure that it is held before.
    private func leave(_ cell: UInt16, _ holder: UInt16) -> Action {
        guard let execution else { return .finish }
        inside[cell] = nil
        leaving.insert(holder)
        return .resume(execution.subtasks[Int(holder)])
    }

    override func decide(_ turn: TurnContext) -> Action {
        if let onQuiet, isQuiet { onQuiet() }
        while divergence == nil, failure == nil {
            if let asking = turn.subtask, forced.contains(asking.index),
                turn.step == open[asking.index]
            {
                guard case .cell(let cell)? = waiting[asking.index],
                    let holder = inside[cell], holder != asking.index
                else { return .resume(asking) }
                // The run had the cell locked there: whoever is inside goes first.
                if let step = open[holder] { onRunningOn?(step) }
                return leave(cell, holder)
            }
            let next: ScheduledStep
            do {
                guard let step = try schedule.peek(), step.note.step <= lastStep else {
                    checkInvariants()
                    return runOn(turn) ?? .finish
                }
                next = step
            } catch {
                failure = error
                return .finish
            }
            if let action = action(for: next, turn) { return action }
        }
        return .finish
    }

    /// What a step asks for; nil when it was dealt with, or when something else had to go first.
    private func action(for next: ScheduledStep, _ turn: TurnContext) -> Action? {
        guard let execution else { return .finish }
        let note = next.note
        if note.kind == .void {
            take(note)
            return nil
        }
        if note.kind == .rest {
            take(note)
            checkRest(next, execution)
            return nil
        }
        guard Int(note.subtask) < execution.subtasks.count else {
            diverge(
                Divergence(
                    step: note.step, subtask: "subtask \(note.subtask)",
                    expected: "a subtask of the plan", got: "\(execution.subtasks.count) subtasks"))
            return .finish
        }
        let subtask = execution.subtasks[Int(note.subtask)]
        if let begun = deferred[note.subtask] { return start(begun, subtask) }
        if note.kind.beginsTurn { return begin(next, subtask, turn) }
        return goOn(next, subtask, turn)
    }

    /// Between turns a replay sees more than the run could look at.
    private func checkInvariants() {
        guard let execution, execution.hasWideInvariants, open.isEmpty, !execution.isStopping
        else { return }
        execution.violatedAtRest(execution.checkAtRest(), step: reached, time: time)
    }

    private func take(_ note: StepNote) {
        checkInvariants()
        schedule.advance()
        if note.kind.beginsTurn || note.kind == .rest { time = note.time }
        reached = note.step
        current = note.step
        onProgress?(note.step)
    }

    private func checkRest(_ rest: ScheduledStep, _ execution: Execution) {
        let note = rest.note
        guard open.isEmpty else {
            let name = open.keys.sorted().map { execution.subtasks[Int($0)].name }[0]
            diverge(
                Divergence(
                    step: note.step, subtask: name, expected: "no open turn at a rest point",
                    got: "an open turn of \(name)"))
            return
        }
        onRest?(note)
        guard schedule.hasDigests else { return }
        let state = execution.stateDigest()
        guard state.whole != note.digest else {
            agreedRest = note.step
            comparedRests += 1
            accessors.removeAll(keepingCapacity: true)
            return
        }
        divergence = divergence(
            in: state.parts(differingFrom: rest.words), at: note.step,
            expected: "state \(note.digest.hexadecimal)",
            got: "state \(state.whole.hexadecimal)")
    }

    /// How it is said that these parts of the state differ.
    package func divergence(
        in parts: [Int], at step: UInt64, expected: String, got: String
    ) -> Divergence {
        let name = culprit(among: withSuspects(parts))
        let suspicion = suspicions.values.first { $0.subtask == name }
        if let suspicion { return suspicion }
        let earliest = suspicions.values.map(\.step).min() ?? step
        return Divergence(
            step: min(step, earliest), agreed: agreedRest, subtask: name, expected: expected,
            got: got,
            reason: "a value differs: other code, or something the run could not control, such as "
                + "a clock or a random number of its own; it may have come from a stage before")
    }

    /// The part to name where several differ: what flows on makes the parts behind it differ too.
    ///
    /// The first in the plan's order, whose stages stand behind those that feed them. A cell can
    /// be reached from anywhere: it is named instead when it differs, and the first subtask that
    /// does so neither touched it since the state agreed nor stands before all that did.
    private func culprit(among parts: [Int]) -> String {
        guard let execution else { return "the state" }
        let names = execution.partNames
        let subtasks = execution.subtasks.count
        let first = parts.first { $0 < subtasks }
        for part in parts where part >= subtasks {
            let touched = (accessors[UInt16(part - subtasks)] ?? []).sorted()
            guard let least = touched.first else { continue }
            if let first, touched.contains(UInt16(first)) || first < Int(least) { continue }
            let accessed = touched.map { execution.subtasks[Int($0)].name }
            return "\(names[part]) (touched by \(accessed.joined(separator: ", ")))"
        }
        return (first ?? parts.first).map { names[$0] } ?? "the state"
    }

    private func begin(
        _ next: ScheduledStep, _ subtask: Subtask, _ turn: TurnContext
    ) -> Action? {
        let note = next.note
        guard open[note.subtask] == nil else {
            // A turn in flight that a later turn of its own subtask follows must have ended.
            if let force = force(subtask, turn) { return force }
            diverge(
                Divergence(
                    step: note.step, subtask: subtask.name, expected: "a turn of kind \(note.kind)",
                    got: "the turn of step \(open[note.subtask] ?? 0) is still open",
                    reason: "it touches a cell that the recorded turn did not touch"))
            return .finish
        }
        if note.kind == .input, subtask.source == nil {
            guard Int(note.port) < subtask.inlets.count else {
                diverge(
                    Divergence(
                        step: note.step, subtask: subtask.name, expected: "inlet \(note.port)",
                        got: "\(subtask.inlets.count) inlets"))
                return .finish
            }
            let inlet = subtask.inlets[Int(note.port)]
            if inlet.waiting < Int(note.count) {
                if let producer = inlet.channel.producer, let action = force(producer, turn) {
                    return action
                }
                diverge(
                    Divergence(
                        step: note.step, subtask: subtask.name,
                        expected: "\(note.count) messages on \(inlet.channel.name)",
                        got: "\(inlet.waiting)",
                        reason: "\(inlet.channel.producer?.name ?? "its producer") emitted less "
                            + "than it did then"))
                return .finish
            }
        }
        take(note)
        if schedule.isInFlight(note.step) {
            deferred[note.subtask] = next
            if note.kind == .input, subtask.source == nil {
                subtask.inlets[Int(note.port)].takeAhead(Int(note.count))
            }
            return nil
        }
        return start(next, subtask)
    }

    private func start(_ begun: ScheduledStep, _ subtask: Subtask) -> Action {
        let note = begun.note
        deferred[note.subtask] = nil
        open[note.subtask] = note.step
        turns += 1
        var choice = Choice(kind: note.kind)
        choice.inlet = note.port
        choice.count = note.count
        choice.time = note.time
        choice.calls = begun.words
        return .turn(subtask, choice, step: note.step)
    }

    /// An access or a publish: the open turn goes on, or a publish comes late.
    private func goOn(
        _ next: ScheduledStep, _ subtask: Subtask, _ turn: TurnContext
    ) -> Action? {
        let note = next.note
        let purpose: ExclusivePurpose =
            note.kind == .access ? .cell(note.port) : .publish(note.port)
        if note.kind == .access, let holder = inside[note.port] {
            return leave(note.port, holder)
        }
        let isAsking = turn.subtask === subtask && open[note.subtask] != nil
        if isAsking || suspendedSubtasks.contains(note.subtask) {
            guard waiting[note.subtask] == purpose else {
                diverge(
                    Divergence(
                        step: note.step, subtask: subtask.name, expected: "\(purpose)",
                        got: waiting[note.subtask].map { "\($0)" } ?? "nothing"))
                return .finish
            }
            take(note)
            if note.kind == .publish {
                publish = next
            } else {
                accessors[note.port, default: []].insert(note.subtask)
            }
            return .resume(subtask)
        }
        guard case .publish(let outlet) = purpose, Int(outlet) < subtask.outlets.count else {
            diverge(
                Divergence(
                    step: note.step, subtask: subtask.name,
                    expected: "an access to cell \(note.port) in the turn of step \(note.turn)",
                    got: "that turn made none more"))
            return .finish
        }
        take(note)
        publish = next
        return .publish(subtask, outlet: outlet)
    }

    /// Behind the last step: the next turn in flight goes on, if that is wanted.
    private func runOn(_ turn: TurnContext) -> Action? {
        guard let onRunningOn, let execution, let next = inFlight.first else { return nil }
        let subtask = execution.subtasks[Int(next.subtask)]
        onRunningOn(next.step)
        let isDeferred = deferred[next.subtask] != nil
        guard let action = force(subtask, turn) else { return nil }
        if isDeferred { forced.insert(next.subtask) }
        return action
    }

    /// Lets a turn in flight go on because a later step needs what it did.
    ///
    /// The turn may be the very one that asks, at an access which the trace does not have.
    private func force(_ subtask: Subtask, _ turn: TurnContext) -> Action? {
        if let begun = deferred[subtask.index] { return start(begun, subtask) }
        guard let step = open[subtask.index], schedule.isInFlight(step),
            suspendedSubtasks.contains(subtask.index) || turn.subtask === subtask
        else { return nil }
        forced.insert(subtask.index)
        inside = inside.filter { $0.value != subtask.index }
        return .resume(subtask)
    }
}
