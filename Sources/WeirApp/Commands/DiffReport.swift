import WeirBase
import WeirTelemetry
import WeirTrace

/// What is said of how two runs differ.
struct DiffReport {
    let a: Trace
    let b: Trace
    let difference: RunDifference
    /// The first violation or failure of each run.
    private let failures: (a: Incident?, b: Incident?)

    init(_ a: Trace, _ b: Trace, _ difference: RunDifference) throws {
        (self.a, self.b, self.difference) = (a, b, difference)
        failures = (try a.firstFailure(), try b.firstFailure())
    }

    /// Whether the runs did and gave the same, as far as both recorded it.
    var isSame: Bool {
        difference.isSame && differingSinks.isEmpty && differingParts.isEmpty
            && causes.a == causes.b
    }

    // MARK: Ends

    private var causes: (a: String, b: String) {
        (a.end?.cause ?? "died", b.end?.cause ?? "died")
    }

    /// Whether digests of both say anything about each other.
    private var comparesDigests: Bool {
        a.header.digests != nil && a.header.digests == b.header.digests
    }

    /// The sinks whose rows differ, in the order of the plan.
    var differingSinks: [(name: String, what: String, a: SinkDigest, b: SinkDigest)] {
        guard comparesDigests, let one = a.end?.sinks, let other = b.end?.sinks else { return [] }
        return one.compactMap { sink in
            guard let twin = other.first(where: { $0.sink == sink.sink }) else { return nil }
            if sink.ordered == twin.ordered, sink.rows == twin.rows { return nil }
            let isOrder = sink.unordered == twin.unordered && sink.rows == twin.rows
            return (sink.sink, isOrder ? "order" : "rows", sink, twin)
        }
    }

    /// The parts of the final state that differ: subtasks and cells.
    var differingParts: [String] {
        guard comparesDigests, let one = a.end?.parts, let other = b.end?.parts else { return [] }
        let twins = Dictionary(other.map { ($0.part, $0.digest) }) { first, _ in first }
        return one.filter { twins[$0.part] != $0.digest }.map(\.part)
    }

    // MARK: For a person

    var text: String {
        var lines = [line("A", a, failures.a), line("B", b, failures.b)]
        lines += settings
        lines += steps
        lines += subtasks
        lines += cells
        lines += ends
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ side: String, _ trace: Trace, _ failure: Incident?) -> String {
        let header = trace.header
        let how = trace.end.map { PrintableText.escaped($0.cause) } ?? "died"
        let steps = side == "A" ? difference.lastSteps.a : difference.lastSteps.b
        var text =
            "\(side)  \(PrintableText.escaped(trace.path)): \(header.workers) workers, seed "
            + "\(header.seed), \(steps) steps, \(how)"
        if let failure {
            text +=
                "; \(failure.kind.rawValue) at step \(failure.lookStep): "
                + PrintableText.escaped(failure.name)
        }
        return text
    }

    /// The settings that are not the same.
    private var settings: [String] {
        let names = Set(a.header.settings.keys).union(b.header.settings.keys).sorted()
        return names.compactMap { name in
            let (one, other) = (a.header.settings[name], b.header.settings[name])
            guard one != other else { return nil }
            let values = [one, other].map { $0.map { PrintableText.escaped($0) } ?? "not set" }
            return "setting \(PrintableText.escaped(name)): A \(values[0]), B \(values[1])"
        }
    }

    private var steps: [String] {
        guard let first = difference.first else {
            return ["equal in all \(difference.equalSteps) steps"]
        }
        let step = difference.equalSteps + 1
        let words = StepWords(a.header)
        let what = difference.isFirstOfValue ? "the same was taken, and something else given" : ""
        return [
            "equal for \(difference.equalSteps) steps; the first difference is at step \(step)"
                + (what.isEmpty ? ":" : ": \(what):"),
            "  A  \(first.a.map(words.what) ?? "is over")",
            "  B  \(first.b.map(words.what) ?? "is over")",
        ]
    }

