import WeirBase

import WeirEngine
import WeirTelemetry

/// The turns of a replay that have begun and not ended, one at most for each subtask.
///
/// Most turns begin and end with nothing in between. A turn that touches cells, or publishes to an
/// edge that may drop, is open while others take theirs. A turn that was in flight when its run
/// died has no recorded end: nobody knows how far it came beyond the last step that was noted of
/// it, so it is begun only when a later step needs it, and held at that last step until one does.
///
///     begin ──► deferred ──► running ──► ended
///                  │            │  ▲
///                  │            ▼  │ (only turns in flight go further)
///                  │         inside a cell ──► leaving it ──► held
///                  │            │                              │
///                  └────────────┴────────► running on ◄────────┘ ──► ended
///
/// Each method is one of the arrows and traps when the turn is not where the arrow begins.
struct OpenTurns {
    private enum State {
        /// Noted and not started. What it takes was moved out of its channel, so that later turns
        /// find what they found then.
        case deferred(ScheduledStep)
        /// Started: it goes on with each recorded step of it.
        case running(step: Step)
        /// Held before the closure of its last noted access, where its run may have died. A later
        /// access to the same cell tells that it came out of it.
        case inside(step: Step, cell: CellIndex)
        /// Let into that closure, to be held behind it.
        case leaving(step: Step)
        /// Held behind its last noted step.
        case held(step: Step)
        /// Goes on although the trace has no more steps of it: a later step needs what it did.
        case runningOn(step: Step)

        /// The step that the turn began with.
        var step: Step {
            switch self {
            case .deferred(let begun): begun.note.step
            case .running(let step), .leaving(let step), .held(let step), .runningOn(let step),
                .inside(let step, _):
                step
            }
        }

        var isDeferred: Bool { if case .deferred = self { true } else { false } }
    }

    /// The open turn of each subtask that has one, by the subtask's number. What is told of it is
    /// sorted, so that its order reaches nothing.
    private var states: [SubtaskIndex: State] = [:]

    // MARK: What is open

    var isEmpty: Bool { states.isEmpty }

    /// The step that a subtask's open turn began with, started or not; nil where none is open.
    func step(of subtask: SubtaskIndex) -> Step? { states[subtask]?.step }

    /// The same, where the turn was started.
    func startedStep(of subtask: SubtaskIndex) -> Step? {
        guard let state = states[subtask], !state.isDeferred else { return nil }
        return state.step
    }

    /// Subtasks whose turn was started, in order of their numbers.
    var started: [SubtaskIndex] { states.filter { !$0.value.isDeferred }.keys.sorted() }

    /// The steps that all open turns began with, by subtask.
    var steps: [SubtaskIndex: Step] { states.mapValues(\.step) }

    /// The least step that an open turn began with.
    var earliest: Step? { states.values.map(\.step).min() }

    /// The noted beginning of a turn that was not started; nil where there is none.
    func deferred(_ subtask: SubtaskIndex) -> ScheduledStep? {
        if case .deferred(let begun) = states[subtask] { begun } else { nil }
    }

    /// Whether a subtask's turn runs on beyond what the trace has of it.
    func isRunningOn(_ subtask: SubtaskIndex) -> Bool {
        if case .runningOn = states[subtask] { true } else { false }
    }

    /// The subtask whose turn is held before a closure of the cell; nil where none is. At most one
    /// is: the run had the cell locked for it.
    func holder(of cell: CellIndex) -> SubtaskIndex? {
        states.first {
            if case .inside(_, cell) = $0.value { true } else { false }
        }?.key
    }

    /// Walks the states: each turn begins with a step of its own, and a cell has one turn inside.
    func checkInvariants() {
        precondition(
            Set(states.values.map(\.step)).count == states.count, "two turns begin with one step")
        var cells: Set<CellIndex> = []
        for case .inside(_, let cell) in states.values {
            precondition(cells.insert(cell).inserted, "two turns are inside cell \(cell)")
        }
    }

    // MARK: What happens to them

    /// A turn in flight is noted, to be started when a later step needs what it does.
    mutating func put(off begun: ScheduledStep) {
        let subtask = begun.note.subtask
        precondition(states[subtask] == nil, "two turns of subtask \(subtask) are open")
        states[subtask] = .deferred(begun)
    }

    /// A turn is started, at once or after it was put off. One that `runsOn` is held nowhere any
    /// more.
    mutating func start(_ subtask: SubtaskIndex, step: Step, runsOn: Bool = false) {
        switch states[subtask] {
        case nil: break
        case .deferred(let begun):
            precondition(begun.note.step == step, "another turn was put off")
        case .running, .inside, .leaving, .held, .runningOn:
            preconditionFailure("a turn of subtask \(subtask) was started already")
        }
        states[subtask] = runsOn ? .runningOn(step: step) : .running(step: step)
    }

    /// A turn in flight stands before the closure of its last noted access.
    mutating func enter(_ subtask: SubtaskIndex, cell: CellIndex) {
        guard case .running(let step) = states[subtask] else {
            preconditionFailure("subtask \(subtask) enters a cell and does not run")
        }
        precondition(holder(of: cell) == nil, "two turns are inside cell \(cell)")
        states[subtask] = .inside(step: step, cell: cell)
    }

    /// A turn that is held before a closure is let into it: a later access to the cell tells that
    /// it came out.
    mutating func leave(_ subtask: SubtaskIndex) {
        guard case .inside(let step, _) = states[subtask] else {
            preconditionFailure("subtask \(subtask) leaves a cell that it is not inside")
        }
        states[subtask] = .leaving(step: step)
    }

    /// A turn has ended an access or a publish. True where it is held behind it, because it was let
    /// into the closure for that, or because the step was the last that was noted of it.
    mutating func hold(_ subtask: SubtaskIndex, isLastNoted: Bool) -> Bool {
        switch states[subtask] {
        case .leaving(let step):
            states[subtask] = .held(step: step)
            return true
        case .running(let step) where isLastNoted:
            states[subtask] = .held(step: step)
            return true
        case .running, .runningOn: return false
        case .deferred, .inside, .held, nil:
            preconditionFailure("subtask \(subtask) ends an access and does not run")
        }
    }

    /// A turn in flight goes on from wherever it is held, beyond what the trace has of it.
    mutating func runOn(_ subtask: SubtaskIndex) {
        switch states[subtask] {
        case .running(let step), .inside(let step, _), .held(let step), .runningOn(let step):
            states[subtask] = .runningOn(step: step)
        case .deferred, .leaving, nil:
            preconditionFailure("subtask \(subtask) runs on and is held nowhere")
        }
    }

    /// The turn that began with this step is over.
    mutating func end(_ subtask: SubtaskIndex, step: Step) {
        switch states[subtask] {
        case .running(step), .runningOn(step): states[subtask] = nil
        case .running, .runningOn, .deferred, .inside, .leaving, .held, nil:
            preconditionFailure("the turn of step \(step) ends and is not running")
        }
    }
}
