import WeirBase
import WeirReplay
import WeirTelemetry

extension DebuggerCommand {
    static let `continue` = DebuggerCommand(
        .moving, "continue", short: ["c", "run"],
        Help(
            "continue [N]", "run to the next break, N times",
            details: ["Without breaks it runs to the end of the trace."]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.count() },
        obey: { count, debugger in try debugger.resume(count) })

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
    /// Steps looked through in the first window before the playhead; each further one is larger.
    private static let firstWindow: UInt64 = 512

    /// A stop at a step, and why.
    private struct Stop {
        var step: UInt64
        var reasons: [(number: Int, text: String)]
    }

    fileprivate func resume(_ count: UInt64) throws -> Answer {
        try move(run.lastStep - run.position) {
            guard !breaks.isEmpty else {
                try go(to: run.lastStep)
                return ["there are no breaks: this is the end of the trace"]
            }
            var stop: Stop?
            for _ in 0..<count {
                stop = try stopAhead()
                if stop == nil { break }
            }
            guard let stop else { return ["no break came: this is the end of the trace"] }
            return notes(stop)
        }
    }

    fileprivate func reverseResume(_ count: UInt64) throws -> Answer {
        try move(run.position) {
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

    private func notes(_ stop: Stop) -> [String] {
        stop.reasons.map { number, text in
            breaks.hit(number)
            let what = breaks.all.first { $0.number == number }?.text ?? ""
            return "\(number): \(what)" + (text.isEmpty ? "" : ": \(text)")
        }
    }

    // MARK: Forward

    private func stopAhead() throws -> Stop? {
        var armed = try arm { pattern in try self.logStep(of: pattern, after: self.run.position) }
        let origin = run.position
        let found = try scan(&armed, through: run.lastStep)
        return try earlierViolation(after: origin, found) ?? found
    }

    /// Runs on to the next stop; nil leaves the run at `limit`.
    private func scan(_ armed: inout [ArmedBreakpoint], through limit: UInt64) throws -> Stop? {
        // Steps that reach the test are candidates of some break, and not of all.
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
                for place in looking.indices where looking[place].isCandidate(latest) {
                    if let why = try looking[place].stop(self) {
                        reasons.append((looking[place].number, why))
                    }
                }
                return !reasons.isEmpty
            })
        armed = looking
        return step.map { Stop(step: $0, reasons: reasons) }
    }

    /// A violation that only the replay found, on the way to a stop.
    private func earlierViolation(after origin: UInt64, _ found: Stop?) throws -> Stop? {
        let end = run.position
        let marks = run.marks.filter { $0.lookStep > origin && $0.lookStep <= end }
        for mark in marks.sorted(by: { $0.lookStep < $1.lookStep }) {
            guard mark.kind == .violation || mark.kind == .failure,
                mark.lookStep < found?.step ?? .max
            else { continue }
            let numbers = breaks.all.filter { $0.stops(at: mark) }.map { ($0.number, "") }
            if numbers.isEmpty { continue }
            try go(to: mark.lookStep)
            return Stop(step: mark.lookStep, reasons: numbers)
        }
        return nil
    }

    // MARK: Back

    /// The last stop before the playhead, by running through windows before it; nil leaves the run
    /// at the start.
    private func stopBehind() throws -> Stop? {
        let origin = run.position
        var armed = try arm { pattern in try self.logStep(of: pattern, before: origin) }
        var (end, width) = (origin, Self.firstWindow)
        while end > 1 {
            let start = end > width ? end - width : 1
            try go(to: start - 1)
            for place in armed.indices { try armed[place].begin(self) }
            var last: Stop?
            while let stop = try scan(&armed, through: end - 1) { last = stop }
            for mark in run.marks where mark.lookStep >= start && mark.lookStep < end {
                let numbers = breaks.all.filter { $0.stops(at: mark) }.map { ($0.number, "") }
                if !numbers.isEmpty, mark.lookStep > last?.step ?? 0 {
                    last = Stop(step: mark.lookStep, reasons: numbers)
                }
            }
            if let last {
                try go(to: last.step)
                return last
            }
            end = start
            (width, _) = width.multipliedReportingOverflow(by: 4)
        }
        return nil
    }

    // MARK: Arming

    private typealias LogStep = (step: UInt64, text: String)

    private func arm(_ logStep: (LogPattern) throws -> LogStep?) throws -> [ArmedBreakpoint] {
        var armed = try breaks.all.map { try ArmedBreakpoint($0, self, logStep: logStep) }
        for place in armed.indices { try armed[place].begin(self) }
        return armed
    }

    private func logStep(of pattern: LogPattern, after step: UInt64) throws -> LogStep? {
        var found: LogStep?
        try run.logLines(through: run.lastStep) { line in
            if line.step > step, try pattern.matches(line.text) {
                found = (line.step, line.text)
            }
            return found == nil
        }
        return found
    }

    private func logStep(of pattern: LogPattern, before step: UInt64) throws -> LogStep? {
        guard step > 0 else { return nil }
        var found: LogStep?
        try run.logLines(through: step - 1) { line in
            if try pattern.matches(line.text) { found = (line.step, line.text) }
            return true
        }
        return found
    }
}
