import WeirBase
import WeirMonitor

/// Rates as lines of text, for `--ui plain`.
enum PlainLines {
    static func text(_ rates: [StageRate], at nanoseconds: Int64) -> String {
        let time = Instant(nanoseconds: nanoseconds).rfc3339(digits: 1)
        let clock = time.dropFirst(11).dropLast()
        // Names come from a pipeline or a trace: what a terminal would obey is made visible.
        let names = rates.map { PrintableText.escaped($0.stage, limit: 60) }
        let width = names.map(\.count).max() ?? 0
        var text = ""
        for (rate, stage) in zip(rates, names) {
            let name = stage + String(repeating: " ", count: width - stage.count)
            text += "\(clock)  \(name)"
            text += "  in \(padded(Quantities.describe(count: rate.recordsIn), 7))/s"
            text += "  out \(padded(Quantities.describe(count: rate.recordsOut), 7))/s"
            text += "  busy \(padded(percent(rate.busy), 4))"
            text += "  blocked \(padded(percent(rate.backpressured), 4))"
            text += "  waiting \(padded(percent(rate.waiting), 4))"
            if rate.capacity > 0 {
                text += "  queue \(padded("\(rate.depth)", 5))/\(rate.capacity)"
            }
            if let lag = rate.watermarkLag {
                text += "  lag \(tenths(Double(lag) / 1e9)) s"
            }
            if rate.isLimiting { text += "  <- limits the run" }
            text += "\n"
        }
        return text
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
