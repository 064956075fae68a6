import Glibc
import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry
import WeirTrace

/// A stress run that is recorded into files and killed, and what is left of it.
///
/// Two processes make the same value from a seed and a folder. The child calls `record` and is
/// killed in the middle; the parent then calls `examine`. What the child had noted is known
/// independently of the trace by the `Witness`, a file that both map. The rules: every noted step
/// is recovered and nothing else is, a turn whose end was noted is not in flight, and what is
/// recovered can be replayed, with the lanes and from the trace alone.
package struct StressKill: Sendable {
    /// Elements of each source: so many that a child is seldom done before it is killed.
    private static let elements = 4_000

    /// What the run is drawn from.
    package let seed: UInt64
    /// A folder of the trial's own.
    package let folder: String

    package init(seed: UInt64, folder: String) {
        self.seed = seed
        self.folder = folder
    }

    /// The run, the same in both processes.
    private var stress: StressPipeline { StressPipeline(seed: seed, elements: Self.elements) }
    private var tracePath: String { folder + "/run.mcap" }
    private var lanesPath: String { MappedLanes.path(beside: tracePath) }
    private var witnessPath: String { folder + "/witness" }

    /// What was found after a kill.
    package struct Outcome: Sendable {
        package var problem: String?
        /// Whether the child's run was over before the kill, which then tells nothing.
        package var hasFinished = false
        package var steps = 0
        /// Steps that only the lanes held.
        package var stepsFromLanes = 0
        package var voids = 0
        /// Turns that were open when the child died.
        package var inFlight = 0
        /// Turns in flight that a later step needed.
        package var resumed = 0

        package init(problem: String? = nil, hasFinished: Bool = false) {
            self.problem = problem
            self.hasFinished = hasFinished
        }
    }

    /// The child: records until it is killed.
    package func record() throws {
        let stress = stress
        let planned = try stress.plan()
        let header = header(planned)
        let layout = stress.laneLayout(simulated: false)
        let mapped = try MappedLanes.create(path: lanesPath, run: header.run, layout: layout)
        // Overwriting is fine, as the folder is the trial's own.
        let writer = try TraceWriter(path: tracePath, header: header, overwrite: true)
        let witness = try Witness(path: witnessPath)
        _ = try stress.record(
            planned, simulated: false, lanes: mapped.lanes, consumers: [writer],
            witness: witness)
    }

    /// The parent's view of whether the child's run began.
    package func openWitness() throws -> Witness { try Witness(path: witnessPath) }

    /// A header with just what recovery and replay need.
    private func header(_ planned: PlannedPipeline) -> RunHeader {
        let digits = UInt64(seed).hexadecimal + UInt64(0x57E5).hexadecimal
        var header = RunHeader(
            run: digits, pipeline: stress.pipeline.name, version: "1",
            plan: planned.plan.hash.hexadecimal, seed: stress.shape)
        header.workers = stress.workers
        header.started = StressPipeline.started
        header.sources = planned.plan.sources.map {
            SourceInfo(name: $0.name, kind: "bytes", location: "")
        }
        header.sinks = planned.plan.sinks.map(\.name)
        header.subtasks = planned.plan.stages.flatMap { stage in
            (0..<stage.width).map {
                SubtaskInfo(stage: stage.name, index: $0, inlets: [], outlets: [], source: nil)
            }
        }
        return header
    }

    /// Recovers what a killed child left, holds it against the witness and replays it: with the
    /// lanes and from the file alone. The lanes are removed in between.
    package func examine() -> Outcome {
        var outcome = Outcome()
        do {
            // The same file as the child's, mapped here: what it stored is there.
            let witness = try openWitness()
            let trace = try Trace.open(path: tracePath)
            // The lanes stand beside the trace after a kill, and opening it has to take them.
            guard case .lanes(let steps, _, let voids) = trace.recovery else {
                outcome.problem = "the lanes were not recovered: \(trace.recovery)"
                return outcome
            }
            outcome.stepsFromLanes = steps
            outcome.voids = voids
            outcome.inFlight = trace.turnsInFlight.count
            outcome.problem =
                try hold(trace, against: witness, &outcome) ?? causes(trace)
                ?? replay(trace, &outcome)
            guard outcome.problem == nil else { return outcome }
            // Then as if the lanes had been lost as well: less is recovered, and all of it still
            // fits together.
            unlink(lanesPath)
            let alone = try Trace.open(path: tracePath)
            outcome.problem = try replay(alone, &outcome).map { "from the file alone: \($0)" }
        } catch {
            outcome.problem = "error: \(error)"
        }
        return outcome
    }

    /// Whether every noted step is there and nothing else is. Gives the first thing that is not so.
    private func hold(
        _ trace: Trace, against witness: Witness, _ outcome: inout Outcome
    ) throws -> String? {
        var problem: String?
        var last: Step = 0
        var ended: Set<Step> = []
        try trace.forEachSchedule { batch in
            for note in batch.steps where problem == nil {
                problem = Self.compare(note, witness.entry(note.step), after: last)
                last = note.step
            }
            for end in batch.ends { ended.insert(end.step) }
        }
        outcome.steps = last.count
        if let problem { return problem }
        // Behind the last recovered step nothing may have been noted.
        let known = witness.lastStep
        if known > last {
            for step in last.next...known where witness.entry(step).progress >= .noted {
                return "step \(step) was noted and is lost: recovery ends at step \(last)"
            }
        }
        // And no turn whose end was noted may count as open.
        let flights = Set(trace.turnsInFlight.map(\.step))
        for step in 1...max(1, last) {
            let entry = witness.entry(step)
            guard entry.progress == .ended, entry.kind?.beginsTurn == true else { continue }
            if flights.contains(step) { return "the turn of step \(step) ended, and is in flight" }
            if !ended.contains(step) { return "the end of the turn of step \(step) is lost" }
        }
        return nil
    }

    /// Whether a recovered step is what the witness saw. A step whose number was taken, and that
    /// was not noted, may be there or may have become void; a step that was noted has to be there
    /// as it was.
    private static func compare(
        _ note: StepNote, _ entry: Witness.Entry, after last: Step
    ) -> String? {
        guard note.step == last.next else { return "step \(note.step) follows step \(last)" }
        switch note.kind {
        case .void:
            if entry.progress >= .noted { return "step \(note.step) was noted and became void" }
        case .rest:
            if entry.progress > .unknown { return "step \(note.step) became a rest point" }
        case .input, .timer, .completion, .continue, .idle, .end, .failure, .access, .publish:
            if entry.progress == .unknown || entry.kind != note.kind
                || entry.subtask != note.subtask
            {
                return "step \(note.step) is \(note.kind) of subtask \(note.subtask), it was "
                    + "\(entry)"
            }
        }
        return nil
    }

    /// Whether the results that a completion takes are there before it: without them it could not
    /// be replayed.
    private func causes(_ trace: Trace) throws -> String? {
        var results: Set<UInt64> = []
        let cursor = trace.results()
        while let result = try cursor.next() {
            results.insert(UInt64(result.subtask.rawValue) << 48 | result.call)
        }
        var problem: String?
        try trace.forEachSchedule { batch in
            for note in batch.steps where note.kind == .completion && problem == nil {
                for call in batch.words(of: note)
                where !results.contains(UInt64(note.subtask.rawValue) << 48 | call) {
                    problem = "step \(note.step) takes call \(call), whose result is lost"
                }
            }
        }
        return problem
    }

    /// Replays what was recovered; gives what went wrong.
    private func replay(_ trace: Trace, _ outcome: inout Outcome) throws -> String? {
        // The run records no logs: none are compared.
        var options = ReplayRun.Options()
        // The run records no logs, so that none are compared.
        options.logLevel = .critical
        let report = try ReplayRun(trace, stress.pipeline, options).run()
        if let divergence = report.divergence {
            return "step \(divergence.step) \(divergence.subtask): expected "
                + "\(divergence.expected), got \(divergence.got)"
        }
        if let incident = report.incidents.first {
            return "step \(incident.step): \(incident.message)"
        }
        let last = try trace.lastStep()
        if report.steps != last { return "replayed up to step \(report.steps) of \(last)" }
        let flights = trace.turnsInFlight.map(\.step)
        if !flights.isEmpty {
            let held = Set(report.inFlight.map(\.step))
            if let turn = held.first(where: { !flights.contains($0) }) {
                return "the replay holds the turn of step \(turn), which ended"
            }
            // A turn that a later step needs is run to its end by the replay, and no longer in
            // flight.
            outcome.resumed += flights.count - held.count
        }
        return nil
    }
}
