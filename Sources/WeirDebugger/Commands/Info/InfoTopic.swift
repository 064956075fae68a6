import WeirBase

/// A topic of `info`: what it is called, what `help info` says of it, and what it lists.
///
/// Each topic is one value in a file of its own, as a static member of this type, and one
/// line in `all`. Its `answer` only looks: the run stands afterwards where it stood.
struct InfoTopic: Sendable {
    /// The topics in the order in which `help info` lists them.
    static let all: [InfoTopic] = [
        .stages, .states, .queues, .runnable, .threads, .breaks, .incidents, .drops, .books,
        .watermarks,
    ]

    /// The word by which it is asked for.
    let name: String
    /// The lines of `help info` that are behind the word `info`; the first one begins with
    /// the name.
    let help: [String]
    /// Whether the name of a stage can follow.
    let takesStage: Bool
    /// Whether the answer depends on the run's position, which the answer then says.
    let dependsOnPosition: Bool
    /// Adds what is listed to an answer; the stage is the one that was named, if any was.
    let answer: @Sendable (_ stage: String?, Debugger, inout Answer) throws -> Void

    init(
        _ name: String, help: [String], takesStage: Bool = false, dependsOnPosition: Bool = true,
        answer: @escaping @Sendable (_ stage: String?, Debugger, inout Answer) throws -> Void
    ) {
        (self.name, self.help) = (name, help)
        (self.takesStage, self.dependsOnPosition) = (takesStage, dependsOnPosition)
        self.answer = answer
    }

    /// The lines of all topics, each first one behind the word `info`.
    static var help: [String] {
        all.flatMap { topic in
            topic.help.enumerated().map { ($0 == 0 ? "info " : "     ") + $1 }
        }
    }

    /// The topic that a word in small letters means: a name, one without its last s, or the
    /// beginning of one name only.
    static func find(_ word: String, at column: Int) throws(CommandError) -> InfoTopic {
        // An empty word would be the beginning of every name.
        let meant = word.isEmpty ? [] : all.filter { $0.name.hasPrefix(word) }
        // The singular will do as well, as in `info queue`.
        if let exact = all.first(where: { $0.name == word || $0.name == word + "s" }) {
            return exact
        }
        if meant.count == 1 { return meant[0] }
        if word.isEmpty { throw CommandError("info wants a topic", advice(word), at: column) }
        let shown = ShownText.word(word)
        if meant.isEmpty {
            throw CommandError("there is no topic '\(shown)'", advice(word), at: column)
        }
        throw CommandError(
            "'\(shown)' can be \(meant.map(\.name).joined(separator: ", "))",
            "Write more of it", at: column)
    }

    /// The name that was probably meant, or all names.
    private static func advice(_ word: String) -> String {
        let names = all.map(\.name)
        return Nearest.best(word, among: names).map { "Did you mean \($0)?" }
            ?? "There are: \(names.joined(separator: ", "))"
    }
}
