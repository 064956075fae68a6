import Synchronization
import WeirBase
import WeirTelemetry

/// Draws each choice of a simulated run from a seed, on a virtual clock.
///
/// Chooses among all turns that could be taken, how many elements they take, and, at each access
/// to a shared cell, who goes first. The same seed gives the same run. The clock jumps to the next
/// deadline when nothing is runnable, and moves a microsecond with each turn.
package final class DrawingDirector: StepDirector {
    /// A rest point after so many turns, when no turn is suspended.
    private static let restInterval = 500

    private var random: SeededGenerator
    private let outside: LiveOutside
    private let notes: any LiveNotes
    private var clock: RunClock { outside.clock }
    /// Taken so far; the sampler reads it from its own thread.
    private let taken = Atomic<UInt64>(0)
    private var turnsSinceRest = 0
    private let duration: UInt64?

    /// Draws from `seed`, on the virtual clock of `outside`; the sources end after `duration`
    /// nanoseconds of it.
    package init(
        seed: UInt64, outside: LiveOutside, notes: any LiveNotes, duration: UInt64? = nil
    ) {
        random = SeededGenerator(seed: seed, stream: 0x5C4E_D01E)
        self.outside = outside
        self.notes = notes
        self.duration = duration
    }

    package var stepCount: UInt64 { taken.load(ordering: .relaxed) }

    private func nextStep() -> UInt64 { taken.wrappingAdd(1, ordering: .relaxed).newValue }

    package func exclusiveStep(
        _ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext
    ) -> UInt64 {
        notes.reserve(slots, turn)
        return nextStep()
    }

    package func mayWait(_ purpose: ExclusivePurpose) -> Bool {
        if case .cell = purpose { true } else { false }
    }

    package func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
    package func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
    package func mayPublishStep(_ turn: TurnContext) -> Bool { true }
    package func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext) {}

    package func decide(
        _ scheduler: SequentialScheduler, _ turn: TurnContext
    ) -> SequentialScheduler.Action {
        let execution = turn.execution
        while true {
            let suspended = suspendedAndAsking(scheduler, turn)
            if execution.isStopping {
                guard let first = suspended.first else { return .finish }
                return .resume(execution.subtasks[Int(first)])
            }
            if let duration, clock.nanoseconds >= Int64(duration), !execution.isEnding {
                execution.end()
            }
            publishLeftovers(execution, suspended)
            if suspended.isEmpty { checkInvariants(execution) }
            if suspended.isEmpty, turnsSinceRest >= Self.restInterval { rest(execution) }
            var options: [SequentialScheduler.Action] = suspended.map {
                .resume(execution.subtasks[Int($0)])
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
            return begin(options[random.below(options.count)], execution, turn)
        }
    }

    /// Suspended turns; a turn that asks from its own middle counts as one of them.
    private func suspendedAndAsking(
        _ scheduler: SequentialScheduler, _ turn: TurnContext
    ) -> [UInt16] {
        let suspended = scheduler.suspendedSubtasks
        guard let asking = turn.subtask?.index else { return suspended }
        return (suspended + [asking]).sorted()
    }

    private func begin(
        _ action: SequentialScheduler.Action, _ execution: Execution, _ turn: TurnContext
    ) -> SequentialScheduler.Action {
        guard case .turn(let subtask, var choice, _) = action else { return action }
        if choice.kind == .input, choice.count > 1, random.below(2) == 0 {
            choice.count = UInt32(1 + random.below(min(Int(choice.count), 8)))
        }
        notes.reserve(subtask.turnSlots, turn)
        turnsSinceRest += 1
        clock.advance(to: clock.nanoseconds + 1_000)
        return .turn(subtask, choice, step: nextStep())
    }

    private func publishLeftovers(_ execution: Execution, _ suspended: [UInt16]) {
        for subtask in execution.subtasks
        where subtask.hasUnpublished && !suspended.contains(subtask.index) {
            let context = TurnContext(execution: execution, worker: 0)
            _ = execution.publishLate(subtask, context)
        }
    }

    private func checkInvariants(_ execution: Execution) {
        guard execution.hasWideInvariants else { return }
        execution.lookAtRest(step: stepCount, time: clock.microseconds)
    }

    private func rest(_ execution: Execution) {
        turnsSinceRest = 0
        notes.reserveRest(parts: execution.partCount)
        notes.rested(step: nextStep(), time: clock.microseconds) { execution.stateDigest() }
    }

    /// Jumps to the next deadline; false when there is none: nothing will ever happen again.
    private func advanceClock(_ execution: Execution) -> Bool {
        var next: Int64?
        for subtask in execution.subtasks {
            let look = subtask.look(at: outside.present(isEnding: execution.isEnding))
            if case .waiting(let until?) = look { next = min(next ?? until, until) }
        }
        guard let next, next * 1_000 > clock.nanoseconds else { return false }
        clock.advance(to: next * 1_000)
        return true
    }
}
