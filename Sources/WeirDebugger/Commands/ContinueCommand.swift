import WeirBase
import WeirReplay
import WeirTelemetry

extension DebuggerCommand {
    /// `continue [N]`: runs forward to the next stop, N times.
    ///
    /// Each stop is shown with the breaks because of which the run stopped there. A count
    /// shows the last of N stops alone. Where no stop comes, the end of the trace is shown,
    /// and that none came.
    static let `continue` = DebuggerCommand(
        .moving, "continue", short: ["c", "run"],
        Help(
            "continue [N]", "run to the next break, N times",
            details: ["Without breaks it runs to the end of the trace."]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.resume(count) })

    /// `reverse-continue [N]`: goes back to the last stop before here, N times.
    ///
    /// The stop before is the last one that a run up to here would have made, so that
    /// `continue` from there comes here again or stops in between.
    static let reverseContinue = DebuggerCommand(
        .moving, "reverse-continue", short: ["rc"],
        Help(
            "reverse-continue [N]", "go back to the break before, N times",
            details: ["Without breaks it goes to the start."]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.reverseResume(count) })
}

extension Debugger {
    /// How many steps before the playhead a search backward looks through first. Each further
    /// window is four times as large, so that a near stop is found quickly and a far one in
    /// few windows.
    private static let firstWindow: UInt64 = 512

    /// A step at which the run stops, and the breaks because of which it does.
    struct Stop {
        var step: Step
        var reasons: [(number: Int, text: String)]
    }

    /// Runs to the next stop `count` times, or to the end of the trace.
    fileprivate func resume(_ count: UInt64) throws -> Answer {
        // At most to the end, whatever stops it before.
        try move(run.position.distance(to: run.lastStep)) {
            guard !breaks.isEmpty else {
                try go(to: run.lastStep)
                return ["there are no breaks: this is the end of the trace"]
            }
            var stop: Stop?
            for _ in 0..<count {
                stop = try stopAhead()
                if stop == nil { break }
            }
            // The search itself has left the run at the end.
            guard let stop else { return ["no break came: this is the end of the trace"] }
            return notes(stop)
        }
    }

    /// Goes back to the stop before here `count` times, or to the start.
    fileprivate func reverseResume(_ count: UInt64) throws -> Answer {
        try move(run.position.count) {
            guard !breaks.isEmpty else {
                try go(to: 0)
                return ["there are no breaks: this is the start"]
            }
            var stop: Stop?
            for _ in 0..<count {
                stop = try stopBehind()
                if stop == nil { break }
            }
            guard let stop else {
                try go(to: 0)
                return ["no break came: this is the start"]
            }
            return notes(stop)
        }
    }

    /// Says why the run stopped, and counts the stop for each break.
    private func notes(_ stop: Stop) -> [String] {
        stop.reasons.map { number, text in
            // Only the stop that was asked for counts, and none that was passed on the way to
            // the N-th.
            breaks.hit(number)
            let what = breaks.all.first { $0.number == number }?.text ?? ""
            return "\(number): \(what)" + (text.isEmpty ? "" : ": \(text)")
        }
    }

    // MARK: Forward

    /// The first stop ahead of the playhead; nil leaves the run at the end.
    private func stopAhead() throws -> Stop? {
        var armed = try arm { pattern in try self.logStep(of: pattern, after: self.run.position) }
        // Incidents are looked for behind this step.
        let origin = run.position
        let found = try scan(&armed, through: run.lastStep)
        return try earlierViolation(after: origin, found) ?? found
    }

    /// Runs on to the next stop; nil leaves the run at `limit`.
    func scan(_ armed: inout [ArmedBreakpoint], through limit: Step) throws -> Stop? {
        // A step that reaches the test is a candidate of some break and not of all, so the
        // breaks ask once more for their own.
        var latest: StepFacts?
        let watching = armed
        var reasons: [(Int, String)] = []
        var looking = armed
        let step = try search(
            through: limit,
            { facts in
                guard watching.contains(where: { $0.isCandidate(facts) }) else { return false }
                latest = facts
                return true
            },
            {
                guard let latest else { return false }
                reasons = []
                for index in looking.indices where looking[index].isCandidate(latest) {
                    if let why = try looking[index].stop(self) {
                        reasons.append((looking[index].number, why))
                    }
                }
                return !reasons.isEmpty
            })
        // What the breaks saw last goes on into the next scan.
        armed = looking
        return step.map { Stop(step: $0, reasons: reasons) }
    }

