import Synchronization
package import WeirBase
import WeirTelemetry

/// Draws each choice of a simulated run from a seed, on a virtual clock.
///
/// It chooses among all turns that could be taken, how many elements they take, and, at each access
/// to a shared cell, who goes first. The same seed gives the same run, which is recorded like any
/// other. `SequentialScheduler` asks it, always from the thread that has the baton; only
/// `stepCount` is read elsewhere.
///
/// Nothing here waits for the machine's clock. The virtual one moves a microsecond with each turn,
/// and jumps to the next deadline when nothing is runnable.
package final class DrawingDirector: StepDirector {
    /// How many turns lie between two rest points, at least: one is taken when no turn is
    /// suspended. There is no time to go by, and a rest point costs a digest of what was touched.
    private static let restInterval = 500

    private var random: SeededGenerator
    private let outside: LiveOutside
    private let notes: any LiveNotes
    private var clock: RunClock { outside.clock }
    /// Steps taken so far. Atomic, because the sampler reads it from its own thread.
    private let taken = StepCounter()
    private var turnsSinceRest = 0
    /// After so many nanoseconds of the virtual clock the sources end; nil for no such end.
    private let duration: UInt64?

    /// Draws from `seed`, on the virtual clock of `outside`; the sources end after `duration`
    /// nanoseconds of it.
    package init(
        seed: UInt64, outside: LiveOutside, notes: any LiveNotes, duration: UInt64? = nil
    ) {
        assert(
            outside.clock.kind == .virtual,
            "a run that is drawn from seed \(seed) goes by the machine's clock")
        // A stream of its own, so that the subtasks' generators, which have the same seed, are
        // independent of the schedule.
        random = SeededGenerator(seed: seed, stream: 0x5C4E_D01E)
        self.outside = outside
        self.notes = notes
        self.duration = duration
    }

    package var stepCount: Step { taken.last }

    private func nextStep() -> Step { taken.next() }

    package func exclusiveStep(
        _ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext
    ) -> Step {
        notes.reserve(slots, turn)
        let step = nextStep()
        assert(step > turn.step, "step \(step) lies inside the turn that began at \(turn.step)")
        return step
    }

    /// At an access to a cell others may go first, by the draw. A publish goes on at once: drawing
    /// among turns varies what a consumer had taken by then.
    package func mayWait(_ purpose: ExclusivePurpose) -> Bool {
        if case .cell = purpose { true } else { false }
    }

    /// Only a replay of a run that died holds turns in their middle.
    package func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
    package func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
    package func mayPublishStep(_ turn: TurnContext) -> Bool { true }
    package func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext) {}

    /// Draws the next thing to do: to go on with a suspended turn, or to begin one. Loops until
    /// there is one, since the clock may have to jump first.
    package func decide(
        _ scheduler: SequentialScheduler, _ turn: TurnContext
    ) -> SequentialScheduler.Action {
        let execution = turn.execution
        while true {
            let suspended = suspendedAndAsking(scheduler, turn)
            // After a stop no turn begins, but those that have looked finish: suspended ones are
            // run to their ends, the first by number, with nothing drawn.
            if execution.isStopping {
                guard let first = suspended.first else { return .finish }
                return .resume(execution.subtasks[first])
            }
            if let duration, clock.now.nanoseconds >= Int64(duration), !execution.isEnding {
                execution.end()
            }
            // A drawn run has bounded channels too; whoever has room now publishes before anything
            // else is drawn.
            publishLeftovers(execution, suspended)
            // A state at which no turn is open, which a parallel run has at rest points only.
            if suspended.isEmpty { checkInvariants(execution) }
            if suspended.isEmpty, turnsSinceRest >= Self.restInterval { rest(execution) }
            var options: [SequentialScheduler.Action] = suspended.map {
                .resume(execution.subtasks[$0])
            }
            for subtask in execution.subtasks
            where !suspended.contains(subtask.index) && !subtask.hasUnpublished {
                for choice in subtask.choices(at: outside.present(isEnding: execution.isEnding)) {
                    options.append(.turn(subtask, choice, step: 0))
                }
            }
            if options.isEmpty {
                guard advanceClock(execution) else { return .finish }
                continue
            }
            // Uniformly, in an order that follows from the plan alone.
            return begin(options[random.below(options.count)], execution, turn)
        }
    }

    /// Suspended turns; a turn that asks from its own middle counts as one of them.
    private func suspendedAndAsking(
        _ scheduler: SequentialScheduler, _ turn: TurnContext
    ) -> [SubtaskIndex] {
        let suspended = scheduler.suspendedSubtasks
        guard let asking = turn.subtask?.index else { return suspended }
        assert(!suspended.contains(asking), "subtask \(asking) asks and is suspended")
        return (suspended + [asking]).sorted()
    }

    private func begin(
        _ action: SequentialScheduler.Action, _ execution: Execution, _ turn: TurnContext
    ) -> SequentialScheduler.Action {
        guard case .turn(let subtask, var choice, _) = action else { return action }
        assert(
            !subtask.hasUnpublished,
            "\(subtask.name) takes a turn, and what its last one emitted is not published")
        // One time in two, a batch of up to eight in the place of all that waits: small batches are
        // where other subtasks get between.
        if choice.kind == .input, choice.count > 1, random.below(2) == 0 {
            choice.count = UInt32(1 + random.below(min(Int(choice.count), 8)))
        }
        notes.reserve(subtask.turnSlots, turn)
        turnsSinceRest += 1
        clock.advance(to: clock.now + .microseconds(1))
        return .turn(subtask, choice, step: nextStep())
    }

    /// Publishes what finds room by now, for each subtask whose turn is not in its middle. With a
    /// context of its own: the asking thread's may belong to a turn that is suspended.
    private func publishLeftovers(_ execution: Execution, _ suspended: [SubtaskIndex]) {
        for subtask in execution.subtasks
        where subtask.hasUnpublished && !suspended.contains(subtask.index) {
            let context = TurnContext(execution: execution, worker: 0)
            _ = execution.publishLate(subtask, context)
        }
    }

    /// Checks conditions over several parts of the state, where no turn is open. It takes no step:
    /// the violation carries the last one.
    private func checkInvariants(_ execution: Execution) {
        guard execution.hasWideInvariants else { return }
        execution.lookAtRest(step: stepCount, time: clock.now)
    }

    /// Takes a rest point. There is no other thread to stand still.
    private func rest(_ execution: Execution) {
        turnsSinceRest = 0
        notes.reserveRest(parts: execution.partCount)
        notes.rested(step: nextStep(), time: clock.now) { execution.stateDigest() }
    }

    /// Jumps to the next deadline of all subtasks; false when there is none, and nothing will ever
    /// happen again.
    private func advanceClock(_ execution: Execution) -> Bool {
        var next: RunTime?
        for subtask in execution.subtasks {
            let look = subtask.look(at: outside.present(isEnding: execution.isEnding))
            if case .waiting(let until?) = look { next = min(next ?? until, until) }
        }
        guard let next, next > clock.now else { return false }
        clock.advance(to: next)
        return true
    }
}
