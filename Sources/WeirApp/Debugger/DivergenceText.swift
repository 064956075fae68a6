import WeirBase
import WeirEngine
import WeirTrace

/// How a replay is said to disagree with its trace.
enum DivergenceText {
    /// `round` names one of several replays: ` (replay 2 of 3)`.
    static func text(_ divergence: Divergence, _ trace: Trace, round: String = "") -> String {
        var text = "diverged at step \(divergence.step) of \(divergence.subtask)\(round)"
        text += "\n  expected  \(divergence.expected)\n  got       \(divergence.got)\n"
        if !divergence.reason.isEmpty { text += "  likely    \(divergence.reason)\n" }
        let build = trace.header.recordedWith.build
        if build != BuildIdentity.executableHash {
            text += "  note      recorded by another build (\(PrintableText.escaped(build)))\n"
        }
        text += "  look      \(Advice.replay(trace.path, at: divergence.step))\n"
        return text
    }
}
