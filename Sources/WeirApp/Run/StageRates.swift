import WeirBase
import WeirTelemetry

/// What one stage did between two samples.
struct StageRate {
    var stage: String
    var recordsIn = 0.0
    var recordsOut = 0.0
    var busy = 0.0
    var backpressured = 0.0
    var depth: UInt64 = 0
    var capacity: UInt64 = 0
    var watermarkLag: Int64?
    var isLimiting = false

    var fill: Double { capacity == 0 ? 0 : Double(depth) / Double(capacity) }
}

/// Rates of all stages, and which one limits the run.
enum StageRates {
    static func between(
        _ old: MetricSample, _ new: MetricSample, nanoseconds: UInt64
    ) -> [StageRate] {
        let seconds = Double(nanoseconds) / 1e9
        var rates: [StageRate] = []
        var widths: [Double] = []
        for (index, after) in new.subtasks.enumerated() {
            let before = old.subtasks[index]
            if rates.last?.stage != after.stage {
                rates.append(StageRate(stage: after.stage))
                widths.append(0)
            }
            let last = rates.count - 1
            widths[last] += 1
            rates[last].recordsIn += Double(after.recordsIn &- before.recordsIn) / seconds
            rates[last].recordsOut += Double(after.recordsOut &- before.recordsOut) / seconds
            let span = Double(nanoseconds)
            rates[last].busy += Double(after.busy &- min(after.busy, before.busy)) / span
            rates[last].backpressured +=
                Double(after.backpressured &- min(after.backpressured, before.backpressured)) / span
            if let lag = after.watermarkLag {
                rates[last].watermarkLag = max(rates[last].watermarkLag ?? 0, lag)
            }
        }
        for index in rates.indices {
            rates[index].busy = min(1, rates[index].busy / widths[index])
            rates[index].backpressured = min(1, rates[index].backpressured / widths[index])
            for channel in new.channels where channel.to == rates[index].stage {
                // The fullest inlet tells more than the sum: one full channel blocks its producer.
                if Double(channel.depth) >= rates[index].fill * Double(channel.capacity) {
                    rates[index].depth = channel.depth
                    rates[index].capacity = channel.capacity
                }
            }
        }
        mark(&rates)
        return rates
    }

    /// The stage that limits: not held up itself, with the fullest queue before it; of stages
    /// without a queue the busiest, if it is really busy.
    private static func mark(_ rates: inout [StageRate]) {
        var best: Int?
        for index in rates.indices where rates[index].backpressured < 0.5 {
            let isCandidate = rates[index].fill >= 0.5 || rates[index].busy >= 0.8
            guard isCandidate else { continue }
            guard let known = best else {
                best = index
                continue
            }
            if (rates[index].fill, rates[index].busy) > (rates[known].fill, rates[known].busy) {
                best = index
            }
        }
        if let best { rates[best].isLimiting = true }
    }
}

/// Rates as lines of text, for `--ui plain`.
enum PlainLines {
    static func text(_ rates: [StageRate], at nanoseconds: Int64) -> String {
        let time = Instant(nanoseconds: nanoseconds).rfc3339(digits: 1)
        let clock = time.dropFirst(11).dropLast()
        let width = rates.map(\.stage.count).max() ?? 0
        var text = ""
        for rate in rates {
            let name = rate.stage + String(repeating: " ", count: width - rate.stage.count)
            text += "\(clock)  \(name)"
            text += "  in \(padded(Quantities.describe(count: rate.recordsIn), 7))/s"
            text += "  out \(padded(Quantities.describe(count: rate.recordsOut), 7))/s"
            text += "  busy \(padded(percent(rate.busy), 4))"
            text += "  blocked \(padded(percent(rate.backpressured), 4))"
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
