import WeirBase
import WeirReplay
import WeirTrace

/// How it is said that a replay disagrees with its trace: where, what was expected and what came,
/// what is likely the cause, and the command that looks at it.
enum DivergenceText {
    /// `round` names one of several replays: ` (replay 2 of 3)`.
    static func text(_ divergence: Divergence, _ trace: Trace, round: String = "") -> String {
        var text = "diverged \(position(divergence)) of \(divergence.subtask)\(round)"
        text += "\n  expected  \(divergence.expected)\n  got       \(divergence.got)\n"
        if !divergence.reason.isEmpty { text += "  likely    \(divergence.reason)\n" }
        if !BuildIdentity.isBuild(of: trace) {
            let build = PrintableText.escaped(trace.header.recordedWith.build)
            text += "  note      recorded by another build (\(build))\n"
        }
        text += "  look      \(Advice.replay(trace.path, at: divergence.step))\n"
        return text
    }

    /// Where it disagrees. What is compared only now and then, such as state at rest points, may
    /// have gone wrong at any step since the last comparison that agreed.
    private static func position(_ divergence: Divergence) -> String {
        let first = divergence.agreed.next
        return first >= divergence.step
            ? "at step \(divergence.step)" : "between step \(first) and step \(divergence.step)"
    }
}
