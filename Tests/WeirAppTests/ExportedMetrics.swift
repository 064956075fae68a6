import Foundation
import WeirBase
import WeirTrace

/// What `weir export --signal metrics` prints of a trace, sample by sample.
struct ExportedMetrics {
    /// By the sample's timestamp: `NAME STAGE` gives the sum over the stage's subtasks, `NAME` the
    /// value of the run, and `depth STAGE` the messages in the stage's fullest inlet.
    private(set) var samples: [String: [String: Double]] = [:]

    init(_ trace: Trace) throws {
        let printed = Guarded<[UInt8]>([])
        try trace.exportMetrics { bytes in printed.withLock { $0.append(contentsOf: bytes) } }
        for line in printed.withLock(\.self).split(separator: 0x0A) {
            try add(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] ?? [:])
        }
    }

    private mutating func add(_ object: [String: Any]) {
        let time = object["timestamp"] as? String ?? ""
        let name = object["name"] as? String ?? ""
        let number = (object["value"] as? NSNumber)?.doubleValue ?? -1
        let labels = object["labels"] as? [String: String] ?? [:]
        if let stage = labels["stage"] {
            samples[time, default: [:]]["\(name) \(stage)", default: 0] += number
        } else if name == "weir_channel_depth", let channel = labels["channel"] {
            // `from/0>to/1`
            let stage = channel.split(separator: ">").last?.split(separator: "/").first ?? ""
            let key = "depth \(stage)"
            samples[time, default: [:]][key] = max(samples[time]?[key] ?? 0, number)
        } else if labels["channel"] == nil {
            samples[time, default: [:]][name] = number
        }
    }
}
