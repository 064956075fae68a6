import WeirBase
import WeirReplay
import WeirTelemetry

extension Debugger {
    /// Keys of one stage that are offered.
    private static let mostKeys = 50

    /// What the last word of a line can become, each as the whole word, in order.
    ///
    /// Names that could not be typed as they are, are left out: they would have to be quoted.
    package func completions(of line: String) -> (word: String, candidates: [String]) {
        let words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        let word = line.last.map { $0 == " " } ?? true ? "" : words.last ?? ""
        let before = word.isEmpty ? words : Array(words.dropLast())
        let all = before.isEmpty ? CommandTable.entries.map(\.name) : candidates(before, word)
        let fitting = all.filter { candidate in
            candidate.hasPrefix(word)
                && candidate.allSatisfy { !$0.isWhitespace }
                && PrintableText.escaped(candidate, limit: 400) == candidate
        }
        return (word, fitting)
    }

    private func candidates(_ before: [String], _ word: String) -> [String] {
        guard let entry = try? CommandTable.find(before[0], at: 0) else { return [] }
        let previous = before[before.count - 1]
        if previous == "cell" { return run.cellNames }
        switch entry.name {
        case "help": return before.count == 1 ? CommandTable.entries.map(\.name) : []
        case "goto":
            return before.count == 1 ? ["start", "end", "failure"] + places.map(\.name) : []
        case "info":
            if before.count == 1 { return DebuggerCommand.Topic.allCases.map(\.rawValue) }
            return run.stageNames
        case "delete": return breaks.map { "\($0.number)" }
        case "print":
            if before.count == 1 { return ["state", "queue", "event"] + values(word) }
            if before[1] == "queue" { return channelsToOffer }
            if before[1] == "event" { return run.sourceNames.map { "\($0):" } }
            return values(word)
        case "break":
            if before.count == 1 {
                return ["invariant", "log", "queue", "when"] + run.stageNames.map { "stage=\($0)" }
            }
            if before[1] == "queue" { return channelsToOffer }
            if before[1].hasPrefix("stage"), before.count == 2 { return ["when"] }
            return values(word)
        case "watch", "last-write", "history", "assert": return values(word)
        default: return []
        }
    }

    /// Pairs of stages, then each channel.
    var channelsToOffer: [String] {
        var pairs: [String] = []
        for channel in run.channelNames {
            let stages = channel.split(separator: ">").map { $0.prefix { $0 != "/" } }
            let pair = stages.joined(separator: ">")
            if !pairs.contains(pair) { pairs.append(pair) }
        }
        return pairs + run.channelNames
    }

    private func values(_ word: String) -> [String] {
        if let open = word.firstIndex(of: "[") {
            let stage = word[..<open].prefix { $0 != "." && $0 != "/" }
            guard run.stageNames.contains(String(stage)) else { return [] }
            let found = try? run.states(of: String(stage), limit: .max)
            // Those that fit, before there are too many of them.
            return Array(
                (found?.entries ?? []).map(\.name).filter { $0.hasPrefix(word) }
                    .prefix(Self.mostKeys))
        }
        return ["cell", "step", "depth("] + run.stageNames.map { "\($0)[" }
    }
}
