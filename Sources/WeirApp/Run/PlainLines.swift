import WeirBase
import WeirMonitor

/// What the screen shows of each stage, as a line of text, for `--ui plain` of `run` and of `top`.
///
/// The figures and the verdict are the overview's own: rates over a second, and what limits the run
/// over three seconds, so that a spike of a second is no verdict here either.
enum PlainLines {
    /// A line for each stage at the timeline's shown moment, which is at `instant`; empty before
    /// there are two samples. The columns of one text are aligned.
    static func text(_ timeline: Timeline, at instant: Instant) -> String {
        let rates = timeline.rates
        guard let frame = timeline.shownFrame, !rates.isEmpty else { return "" }
        let bottleneck = timeline.bottleneck
        let time = instant.rfc3339(digits: 1)
        let clock = time.dropFirst(11).dropLast()
        // Names come from a pipeline or a trace: what a terminal would obey is made visible.
        let names = rates.map { PrintableText.escaped($0.stage, limit: 60) }
        let width = names.map(\.count).max() ?? 0
        var text = ""
        for (number, (rate, stage)) in zip(rates, names).enumerated() {
            let name = stage + String(repeating: " ", count: width - stage.count)
            text += "\(clock)  \(name)" + figures(rate)
            if let latency = frame.stages[number].latency {
                text += "  " + Figures.latency(latency)
            }
            // The verdict stands at the stage that it names.
            if let limit = bottleneck.note(on: rate.stage) { text += "  <- \(limit)" }
            text += "\n"
        }
        return text
    }

    /// The figures of a stage, padded so that they stand below each other.
    private static func figures(_ rate: StageRate) -> String {
        var text = "  in \(padded(Quantities.describe(count: rate.recordsIn), 7))/s"
        text += "  out \(padded(Quantities.describe(count: rate.recordsOut), 7))/s"
        text += "  busy \(padded(percent(rate.busy), 4))"
        text += "  blocked \(padded(percent(rate.backpressured), 4))"
        text += "  waiting \(padded(percent(rate.waiting), 4))"
        if rate.capacity > 0 {
            text += "  queue \(padded("\(rate.depth)", 5))/\(rate.capacity)"
        }
        // A stage without a watermark, or without a queue, has nothing to show there.
        if let lag = rate.watermarkLag {
            text += "  lag \(Figures.tenths(Double(lag) / 1e9)) s"
        }
        return text
    }

    /// A share as a whole percentage. Without the space that the screen has, so that a line splits
    /// at its spaces.
    private static func percent(_ share: Double) -> String { "\(Figures.wholePercent(share))%" }

    /// A text with spaces before it, to a width; longer ones stay as they are.
    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
