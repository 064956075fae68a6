package import WeirBase
import WeirReplay
import WeirTelemetry

/// The steps that written positions and times mean in this run.
extension Debugger {
    /// The step that a written position means in this run. Where a failure's value came from is
    /// found by running, and only `goto` does that: here it is the failure itself.
    ///
    /// - Throws: `CommandError` where it means none, with what would.
    package func step(of written: TracePosition) throws -> Step {
        let last = run.lastStep
        switch written {
        case .start: return 0
        case .end: return last
        case .step(let step):
            guard step <= last else {
                throw CommandError(
                    "there is no step \(step) in this run", "Give a step from 0 to \(last)")
            }
            return step
        case .percent(let percent):
            // A run of many steps loses the last digits in a `Double`, and its end must not
            // be passed.
            let part = Double(last.count) * percent / 100
            return min(last, Step(UInt64(part.rounded(.down))))
        case .failure, .cause:
            // A run that died in a turn failed behind its last step, which is as near as
            // anybody can go.
            guard let step = run.failureStep ?? (run.diedInTurns ? last : nil) else {
                throw CommandError("nothing failed in this run", "'goto end' goes to its end")
            }
            return min(step, last)
        case .elapsed(let duration): return try step(after: RunTime(duration))
        case .time(let instant):
            let (elapsed, overflow) = instant.nanoseconds
                .subtractingReportingOverflow(started.nanoseconds)
            return try step(
                after: overflow ? .max : RunTime(nanoseconds: elapsed), written: instant)
        case .named(let name):
            if let step = bookmarks.step(of: name) { return step }
            // The session's names come first; then the first incident with this name.
            if let incident = run.incidents.first(where: { $0.name == name }) {
                return min(incident.lookStep, last)
            }
            let shown = PrintableText.escaped(name)
            throw CommandError(
                "there is no place \(shown)",
                Nearest.best(name, among: bookmarks.names + ["start", "end", "failure", "cause"])
                    .map { "Did you mean \($0)?" } ?? "Give \(TracePosition.forms)")
        }
    }

    /// The first step whose time is at least this.
    ///
    /// Times are those of turns, so the search reads the schedule from its beginning and runs
    /// nothing.
    private func step(after time: RunTime, written: Instant? = nil) throws -> Step {
        let found = try run.firstStep(after: 0, through: run.lastStep) {
            $0.kind != .void && $0.time >= time
        }
        // A time before the start would find the first step, and means none.
        if let found, time >= .start { return found }
        let last = try self.time(of: run.lastStep)
        let range: String
        if written != nil {
            let end = last.instant(after: started)
            range = "\(started.rfc3339(digits: 6)) to \(end.rfc3339(digits: 6))"
        } else {
            // In the form in which it can be typed.
            range = "0s to \(ElapsedText.text(last).replacing(" ", with: ""))"
        }
        throw CommandError("the run has no step at that time", "Its steps lie from \(range)")
    }

    /// The time of a step: that of the last step up to it that has one.
    func time(of step: Step) throws -> RunTime {
        // A void has no time, as nothing happened at it.
        let timed = try run.lastStep(before: step.next, from: 1) { $0.kind != .void }
        return try timed.flatMap { try run.facts(of: $0)?.time } ?? 0
    }
}
