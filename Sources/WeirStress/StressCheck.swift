package import WeirBase
package import WeirEngine
import WeirReplay
import WeirTelemetry

/// What a stress run and its replay came to: whether they agree, and how much of each kind
/// happened, so that a test can see that anything did.
package struct StressOutcome: Sendable {
    /// What was wrong, in a sentence; nil when the replay was identical.
    package var problem: String?
    /// A digest of the final state and of the rows: two runs that came to the same have the same.
    package var outcome: UInt64 = 0
    /// All steps of the recording.
    package var steps = 0
    package var turns = 0
    package var rests = 0
    package var accesses = 0
    package var publishes = 0
    /// Messages that the edge with a dropping policy refused or pushed out.
    package var dropped = 0
    package var completions = 0
    package var timers = 0
    /// How often a worker waited for room in its lane.
    package var waits = 0
    /// Turns during which another turn began.
    package var overlapped = 0
    /// Workers of the run; what else is here says little of a run with one.
    package var workers = 0

    package init(problem: String? = nil) { self.problem = problem }
}

/// Running, replaying and comparing: the oracle of the stress test.
///
/// A run is recorded, the recording is checked by itself (`inspect`), then replayed, and everything
/// that can be compared is: each step and its note by the replay's director, and the end by
/// `compare`. A difference is an answer and never a trap, so that thousands of seeds can be tried
/// in one process.
extension StressPipeline {
    /// Runs, replays, compares. A simulated run is made twice and has to be the same both times.
    /// Any thread; several at once.
    package func check(simulated: Bool = false) -> StressOutcome {
        do {
            let planned = try plan()
            let recording = try record(planned, simulated: simulated)
            if simulated, let problem = try repeats(planned, recording) {
                return StressOutcome(problem: problem)
            }
            return try replay(planned, recording)
        } catch {
            return StressOutcome(problem: "error: \(error)")
        }
    }

    /// What differs between two simulated runs of the same seed; nil where nothing does, as it
    /// should be.
    private func repeats(
        _ planned: PlannedPipeline, _ first: StressRecording
    ) throws -> String? {
        let second = try record(planned, simulated: true)
        if Self.schedule(first) != Self.schedule(second) {
            return "the second run took other steps"
        }
        if first.rows != second.rows { return "the second run wrote other rows" }
        if first.digest != second.digest { return "the second run ended in another state" }
        return nil
    }

    /// All steps and ends in one batch, without durations, which are measured and differ each time.
    /// How a recording is cut into batches depends on the recorder's thread and is not compared
    /// either.
    private static func schedule(_ recording: StressRecording) -> ScheduleBatch {
        var whole = ScheduleBatch()
        for batch in recording.batches.map(\.schedule) {
            for var note in batch.steps {
                let words = batch.words(of: note)
                // Words lie in one array for a whole batch: they move with their step.
                note.words = whole.words.count..<whole.words.count + words.count
                whole.words.append(contentsOf: words)
                whole.steps.append(note)
            }
            for var note in batch.ends {
                let emitted = batch.emitted(of: note)
                note.emitted = whole.emitted.count..<whole.emitted.count + emitted.count
                note.duration = 0
                whole.emitted.append(contentsOf: emitted)
                whole.ends.append(note)
            }
        }
        return whole
    }

    /// Replays a recording and compares everything that can be compared.
    package func replay(
        _ planned: PlannedPipeline, _ recording: StressRecording
    ) throws -> StressOutcome {
        var outcome = summary(recording)
        outcome.problem = recording.problem ?? Self.inspect(recording)
        guard outcome.problem == nil else { return outcome }
        let rows = CollectedFeed()
        let rerun = try replayed(planned, recording, recording.batches.map(\.schedule), rows)
        outcome.problem =
            Self.disagreement(rerun, steps: outcome.steps)
            ?? Self.compare(rerun.execution, recording, rows)
            ?? rerun.execution.books(isOver: true).imbalances.first
        return outcome
    }

    /// Replays what a kill right behind a step could have left of a recording: the steps up to it,
    /// and of no subtask's last turn the end. Gives what went wrong, nil where nothing did.
    package func replayCut(
        _ planned: PlannedPipeline, _ recording: StressRecording, behind step: Step
    ) throws -> String? {
        var last: [SubtaskIndex: Step] = [:]
        for note in recording.batches.flatMap(\.schedule.steps) where note.step <= step {
            if note.kind.beginsTurn { last[note.subtask] = note.step }
            // No turn is open at a rest point, so that every end before it was noted.
            if note.kind == .rest { last = [:] }
        }
        let lost = Set(last.values)
        let batches = recording.batches.map { batch in
            var schedule = batch.schedule
            schedule.steps.removeAll { $0.step > step }
            schedule.ends.removeAll { $0.step > step || lost.contains($0.step) }
            return schedule
        }
        let rerun = try replayed(planned, recording, batches, CollectedFeed())
        let director = rerun.director
        do { try rerun.checkReading() } catch { return "\(error)" }
        if let divergence = rerun.notes.divergence {
            return "cut behind step \(step): step \(divergence.step) \(divergence.subtask): "
                + "expected \(divergence.expected), got \(divergence.got)"
        }
        return director.reached == step
            ? nil : "cut behind step \(step): reached step \(director.reached)"
    }

    /// Runs the pipeline again from batches, to their end; gives everything that tells how that
    /// went.
    private func replayed(
        _ planned: PlannedPipeline, _ recording: StressRecording, _ batches: [ScheduleBatch],
        _ rows: CollectedFeed
    ) throws -> Rerun {
        var inputs = recording.batches.flatMap(\.inputs)[...]
        let found = Self.results(recording)
        var setup = Rerun.Setup(
            started: Self.started, schedule: RecordedSchedule(batches),
            answers: RecordedOutside.Answers(
                nextInput: { _ in inputs.popFirst() },
                result: { found[UInt64($0.rawValue) << 48 | $1] }))
        setup.rows = [0: rows]
        let rerun = try Rerun(planned, BindOptions(seed: shape), setup)
        rerun.scheduler.run(rerun.execution)
        return rerun
    }

