package import WeirBase

package import WeirEngine
package import WeirTelemetry

/// A replayed execution as whoever looks at it sees it: it can be moved, and looked at where it
/// stands.
///
/// This is the seam between the replay and its readers. The replay gives numbers, names and
/// values; what a person types and reads is the debugger's, which knows nothing else of a replay.
/// `ReplaySession` is the one that replays a trace; tests write a small one of a few steps.
///
/// In order: a reader moves (`go`, `search`), asks for `divergence`, which says that the replay
/// has come no further, and then looks. All looks are at the present `position` unless they say
/// otherwise, and none of them moves it. Owned by one thread.
package protocol ReplayedExecution: AnyObject {
    // MARK: Where it stands

    /// The last step of the run, as far as it is known: of a trace that is still recorded, when it
    /// was opened.
    var lastStep: Step { get }
    /// The step that was run last; 0 before the first.
    var position: Step { get }
    /// What the replay disagreed with its trace about, where it did; it goes no further then.
    var divergence: Divergence? { get }
    /// Violations and failures in order of steps: recorded, and found by the replay so far.
    var incidents: [Incident] { get }
    /// The step at which everything that led to the first failure has happened; nil when nothing
    /// failed.
    var failureStep: Step? { get }
    /// Whether the run died behind its last step, in the middle of turns.
    var diedInTurns: Bool { get }

    // MARK: Moving

    /// Asked every so often on a long way; false ends the journey where it is.
    var onProgress: ((_ done: Int, _ total: Int) -> Bool)? { get set }

    /// Moves to a step, or to the last one when there is no such step. Stops early where the replay
    /// disagrees with its trace, or where `onProgress` says no.
    func go(to step: Step) throws -> Travel

    /// Stops at the first step behind the position that is a candidate and passes the test there;
    /// nil leaves the execution at `limit`, or where it disagreed with its trace before that
    /// (`divergence`). Throws `ReplayInterrupted`.
    func search(
        through limit: Step, candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> Step?

    // MARK: The recorded schedule, of any step

    /// What a step was; nil when the run has none of that number.
    func facts(of step: Step) throws -> StepFacts?
    /// The first step behind `after`, at most `through`, that `matches`. Nothing is run.
    func firstStep(
        after: Step, through: Step, where matches: (StepFacts) throws -> Bool
    ) throws -> Step?
    /// The last step before `before`, at least `from`, that `matches`. Nothing is run.
    func lastStep(
        before: Step, from: Step, where matches: (StepFacts) throws -> Bool
    ) throws -> Step?

    // MARK: State

    /// The shared cells in order of their declaration.
    var cells: [StateValue] { get }
    /// The state of a stage's operators, or of all stages: at most `limit` entries whose names
    /// begin with `prefix`, and how many more there are. No more than that are kept in memory.
    func states(
        of stage: String?, named prefix: String, limit: Int
    ) throws -> (entries: [StateValue], omitted: Int)
    /// The cells, and at most `limit` entries of one subtask's state, as they were behind a step up
    /// to here; nil when `onProgress` ended the way there.
    func states(
        behind step: Step, of subtask: SubtaskIndex?, limit: Int
    ) throws -> (values: [StateValue], omitted: Int)?
    /// What a name means: several values where several subtasks or operators have such a key, none
    /// where nothing has.
    func find(_ name: String) throws -> [StateValue]
    /// The step up to here that last changed a piece of state; nil when none did.
    func lastWrite(_ state: StateID) throws -> Step?
    /// The last steps up to here that could change a piece of state, at most `limit`, oldest first.
    func history(of state: StateID, limit: Int) throws -> [StateAccess]

    // MARK: Elements, turns and channels

    /// All channels in the order of the plan, with at most `limit` of their oldest messages.
    func queues(messages limit: Int) -> [QueueFacts]
    /// All subtasks in the order of the plan.
    var subtasks: [SubtaskFacts] { get }
    /// How far event time has come in each subtask.
    var watermarks: [WatermarkFacts] { get }
    /// What became of every element up to here.
    var books: Books { get }
    /// The turns that could be taken now if one thread ran everything.
    func runnable() throws -> [RunnableFacts]
    /// What each open turn is doing, in order of subtasks.
    var openTurns: [OpenTurnFacts] { get }
    /// The element of a source with this index, from 0, as text, and the step of the turn that took
    /// it, nil when none did; nil when there is no such element.
    func event(source: String, index: UInt64) throws -> (text: String, step: Step?)?
    /// Recorded log lines of steps up to `through`, in the order of the run, until `body` says no.
    func logLines(through: Step, _ body: (LogLineFacts) throws -> Bool) throws

    // MARK: Names of the plan

    /// The subtasks' names in the order of the plan.
    var subtaskNames: [String] { get }
    /// The stages' names in the order of the plan.
    var stageNames: [String] { get }
    /// The channels' names in the order in which the plan's binding makes them.
    var channelNames: [String] { get }
    /// The shared cells' names in the order of their declaration.
    var cellNames: [String] { get }
    /// The sources' names in the order of the plan.
    var sourceNames: [String] { get }
    /// The names of all conditions in the order of their declaration.
    var invariantNames: [String] { get }
}

/// A journey of a replayed execution: from which step, to which, and what it cost.
package struct Travel: Equatable, Sendable {
    package var from: Step
    package var to: Step
    /// Steps that were run to get there.
    package var stepsRun: Int
    /// How long it took.
    package var nanoseconds: UInt64
    /// Whether `onProgress` ended it before its goal.
    package var isInterrupted = false
}

/// A look at the past was ended before it got there.
package struct ReplayInterrupted: Error, Equatable, Sendable, CustomStringConvertible {
    package let step: Step

    package init(step: Step) { self.step = step }

    package var description: String { "interrupted on the way to the turn of step \(step)" }
}
