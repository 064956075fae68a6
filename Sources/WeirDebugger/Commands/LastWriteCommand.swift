import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `last-write STATE`: finds the step that last changed a value.
    ///
    /// A step that left the value as it was did not write it. It is found by running the
    /// steps that could have written it, in windows from here backward, so that a recent
    /// write is found at once and one long ago may cost a replay of the whole run.
    static let lastWrite = DebuggerCommand(
        .looking, "last-write", short: ["lw"],
        Help(
            "last-write STATE", "find the step that last changed a value",
            details: ["last-write cell budget", "last-write reserve[17]"]),
        read: { text throws(CommandError) in try text.state() },
        obey: { state, debugger in try debugger.lastWrite(state) },
        candidates: { request, debugger in debugger.valuesToOffer(for: request.word) })
}

extension Debugger {
    /// Finds the step, and tells the value before and after it.
    ///
    /// The value before it is found by going back there, so the run is moved on the way.
    /// Afterwards it stands where it stood before.
    fileprivate func lastWrite(_ reference: StateReference) throws -> Answer {
        try check(reference, at: nil)
        guard let (state, path) = try reference.state(in: self, at: nil) else {
            throw try notHere(reference)
        }
        let name = PrintableText.escaped(state.name)
        var answer = Answer("last-write")
        answer.member("state", .text(state.name))
        let origin = run.position
        // Without a write the value is still the one that the state began with.
        guard let step = try run.lastWrite(state.id), let facts = try run.facts(of: step) else {
            answer.line("\(name) was not written up to step \(origin)")
            answer.line("  value   \(shown(state.value))")
            answer.member("value", ReflectedValue.json(state.value))
            return answer
        }
        let words = StepText(run)
        // The value after it is that of now, as nothing has written since.
        let before = try value(of: state, before: step, back: origin)
        answer.line("\(name) was last written at step \(step): \(words.what(facts))")
        answer.line("  before  \(before.map { shown($0) } ?? "nothing")")
        answer.line("  after   \(shown(state.value))")
        // The command to type next, as it stands.
        answer.line("  look    goto \(step)")
        answer.member("step", .number(step))
        describe(facts, words, &answer)
        answer.member("before", before.map { ReflectedValue.json($0) } ?? .nothing)
        answer.member("after", ReflectedValue.json(state.value))
        answer.member("look", .text("goto \(step)"))
        // The last write of a whole value may have left the field alone that was asked about.
        if !path.isEmpty {
            answer.line("  note    the whole value is followed, not only a field of it")
        }
        return answer
    }

    /// A value as it stands on a line.
    private func shown(_ value: Any?) -> String {
        ReflectedValue.text(value, limit: DebuggerBounds.maximumLineText)
    }

    /// The value of a state before a step, found by going there and back; nil when there was
    /// none.
    private func value(
        of state: StateValue, before step: Step, back origin: Step
    ) throws -> Any? {
        // `go` counts for a movement; here there is none, and nobody reads the count.
        try go(to: step.previous)
        let found = try run.find(state.name).first { $0.id == state.id }
        try go(to: origin)
        return found?.value
    }
}
