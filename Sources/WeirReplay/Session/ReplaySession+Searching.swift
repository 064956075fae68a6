import WeirBase
import WeirEngine
package import WeirTelemetry
import WeirTrace

extension ReplaySession {
    /// Steps looked through in the first window before the playhead; each further one is larger.
    private static let firstWindow: UInt64 = 512

    /// Runs forward and stops at the first step behind the playhead that is a candidate and for
    /// which `test` holds there; nil when there is none up to `limit`, where the session then is.
    package func search(
        through limit: UInt64, candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> UInt64? {
        while let next = try firstStep(after: position, through: limit, where: candidates) {
            let travel = try go(to: next)
            if travel.isInterrupted { throw ReplayInterrupted(step: next) }
            if divergence != nil { return nil }
            if try test() { return next }
        }
        if try go(to: limit).isInterrupted { throw ReplayInterrupted(step: limit) }
        return nil
    }

    /// Goes back to the last candidate before the playhead for which `test` holds there; nil when
    /// there is none, and the session is where it was.
    package func searchBack(
        candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> UInt64? {
        let origin = position
        var end = origin
        var width = Self.firstWindow
        while end > 1 {
            let start = end > width ? end - width : 1
            if try firstStep(after: start - 1, through: end - 1, where: candidates) != nil {
                if try go(to: start - 1).isInterrupted { throw ReplayInterrupted(step: start) }
                var last: UInt64?
                while let hit = try search(
                    through: end - 1, candidates: candidates, test: test)
                {
                    last = hit
                }
                if let last {
                    if try go(to: last).isInterrupted { throw ReplayInterrupted(step: last) }
                    return last
                }
            }
            end = start
            width *= 4
        }
        try go(to: origin)
        return nil
    }

    /// The step that last changed a piece of state, at or before the playhead: the access of a
    /// cell, or the turn of a subtask; nil when nothing has changed it since the run's start.
    ///
    /// Found by running: an access that left the cell as it was did not write it. What an open
    /// turn has done to its own state does not count.
    package func lastWrite(_ state: StateID) throws -> UInt64? {
        guard let watched = Watched(state, in: replica) else { return nil }
        var end = position
        var width = Self.firstWindow
        while end > 0 {
            let start = end > width ? end - width : 0
            if let step = try lastWrite(watched, after: start, through: end) { return step }
            end = start
            width *= 4
        }
        return nil
    }

    /// As `lastWrite`, among the steps of one window.
    private func lastWrite(
        _ state: Watched, after start: UInt64, through end: UInt64
    ) throws -> UInt64? {
        var steps: [UInt64] = []
        _ = try firstStep(after: start, through: end) { facts in
            if state.mayBeWritten(by: facts) { steps.append(facts.step) }
            return false
        }
        guard let first = steps.first else { return nil }
        guard let past = try replica(at: first - 1) else {
            throw ReplayInterrupted(step: first)
        }
        var before = state.digest(in: past)
        var last: UInt64?
        for (place, step) in steps.enumerated() {
            // A turn's own state is to be seen before the subtask's next turn, when this one ended.
            let next: UInt64
            if case .cell = state.id {
                next = step
            } else {
                next = place + 1 < steps.count ? steps[place + 1] - 1 : try settled(step, state)
            }
            guard try run(past, through: next) else { throw ReplayInterrupted(step: step) }
            guard past.position == next, state.hasSettled(in: past) else { break }
            let after = state.digest(in: past)
            if after != before { last = step }
            before = after
        }
        return last
    }

    /// The last step up to the playhead at which the outcome of a turn can be seen.
    private func settled(_ turn: UInt64, _ state: Watched) throws -> UInt64 {
        let next = try firstStep(
            after: turn, through: position, where: state.mayBeWritten(by:))
        return next.map { $0 - 1 } ?? position
    }

    // MARK: Events and logs

    /// The element of a source with this index, from 0, as text, and the step of the turn that took
    /// it, nil when none did; nil when there is no such element.
    ///
    /// Elements of files are the recorded lines, found by reading from the start.
    package func event(source: String, index: UInt64) throws -> (text: String, step: UInt64?)? {
        guard let place = plan.planned.plan.sources.firstIndex(where: { $0.name == source }),
            let subtask = replica.execution.subtasks.first(where: { subtask in
                subtask.isSource
                    && plan.planned.plan.stages.first { $0.name == subtask.stage }?
                        .source == place
            })
        else { return nil }
        var taken: UInt64 = 0
        let step = try firstStep(after: 0) { facts in
            guard facts.subtask == subtask.index, facts.kind == .input else { return false }
            taken += UInt64(facts.count)
            return taken > index
        }
        if let text = subtask.describeElement(index) {
            // A generator can make any element; those beyond its limit do not exist.
            return step == nil && index >= trace.header.limit ?? .max ? nil : (text, step)
        }
        guard let line = try line(of: place, index) else { return nil }
        return (line, step)
    }

    private func line(of source: Int, _ index: UInt64) throws -> String? {
        let inputs = RecordedInputs(trace: trace, paths: plan.paths)
        var lines = LineAssembler()
        var passed: UInt64 = 0
        while true {
            while lines.waiting == 0 {
                guard !lines.isEnded, lines.trouble == nil,
                    let block = try inputs.next(of: source)
                else { return nil }
                lines.take(block)
            }
            let text = lines.next { passed == index ? String(decoding: $0, as: UTF8.self) : nil }
            if let text { return text }
            passed += 1
        }
    }

    /// The recorded log records of turns up to `step` in the order of the run; `body` gets each,
    /// its statement and its rank, and returns false to end.
    package func logs(
        through step: UInt64, _ body: (LogRecord, LogSite, UInt64) throws -> Bool
    ) throws {
        let merge = try LogMerge(trace)
        while let (record, rank) = try merge.next(), record.step <= step {
            guard Int(record.site) < merge.sites.count else { continue }
            if try !body(record, merge.sites[Int(record.site)], rank) { return }
        }
    }
}

/// A piece of state that is looked at again and again, in one replica after another.
private struct Watched {
    let id: StateID
    /// The typed key of an entry.
    private let key: Any

    /// Nil when there is no such state in the replica.
    init?(_ id: StateID, in replica: Replica) {
        self.id = id
        switch id {
        case .cell(let cell):
            guard Int(cell) < replica.execution.cells.count else { return nil }
            key = ()
        case .entry(let subtask, let name, let text):
            guard Int(subtask) < replica.execution.subtasks.count,
                let found = replica.execution.subtasks[Int(subtask)].key(named: text, of: name)
            else { return nil }
            key = found
        }
    }

    func mayBeWritten(by facts: StepFacts) -> Bool {
        switch id {
        case .cell(let cell): facts.kind == .access && facts.port == cell
        case .entry(let subtask, _, _): facts.kind.beginsTurn && facts.subtask == subtask
        }
    }

    /// Whether the owner is between turns, so that its state can be read.
    func hasSettled(in replica: Replica) -> Bool {
        guard case .entry(let subtask, _, _) = id else { return true }
        return replica.scheduler.openTurns[subtask] == nil
    }

    /// A digest of the value; nil when there is none yet, or no more.
    func digest(in replica: Replica) -> UInt64? {
        var hash = StableHash()
        switch id {
        case .cell(let cell):
            replica.execution.cells[Int(cell)].digest(into: &hash)
        case .entry(let subtask, let name, _):
            let owner = replica.execution.subtasks[Int(subtask)]
            guard let value = owner.value(of: key, of: name) else { return nil }
            if let value = value as? any Encodable {
                hash.combine(bytes: Canonical.bytes(of: value))
            } else {
                hash.combine(bytes: Array("\(value)".utf8))
            }
        }
        return hash.value
    }
}
