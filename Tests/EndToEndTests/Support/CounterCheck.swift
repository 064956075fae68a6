import Foundation
import WeirBase
import WeirTelemetry
import WeirTrace

/// What must hold of the exported metrics of any recorded run: no counter falls, and the times of
/// each subtask's states sum to the time that passed.
struct CounterCheck {
    /// Traces larger than this are left out: reading them all would be most of what tests do.
    static let maximumBytes = 2 << 20
    /// How far a sample's clock and its counters may lie apart on a machine that is busy.
    private static let tolerance = 0.25

    private(set) var faults: [String] = []
    private(set) var samples = 0
    private var last: [String: Double] = [:]
    /// By subtask: the sum of its states' times at its first sample and at the newest.
    private var sums: [String: (first: Double, newest: Double)] = [:]
    private var firstTime: Double?
    private var newestTime = 0.0
    private var timestamp = ""
    private var waits = false

    init(_ trace: Trace) throws {
        let printed = Guarded<[UInt8]>([])
        try trace.exportMetrics { bytes in printed.withLock { $0.append(contentsOf: bytes) } }
        let text = String(decoding: printed.withLock(\.self), as: UTF8.self)
        for line in text.split(separator: "\n") { take(line) }
        endSample()
        // A simulated run's clock stands still while turns run; older builds did not tell waiting.
        guard trace.header.workers > 0, waits, let firstTime, newestTime - firstTime >= 1 else {
            return
        }
        for (subtask, sum) in sums.sorted(by: { $0.key < $1.key }) {
            let (told, passed) = (sum.newest - sum.first, newestTime - firstTime)
            if abs(told - passed) > Self.tolerance {
                faults.append("\(subtask): states of \(told) s in \(passed) s")
            }
        }
    }

    private static func member(_ name: String, of line: Substring, upTo end: String) -> Substring {
        guard let start = line.range(of: "\"\(name)\":"),
            let end = line.range(of: end, range: start.upperBound..<line.endIndex)
        else { return "" }
        return line[start.upperBound..<end.lowerBound]
    }

    private mutating func take(_ line: Substring) {
        let time = Self.member("timestamp", of: line, upTo: ",")
        if time != timestamp {
            endSample()
            timestamp = String(time)
        }
        if line.contains("\"type\":\"histogram\"") { return takeHistogram(line, time) }
        guard line.contains("\"type\":\"counter\"") else { return }
        let name = Self.member("name", of: line, upTo: ",")
        let labels = Self.member("labels", of: line, upTo: "}")
        let value = Double(Self.member("value", of: line, upTo: ",")) ?? -1
        take(value, of: "\(name) \(labels)", time)
    }

    /// What a histogram counts and sums are counters, each of its buckets too.
    private mutating func takeHistogram(_ line: Substring, _ time: Substring) {
        let name = Self.member("name", of: line, upTo: ",")
        let labels = Self.member("labels", of: line, upTo: "}")
        for figure in ["count", "sum"] {
            let value = Double(Self.member(figure, of: line, upTo: ",")) ?? -1
            take(value, of: "\(name) \(figure) \(labels)", time)
        }
        for bucket in Self.member("buckets", of: line, upTo: "]").split(separator: "{").dropFirst()
        {
            let bound = Self.member("le", of: bucket, upTo: ",")
            let count = Double(Self.member("count", of: bucket, upTo: "}")) ?? -1
            take(count, of: "\(name) le \(bound) \(labels)", time)
        }
    }

    private mutating func take(_ value: Double, of key: String, _ time: Substring) {
        if let before = last[key], value < before {
            faults.append("\(key) fell from \(before) to \(value) at \(time)")
        }
        last[key] = value
    }

    private mutating func endSample() {
        guard !timestamp.isEmpty else { return }
        samples += 1
        newestTime = Self.seconds(timestamp)
        let isFirst = firstTime == nil
        firstTime = firstTime ?? newestTime
        var sums: [String: Double] = [:]
        for state in ["busy", "backpressured", "waiting", "aligning", "idle"] {
            let prefix = "\"weir_\(state)_seconds_total\" "
            for (key, value) in last where key.hasPrefix(prefix) {
                sums[String(key.dropFirst(prefix.count)), default: 0] += value
                if state == "waiting" { waits = true }
            }
        }
        for (subtask, sum) in sums {
            self.sums[subtask] = (isFirst ? sum : self.sums[subtask]?.first ?? sum, sum)
        }
    }

    /// Seconds of an RFC 3339 time within its day, as a JSON text.
    private static func seconds(_ text: String) -> Double {
        let clock = text.dropFirst(12).dropLast(2).split(separator: ":").map { Double($0) ?? 0 }
        return clock.reduce(0) { $0 * 60 + $1 }
    }
}
