import WeirTelemetry

/// The latencies from source to sink of about the last second.
///
/// Samples tell totals, of each sink about once a second; what was added since the time before is
/// what counts, until it is older than `length`.
struct LatencyWindow: Sendable {
    /// Longer than a second: a sample may come late.
    static let length: Int64 = 1_500_000
    /// Sinks of a plan; only a trace that somebody altered has more.
    static let maximumSinks = 4_096

    private struct Place: Hashable {
        var stage: String
        var subtask: Int
    }

    private struct Sink {
        let stage: String
        var classes: [UInt64] = []
        var added: [UInt64] = []
        var time: Int64 = .min
    }

    private var sinks: [Sink] = []
    private var places: [Place: Int] = [:]

    mutating func take(_ sample: MetricSample) {
        for subtask in sample.subtasks {
            guard let latencies = subtask.latencies,
                let told = latencies.first(where: { $0.hop == LatencySample.wholeWay }),
                let place = place(of: subtask)
            else { continue }
            let classes = told.classes
            let before = sinks[place].classes
            sinks[place].added = classes.enumerated().map { number, count in
                let old = number < before.count ? before[number] : 0
                return count > old ? count - old : 0
            }
            (sinks[place].classes, sinks[place].time) = (classes, sample.time)
        }
    }

    private mutating func place(of subtask: SubtaskSample) -> Int? {
        let key = Place(stage: subtask.stage, subtask: subtask.subtask)
        if let place = places[key] { return place }
        guard sinks.count < Self.maximumSinks else { return nil }
        places[key] = sinks.count
        sinks.append(Sink(stage: subtask.stage))
        return sinks.count - 1
    }

    /// What came out in the last second: of each stage that is a sink, and of all together; a stage
    /// from which nothing came is missing, and `all` is nil where nothing did at all.
    func figures(at time: Int64) -> (all: LatencyFigures?, stages: [String: LatencyFigures]) {
        var all = [UInt64](repeating: 0, count: LatencyClass.count)
        var stages: [String: [UInt64]] = [:]
        for sink in sinks {
            let (age, overflow) = time.subtractingReportingOverflow(sink.time)
            guard !overflow, age < Self.length else { continue }
            Self.add(sink.added, to: &all)
            Self.add(sink.added, to: &stages[sink.stage, default: all.map { _ in 0 }])
        }
        return (
            LatencyFigures(classes: all), stages.compactMapValues(LatencyFigures.init(classes:))
        )
    }

    private static func add(_ added: [UInt64], to classes: inout [UInt64]) {
        for (place, count) in added.enumerated() { classes[place] &+= count }
    }
}
