package import WeirBase
package import WeirTelemetry

/// A run that happens, put together: an execution with its outside, its notes and its schedule.
///
/// Everybody who runs a plan makes one of these and calls, in this order and from one thread,
/// `start`, `run` and `finish`. Recording is the caller's: it gives the lanes, starts whoever
/// drains them before `run`, and stops it behind `finish`, when no thread notes anything any more.
/// `Rerun` is the same for a replay.
package final class LiveRun: Sendable {
    /// Who decides what comes next, and by which clock.
    package enum Schedule {
        /// Several workers, as it comes.
        case parallel(ParallelScheduler.Options)
        /// One step at a time, drawn from `seed` on a virtual clock, so that the same seed gives
        /// the same run. The sources end after `duration` nanoseconds of that clock; nil for no
        /// such end.
        case drawn(seed: UInt64, duration: UInt64? = nil)

        fileprivate var clock: RunClock.Kind {
            switch self {
            case .parallel: .real
            case .drawn: .virtual
            }
        }
    }

    /// What surrounds the plan in one run.
    package struct Setup {
        /// The run's start, in whole microseconds.
        package var started: Instant
        package var schedule: Schedule
        package var connections = LiveOutside.Connections()
        /// Where notes go; nil records nothing. Its lanes are as many as there are workers and
        /// sources.
        package var lanes: LaneSet?
        /// Where log records go, by the worker's number; records go nowhere where it is left empty.
        package var logLanes: [LogLane] = []
        /// Whether the first violation ends the run. Otherwise violations are counted and it goes
        /// on.
        package var stopsOnViolation = false
        /// Told of violations and failures, on the thread that finds them; see `LaneNotes`.
        package var onIncident: @Sendable (Incident) -> Void = { _ in }
        /// Puts something between the schedule and the lanes, such as a test's witness of the order
        /// of notes.
        package var wrap: (LaneNotes) -> any LiveNotes = { $0 }

        package init(started: Instant, schedule: Schedule) {
            self.started = started
            self.schedule = schedule
        }
    }

    package let outside: LiveOutside
    package let scheduler: any Scheduler
    package let execution: Execution

    /// Binds the plan and puts the parts together. Starts nothing.
    ///
    /// - Throws: `PlanError` when a source or a sink is connected to nothing.
    package init(_ planned: PlannedPipeline, _ options: BindOptions, _ setup: Setup) throws {
        let outside = LiveOutside(
            started: setup.started, clock: RunClock(setup.schedule.clock),
            connections: setup.connections, lanes: setup.lanes)
        let notes = setup.wrap(
            LaneNotes(lanes: setup.lanes, logLanes: setup.logLanes, onIncident: setup.onIncident))
        switch setup.schedule {
        case .parallel(let options):
            scheduler = ParallelScheduler(options: options, outside: outside, notes: notes)
        case .drawn(let seed, let duration):
            scheduler = SequentialScheduler(
                DrawingDirector(seed: seed, outside: outside, notes: notes, duration: duration))
        }
        execution = Execution(
            plan: planned.plan, parts: try planned.bind(options, outside: outside),
            outside: outside, notes: notes, scheduler: scheduler,
            stopsOnViolation: setup.stopsOnViolation)
        self.outside = outside
    }

    /// Starts the threads that read, write and call. Before `run`.
    package func start() { outside.start(execution) }

    /// Runs to the end: until nothing is left to do, or the execution is stopped. Blocks.
    package func run() { scheduler.run(execution) }

    /// Ends the threads of the outside. Rows that were handed over are written first, so this lasts
    /// as long as the slowest write. After `run`.
    package func finish() { outside.finish() }
}
