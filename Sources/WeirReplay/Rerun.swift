package import WeirBase
package import WeirEngine
package import WeirTelemetry

/// One execution of a recorded schedule, put together: what a `LiveRun` is for a run that happens.
///
/// Whoever makes it runs it: to its end with `scheduler.run`, or as far as the director's
/// `lastStep` with `scheduler.resume`, again and again. Behind that `checkReading` throws what
/// could not be read; `notes` has what differed. One that stands in the middle of the run is left
/// with `abandon`. Owned by one thread.
///
/// The parts are those of a run, but for what stands behind the four seams: the director takes
/// steps from the trace, the outside answers from it, the notes compare with it, and the edges have
/// no bounds.
package final class Rerun {
    package let outside: RecordedOutside
    package let notes: ComparedNotes
    package let director: ReplayDirector
    package let scheduler: SequentialScheduler
    package let execution: Execution

    /// What surrounds the schedule in one replay.
    package struct Setup {
        /// The recorded run's start.
        package var started: Instant
        package var schedule: RecordedSchedule
        package var answers: RecordedOutside.Answers
        /// Where the rows of a sink go, by the sink's index; those of other sinks are discarded.
        package var rows: [Int: any RowFeed] = [:]
        /// Where log records go, to be compared or shown; nil where nobody wants them.
        package var logLane: LogLane?
        /// The last step to run; more may be asked for later.
        package var lastStep = Step.max

        package init(
            started: Instant, schedule: RecordedSchedule, answers: RecordedOutside.Answers
        ) {
            self.started = started
            self.schedule = schedule
            self.answers = answers
        }
    }

    /// Binds the plan with `options`, whose edges become those of a sequential execution. Runs
    /// nothing.
    package init(_ planned: PlannedPipeline, _ options: BindOptions, _ setup: Setup) throws {
        let notes = ComparedNotes(setup.schedule, logLane: setup.logLane)
        let outside = RecordedOutside(
            started: setup.started, answers: setup.answers, rows: setup.rows,
            onUnmade: { [unowned notes] in notes.diverge($0) })
        director = ReplayDirector(setup.schedule, notes, through: setup.lastStep)
        scheduler = SequentialScheduler(director)
        var options = options
        options.edges = SequentialEdges()
        execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, outside: outside),
            outside: outside, notes: notes, scheduler: scheduler, stopsOnViolation: false)
        notes.execution = execution
        (self.outside, self.notes) = (outside, notes)
    }

    /// Throws what kept the schedule or an answer from being read on, if anything did. Behind each
    /// run: in the middle of one nobody could take it.
    package func checkReading() throws {
        if let failure = director.readFailure ?? notes.readFailure ?? outside.readFailure {
            throw failure
        }
    }

    /// Leaves the execution behind, for good and without waiting; see
    /// `SequentialScheduler.abandon`. What its turns still do is neither answered nor compared.
    package func abandon() {
        outside.abandon()
        notes.abandon()
        // Turns that were in flight when their run died may trap further on.
        scheduler.abandon(execution, holding: director.inFlightSubtasks)
    }
}
