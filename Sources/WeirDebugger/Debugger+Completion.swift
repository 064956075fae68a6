import WeirBase
import WeirReplay
import WeirTelemetry

/// What the prompt offers while a line is typed: each command says what could stand where, and
/// here it is held against what stands there already.
extension Debugger {
    /// What the last word of a line can become, each as the whole word, in order.
    ///
    /// Names that could not be typed as they are, because they would have to be quoted, are
    /// left out. The prompt calls it at each press of the tab key.
    package func completions(of line: String) -> (word: String, candidates: [String]) {
        let words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        // Behind a space a new word begins.
        let word = line.last.map { $0 == " " } ?? true ? "" : words.last ?? ""
        let before = word.isEmpty ? words : Array(words.dropLast())
        // The first word of a line is a command, in its full form: short forms need no help.
        let all = before.isEmpty ? CommandTable.all.map(\.name) : candidates(before, word)
        let fitting = all.filter { candidate in
            candidate.hasPrefix(word)
                && candidate.allSatisfy { !$0.isWhitespace }
                && ShownText.line(candidate) == candidate
        }
        return (word, fitting)
    }

    /// What the command of a line offers for its next word. Nothing where there is no such
    /// command.
    private func candidates(_ before: [String], _ word: String) -> [String] {
        guard let command = try? CommandTable.find(before[0], at: 0) else { return [] }
        // Behind this word only a cell can be, whatever the command.
        if before.last == "cell" { return run.cellNames }
        return command.candidates(CompletionRequest(before: before, word: word), self)
    }

    /// The pairs of stages that a channel joins, and then each channel between their
    /// subtasks.
    var channelsToOffer: [String] {
        var pairs: [String] = []
        for channel in run.channelNames {
            let stages = channel.split(separator: ">").map { $0.prefix { $0 != "/" } }
            let pair = stages.joined(separator: ">")
            // A pair of stages has a channel for each pair of subtasks, and is offered once.
            if !pairs.contains(pair) { pairs.append(pair) }
        }
        return pairs + run.channelNames
    }

    /// What an expression can begin with; behind `stage[`, the keys of that stage which fit.
    func valuesToOffer(for word: String) -> [String] {
        if let open = word.firstIndex(of: "[") {
            let stage = word[..<open].prefix { $0 != "." && $0 != "/" }
            guard run.stageNames.contains(String(stage)) else { return [] }
            let found = try? run.states(
                of: String(stage), named: word, limit: DebuggerBounds.maximumOfferedKeys)
            return (found?.entries ?? []).map(\.name)
        }
        return ["cell", "step", "depth("] + run.stageNames.map { "\($0)[" }
    }
}
