import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

/// Holds one replay of a whole trace against what its run noted.
///
/// Turns, rest points and samples are compared where they happen, by `ComparedNotes`; here are
/// logs, violations and the end, and what it all comes to. It listens to the notes while the replay
/// runs, and `report` is called once, behind its last turn. Of several differences the one at the
/// least step is told. Owned by one thread.
final class RunComparison {
    private let trace: Trace
    private let execution: Execution
    private let director: ReplayDirector
    private let notes: ComparedNotes
    /// Nil where logs are made again at another level, which cannot be compared.
    private let logs: LogComparison?
    private let incidents: IncidentComparison
    /// Gives the replay's records in the order of the run to `logs` and `logDigest`.
    private let order: LogOrder
    private let logDigest = LogDigest()
    /// Looks at conditions over several parts at rest points alone, as a parallel run did; the
    /// execution's own watch looks wherever no turn is open.
    private var watch = WideWatch()
    /// Called with all state at each rest point, after the conditions were looked at.
    var onRest: ((_ step: Step, StateDigest) -> Void)?
    private var lostLogs: UInt64 = 0

    init(
        _ trace: Trace, _ rerun: Rerun, inFlight: Set<Step>, comparesLogs: Bool,
        isSameBuild: Bool
    ) throws {
        (self.trace, execution) = (trace, rerun.execution)
        (director, notes) = (rerun.director, rerun.notes)
        let logs =
            comparesLogs
            ? try LogComparison(trace, inFlight: inFlight, isSameBuild: isSameBuild) : nil
        self.logs = logs
        incidents = try IncidentComparison(trace, wide: execution.wideInvariantNames)
        let logDigest = logDigest
        order = LogOrder { record, site in
            logDigest.add(record, site)
            logs?.take(record, site)
        }
        notes.listeners.incidents = { [unowned self] in incidents.take($0) }
        notes.listeners.rests = { [unowned self] step, time, state in
            rested(at: step, time: time)
            onRest?(step, state)
        }
    }

    /// Takes log records as their turns end.
    func take(_ batch: LogBatch, _ sites: LogSites) {
        lostLogs += batch.lost
        order.take(batch.records, sites)
    }

    /// No turn that began before `step` is open any more.
    func settle(before step: Step) { order.settle(before: step) }

    private func rested(at step: Step, time: RunTime) {
        for invariant in watch.look(at: execution) {
            incidents.takeAtRest(Incident.atRest(invariant, step: step, time: time))
        }
    }

    /// What the replay came to, once its last turn is over. `chain` is that of the schedule as it
    /// was read; `isWhole` says that it ran to the trace's end and not to a step that was asked
    /// for.
    ///
    /// - Throws: what kept the recorded logs from being read on.
    func report(chain: UInt64, isWhole: Bool) throws -> ReplayReport {
        order.finish()
        var report = ReplayReport()
        report.steps = director.reached
        report.turns = notes.begunTurns
        assert(
            notes.comparedTurns <= report.turns,
            "\(notes.comparedTurns) ends were compared of \(report.turns) turns")
        assert(
            notes.agreedRest <= report.steps,
            "a rest point agreed at step \(notes.agreedRest), and the replay came to "
                + "\(report.steps)")
        report.incidents = notes.incidents
        report.violations = execution.violations.first
        report.elements = execution.subtasks.reduce(0) { $0 + $1.sourceTaken }
        report.lostLogs = lostLogs
        report.inFlight = director.inFlight.map {
            ReplayReport.TurnName(
                subtask: execution.subtasks[$0.subtask].name, step: $0.step)
        }
        report.state = execution.stateDigest()
        report.partNames = execution.partNames
        report.sinks = execution.sinkDigests()
        if isWhole { restAtTheEnd(report.steps) }
        compare(&report, isWhole: isWhole)
        balance(&report, isWhole: isWhole)
        if let failure = logs?.failure { throw failure }
        report.onlyReplay = incidents.onlyReplay
        report.digest = digest(report, chain)
        return report
    }

    /// Makes the books of the replay. A replay that loses an element without a reason is no replay
    /// to rely on, and says so as a difference.
    private func balance(_ report: inout ReplayReport, isWhole: Bool) {
        let books = execution.books(isOver: isWhole && trace.isComplete)
        report.drops = books.drops
        guard report.divergence == nil, let imbalance = books.imbalances.first else { return }
        report.divergence = Divergence(
            step: report.steps, agreed: notes.agreedRest, subtask: "the books",
            expected: "every element accounted for", got: imbalance,
            reason: "Weir lost count, a defect of its own")
    }

    /// A parallel run that comes to its end looks at its conditions once more, behind its last
    /// step, and so does its replay.
    private func restAtTheEnd(_ steps: Step) {
        guard let end = trace.end, end.cause == "finished" || end.cause == "interrupted",
            trace.header.workers > 0, notes.divergence == nil
        else { return }
        rested(at: steps, time: 0)
    }