    /// What calls answered, by subtask and number of the call. Both fit into one key: a subtask's
    /// number has 16 bits, and no run makes 2⁴⁸ calls.
    private static func results(_ recording: StressRecording) -> [UInt64: [UInt8]] {
        var results: [UInt64: [UInt8]] = [:]
        for result in recording.batches.flatMap(\.results) {
            results[UInt64(result.subtask.rawValue) << 48 | result.call] = result.bytes
        }
        return results
    }

    /// What must hold of a recording before anything is run: steps are numbered without a gap,
    /// results come before the step that takes them, every turn ends once, and no turn is open at a
    /// rest point. Gives the first thing that does not hold.
    private static func inspect(_ recording: StressRecording) -> String? {
        var expected: Step = 1
        var open: Set<Step> = []
        var results: Set<UInt64> = []
        for batch in recording.batches {
            for result in batch.results {
                results.insert(UInt64(result.subtask.rawValue) << 48 | result.call)
            }
            let schedule = batch.schedule
            for note in schedule.steps {
                guard note.step == expected else {
                    return "step \(note.step) stands where step \(expected) belongs"
                }
                expected = expected.next
                if note.kind.beginsTurn { open.insert(note.step) }
                for call in schedule.words(of: note) where note.kind == .completion {
                    guard results.contains(UInt64(note.subtask.rawValue) << 48 | call) else {
                        return "step \(note.step) takes call \(call), whose result comes later"
                    }
                }
            }
            for end in schedule.ends where open.remove(end.step) == nil {
                return "the turn of step \(end.step) ended and never began"
            }
            if schedule.steps.contains(where: { $0.kind == .rest }),
                let rest = schedule.steps.last(
                    where: { $0.kind == .rest }), let turn = open.min(), turn < rest.step
            {
                return "the turn of step \(turn) is open at the rest point of step \(rest.step)"
            }
        }
        return open.min().map { "the turn of step \($0) never ended" }
    }

    /// In what the replay disagreed with the recording on its way; nil where it agreed to the end.
    private static func disagreement(_ rerun: Rerun, steps: Int) -> String? {
        let director = rerun.director
        if let divergence = rerun.notes.divergence {
            return "step \(divergence.step) \(divergence.subtask): expected "
                + "\(divergence.expected), got \(divergence.got)"
        }
        do { try rerun.checkReading() } catch { return "\(error)" }
        if let incident = rerun.notes.incidents.first {
            return "step \(incident.step): \(incident.message)"
        }
        if director.reached != Step(steps) {
            return "reached step \(director.reached) of \(steps)"
        }
        if let turn = director.inFlight.first { return "turn \(turn.step) is still open" }
        return nil
    }

    /// In what the ends of run and replay differ; nil where they do not. It is asked last, as a
    /// difference on the way explains one at the end.
    private static func compare(
        _ execution: Execution, _ recording: StressRecording, _ rows: CollectedFeed
    ) -> String? {
        if execution.sinkDigests() != recording.sinks { return "sink digests differ" }
        if rows.bytes != recording.rows { return "rows differ" }
        if execution.cells.map({ "\($0.anyValue)" }) != recording.cells { return "cells differ" }
        if execution.stateDigest().whole != recording.digest { return "final state differs" }
        if !execution.isFinished { return "the replay did not finish" }
        return nil
    }

    /// Counts what happened in a recording.
    private func summary(_ recording: StressRecording) -> StressOutcome {
        var outcome = StressOutcome()
        var durations: [Step: UInt32] = [:]
        var begins: [(step: Step, time: RunTime)] = []
        for batch in recording.batches.map(\.schedule) {
            for end in batch.ends { durations[end.step] = end.duration }
            for note in batch.steps {
                outcome.steps += 1
                switch note.kind {
                case .rest: outcome.rests += 1
                case .publish:
                    outcome.publishes += 1
                    outcome.dropped += batch.words(of: note).reduce(0) {
                        // A word of a publish is a run of outcomes: its length in the low six bits,
                        // the outcome above them. From 2 on the outcomes are drops.
                        $0 + ($1 >> 6 >= 2 ? Int($1 & 63) : 0)
                    }
                case .access: outcome.accesses += 1
                case .completion: outcome.completions += 1
                case .timer: outcome.timers += 1
                case .input, .continue, .idle, .end, .failure, .void: break
                }
                if note.kind.beginsTurn { begins.append((note.step, note.time)) }
            }
        }
        outcome.turns = begins.count
        for (index, begin) in begins.enumerated() where index + 1 < begins.count {
            // Two turns overlap where the next one begins before the end of this one.
            let end = begin.time + .microseconds(Int64(durations[begin.step] ?? 0))
            if begins[index + 1].time < end { outcome.overlapped += 1 }
        }
        var hash = StableHash(seed: recording.digest)
        for sink in recording.sinks { hash.combine(bytes: Array(sink.ordered.utf8)) }
        outcome.outcome = hash.value
        outcome.waits = recording.waits
        outcome.workers = workers
        return outcome
    }
}

/// Rows kept in memory by a replay. The replay's thread alone uses it.
package final class CollectedFeed: RowFeed {
    package private(set) var bytes: [UInt8] = []
    package init() {}
    package private(set) var account = RowAccount()

    package func offer(_ rows: [UInt8], count: Int) -> Bool {
        bytes.append(contentsOf: rows)
        account.written += UInt64(count)
        return true
    }

    package func finish() {}
}