    /// The subtasks whose turns are not the same, with the first that is not.
    private var subtasks: [String] {
        guard !difference.isSame else { return [] }
        let differing = difference.subtasks.enumerated().filter { !$0.element.isSame }
        var lines: [String] = []
        if differing.isEmpty {
            lines.append("after it: every subtask took the same turns, in another order")
        } else {
            let same = difference.subtasks.count - differing.count
            lines.append(
                "after it, turn by turn of each subtask (\(same) of "
                    + "\(difference.subtasks.count) took the same turns):")
        }
        let words = StepWords(a.header)
        for (index, subtask) in differing.prefix(AppBounds.maximumDifferingNames) {
            var text = "  \(PrintableText.escaped(subtask.name)): "
            text += "A \(subtask.turns.a) turns, B \(subtask.turns.b)"
            if subtask.othersTaken > 0 { text += "; \(subtask.othersTaken) took something else" }
            if subtask.othersGiven > 0 { text += "; \(subtask.othersGiven) gave something else" }
            lines.append(text)
            if let first = subtask.first {
                lines.append(
                    "    turn \(first.ordinal): A step \(first.a.step), "
                        + words.what(first.a, of: index)
                        + "; B step \(first.b.step), \(words.what(first.b, of: index))")
            }
        }
        if differing.count > AppBounds.maximumDifferingNames {
            lines.append("  and \(differing.count - AppBounds.maximumDifferingNames) more")
        }
        if let bound = difference.bound {
            lines.append("  compared to step \(bound): behind it the runs are too far apart")
        }
        return lines
    }

    /// The cells that were accessed in another order.
    private var cells: [String] {
        difference.cells.filter { $0.first != nil }.map { cell in
            func access(_ access: RunDifference.Access?) -> String {
                access.map { access in
                    let names = difference.subtasks
                    let name =
                        access.subtask.isWithin(names) ? names[access.subtask.offset].name : "?"
                    return "\(PrintableText.escaped(name)) in its turn \(access.turn) "
                        + "(step \(access.step))"
                } ?? "nobody"
            }
            return "cell \(PrintableText.escaped(cell.name)): the same order for \(cell.equal) "
                + "accesses; then A \(access(cell.first?.a)), B \(access(cell.first?.b))"
        }
    }

    private var ends: [String] {
        var lines: [String] = []
        if causes.a != causes.b {
            lines.append("ends: A \(PrintableText.escaped(causes.a)), B \(causes.b)")
        }
        for sink in differingSinks {
            let name = PrintableText.escaped(sink.name)
            lines.append(
                sink.what == "order"
                    ? "rows of \(name): the same \(sink.a.rows), in another order"
                    : "rows of \(name): A \(sink.a.rows), B \(sink.b.rows), and not the same")
        }
        let parts = differingParts
        if !parts.isEmpty {
            let names = parts.prefix(AppBounds.maximumDifferingNames)
                .map { PrintableText.escaped($0) }.joined(separator: ", ")
            let more = parts.count - min(parts.count, AppBounds.maximumDifferingNames)
            lines.append("final state differs: \(names)" + (more > 0 ? " and \(more) more" : ""))
        }
        if !comparesDigests { lines.append("digests have different forms and are not compared") }
        if a.end == nil || b.end == nil {
            lines.append("a run without an end has no final state and no digests of rows")
        }
        if isSame { lines.append("the same") }
        return lines
    }
}

extension StepWords {
    /// What a step of a trace was.
    func what(_ note: StepNote) -> String {
        what(
            note.kind, subtask: note.subtask, port: note.port, count: note.count, turn: note.turn)
    }

    /// What a turn of a subtask took and gave.
    func what(_ turn: RunDifference.Turn, of subtask: Int) -> String {
        let index = SubtaskIndex(UInt16(clamping: subtask))
        let given = turn.emitted.map(String.init).joined(separator: "+")
        return begin(turn.kind, of: index, port: turn.inlet.rawValue, count: turn.count)
            + (given.isEmpty ? "" : " and gives \(given)")
    }
}