    /// One number over everything that a replay came to, by which replays of one trace are held
    /// against each other.
    private func digest(_ report: ReplayReport, _ chain: UInt64) -> UInt64 {
        // The chain covers the schedule, which all replays of a trace have in common.
        var hash = StableHash(seed: chain)
        hash.combine(report.state.whole)
        for sink in report.sinks { hash.combine(bytes: Array(sink.ordered.utf8)) }
        hash.combine(logDigest.value)
        for incident in report.incidents {
            hash.combine(incident.step.rawValue)
            hash.combine(bytes: Array(incident.message.utf8))
        }
        return hash.value
    }

    /// Gathers what was compared, and the difference at the least step.
    private func compare(_ report: inout ReplayReport, isWhole: Bool) {
        var found = notes.divergence
        func consider(_ other: Divergence?) {
            // Of two at one step the earlier look says more: it was compared where it happened.
            if let other, other.step < found?.step ?? .max { found = other }
        }
        // Behind a difference the replay has stopped: what did not come after it says nothing.
        let isWholeRun = isWhole && found == nil
        if isWholeRun { logs?.finish(through: report.steps) }
        consider(logs?.divergence)
        consider(incidents.divergence(through: found?.step ?? report.steps))
        var end = EndComparison(trace, agreedRest: notes.agreedRest)
        if let differing = isWholeRun ? end.compare(report, notes) : nil {
            consider(differing)
        } else {
            // There is no end to tell more: what is suspected is what is known.
            notes.settleSuspicions()
            consider(notes.divergence)
        }
        assert(
            end.comparedParts == 0
                || end.comparedParts == execution.subtasks.count + execution.cells.count,
            "\(end.comparedParts) final parts were compared, and not all of them")
        report.divergence = found
        report.compared.turns = notes.comparedTurns
        report.compared.restPoints = notes.comparedRests
        report.compared.lastRestPoint = notes.agreedRest
        report.compared.finalSubtasks = min(end.comparedParts, execution.subtasks.count)
        report.compared.finalCells = max(0, end.comparedParts - execution.subtasks.count)
        report.compared.rows = end.comparedRows
        report.compared.violations = incidents.matchedViolations
        report.compared.failures = incidents.matchedFailures
        report.compared.logs = logs?.matched ?? 0
        report.compared.lostLogs = logs?.leftOut ?? 0
        report.reservation = reservation(report, isWhole: isWhole)
    }

    /// Why agreement is not identity, and up to which step everything agreed; nil where the two are
    /// the same.
    private func reservation(
        _ report: ReplayReport, isWhole: Bool
    ) -> ReplayReport.Reservation? {
        guard let reason = reason(isWhole: isWhole) else { return nil }
        // A turn that was not compared to its end is where agreement ends.
        let open = report.inFlight.map(\.step) + [notes.earliestUncompared].compactMap { $0 }
        assert(
            open.allSatisfy { 1...max(1, report.steps) ~= $0 },
            "a turn is open that did not begin up to step \(report.steps)")
        let agreed = (open.min() ?? report.steps.next).previous
        return ReplayReport.Reservation(
            agreed: min(agreed, report.steps), last: max(report.steps, trace.end?.steps ?? 0),
            reason: reason)
    }

    private func reason(isWhole: Bool) -> String? {
        if !isWhole { return "no further was asked for" }
        if trace.header.digests == nil {
            return "its digests have an older form, which this build does not compute; only what "
                + "its turns emitted was compared"
        }
        if case .rewritten(let rewriting) = trace.recovery, !rewriting.hasDied {
            return "it was rewritten from a damaged trace"
        }
        guard let end = trace.end else { return "the run died and noted no end" }
        if !trace.isComplete { return "its recording stopped before the run did" }
        if end.parts == nil { return "its end has no digests" }
        if incidents.isPartial {
            return
                "of its violations the first \(ReplayBounds.maximumComparedIncidents) were compared"
        }
        if logs == nil { return "its logs were made again at another level" }
        if let turn = notes.earliestUncompared {
            return "the end of the turn of step \(turn) is missing"
        }
        return nil
    }
}

/// A hash over the logs of a replay in the order of the run: what they say, and not where their
/// statements stand.
final class LogDigest {
    private var hash = StableHash()

    var value: UInt64 { hash.value }

    func add(_ record: LogRecord, _ site: LogSite) {
        hash.combine(record.step.rawValue)
        hash.combine(UInt64(record.index))
        hash.combine(bytes: Array(site.message.utf8))
        for value in record.values {
            switch value {
            case .integer(let number): hash.combine(UInt64(bitPattern: number))
            case .double(let number): hash.combine(number.bitPattern)
            case .flag(let flag): hash.combine(flag ? 1 : 0)
            case .text(let text): hash.combine(bytes: Array(text.utf8))
            }
        }
    }
}