    /// The first violation that only the replay found, if it comes before a stop.
    ///
    /// Violations that the run recorded are known steps and so candidates. One that only the
    /// replay finds is known no sooner than when it was passed.
    private func earlierViolation(after origin: Step, _ found: Stop?) throws -> Stop? {
        let end = run.position
        let incidents = run.incidents.filter { $0.lookStep > origin && $0.lookStep <= end }
        for incident in incidents.sorted(by: { $0.lookStep < $1.lookStep }) {
            guard incident.kind == .violation || incident.kind == .failure,
                incident.lookStep < found?.step ?? .max
            else { continue }
            // What stopped the run is known by the name; there is nothing to add.
            let numbers = breaks.all.filter { $0.stops(at: incident) }.map { ($0.number, "") }
            // No break is on this invariant, so that it stops nobody.
            if numbers.isEmpty { continue }
            try go(to: incident.lookStep)
            return Stop(step: incident.lookStep, reasons: numbers)
        }
        return nil
    }

    // MARK: Back

    /// The last stop before the playhead; nil leaves the run at the start.
    ///
    /// Nothing can be run backward. So a window before the playhead is run forward, and the
    /// last stop in it counts; where it has none, a larger window before it is tried. In all,
    /// each step is run about once, besides the way to the windows' beginnings.
    private func stopBehind() throws -> Stop? {
        let origin = run.position
        var armed = try arm { pattern in try self.logStep(of: pattern, before: origin) }
        var (end, width) = (origin, Self.firstWindow)
        while end > 1 {
            let start = max(.first, end.earlier(by: width))
            try go(to: start.previous)
            // What a break saw last must be what there was before this window.
            for index in armed.indices { try armed[index].begin(self) }
            var last: Stop?
            while let stop = try scan(&armed, through: end.previous) { last = stop }
            // As in `earlierViolation`: those that only the replay found were no candidates.
            for incident in run.incidents
            where incident.lookStep >= start && incident.lookStep < end {
                let numbers = breaks.all.filter { $0.stops(at: incident) }.map { ($0.number, "") }
                if !numbers.isEmpty, incident.lookStep > last?.step ?? 0 {
                    last = Stop(step: incident.lookStep, reasons: numbers)
                }
            }
            if let last {
                try go(to: last.step)
                return last
            }
            // No stop in this window: the next one lies before it and is four times as large.
            end = start
            (width, _) = width.multipliedReportingOverflow(by: 4)
        }
        return nil
    }

    // MARK: Arming

    /// A step with a log line that matches, and the line.
    private typealias LogStep = (step: Step, text: String)

    /// Arms all breaks at the present position.
    private func arm(_ logStep: (LogPattern) throws -> LogStep?) throws -> [ArmedBreakpoint] {
        var armed = try breaks.all.map { try ArmedBreakpoint($0, self, logStep: logStep) }
        for index in armed.indices { try armed[index].begin(self) }
        return armed
    }

    /// The first matching log line behind a step. Reads the recorded logs and runs nothing.
    private func logStep(of pattern: LogPattern, after step: Step) throws -> LogStep? {
        var found: LogStep?
        try run.logLines(through: run.lastStep) { line in
            if line.step > step, try pattern.matches(line.text) {
                found = (line.step, line.text)
            }
            return found == nil
        }
        return found
    }

    /// The last matching log line before a step. Logs can only be read forward, so all of
    /// them are read.
    private func logStep(of pattern: LogPattern, before step: Step) throws -> LogStep? {
        guard step > 0 else { return nil }
        var found: LogStep?
        try run.logLines(through: step.previous) { line in
            if try pattern.matches(line.text) { found = (line.step, line.text) }
            return true
        }
        return found
    }
}
