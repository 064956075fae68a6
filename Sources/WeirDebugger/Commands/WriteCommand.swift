import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `previous-write STATE`: goes back to the step before here that changed a value, as a
    /// reverse watchpoint does.
    ///
    /// Costs what `last-write` does, and the way there.
    static let previousWrite = DebuggerCommand(
        .moving, "previous-write", short: ["pw"],
        Help(
            "previous-write STATE", "go back to the step that wrote a value",
            details: ["previous-write cell budget", "previous-write reserve[17]"]),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.state() },
        obey: { state, debugger in try debugger.goToWriteBehind(of: state) },
        candidates: { request, debugger in debugger.valuesToOffer(for: request.word) })

    /// `next-write STATE`: runs on to the next step that changes a value.
    static let nextWrite = DebuggerCommand(
        .moving, "next-write", short: ["nw"],
        Help("next-write STATE", "run to the next step that writes a value"),
        isRepeatable: true,
        read: { text throws(CommandError) in try text.state() },
        obey: { state, debugger in try debugger.goToWriteAhead(of: state) },
        candidates: { request, debugger in debugger.valuesToOffer(for: request.word) })
}

extension Debugger {
    /// Goes to the last write before the present step; where there is none, it stays.
    fileprivate func goToWriteBehind(of reference: StateReference) throws -> Answer {
        try check(reference, at: nil)
        let origin = run.position
        return try move(origin.count) {
            guard origin > 0 else { return ["this is the start"] }
            // Standing at a write, the one before it is meant.
            try go(to: origin.previous)
            guard let (state, _) = try reference.state(in: self, at: nil),
                let step = try run.lastWrite(state.id)
            else {
                try go(to: origin)
                return ["\(PrintableText.escaped(reference.text)) was not written before this"]
            }
            try go(to: step)
            return []
        }
    }

    /// Runs to the next write; where there is none, it stays.
    fileprivate func goToWriteAhead(of reference: StateReference) throws -> Answer {
        try check(reference, at: nil)
        let origin = run.position
        return try move(origin.distance(to: run.lastStep)) {
            var armed = [
                try ArmedBreakpoint(Breakpoint(number: 0, .watch(reference)), self) { _ in nil }
            ]
            try armed[0].begin(self)
            if try scan(&armed, through: run.lastStep) != nil { return [] }
            try go(to: origin)
            return ["\(PrintableText.escaped(reference.text)) is not written after this"]
        }
    }
}
