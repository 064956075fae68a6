import WeirBase
import WeirTelemetry

/// The latencies from source to sink of about the last second.
///
/// `StageTable` hands it every sample of a run in order (`take`) and asks for the figures of each
/// moment. Samples tell totals since the run's start, of each sink about once a second. What was
/// added since the time before is what counts here, until it is older than `length`. Latencies are
/// counted in classes (`LatencyClass`), so that they can be added up over sinks and quantiles found
/// from the sums.
struct LatencyWindow: Sendable {
    /// How long what a sink told counts. It is longer than the second after which a sink tells
    /// again, because a sample may come late.
    static let length = RunTime.milliseconds(1_500)

    /// A subtask of a sink.
    private struct SubtaskKey: Hashable {
        var stage: String
        var subtask: Int
    }

    /// What a subtask of a sink told last.
    private struct Sink {
        let stage: String
        /// Counts since the run's start, by class.
        var classes: [UInt64] = []
        /// What was added to them between the last two times.
        var added: [UInt64] = []
        /// When it told last; before the first time it is infinitely long ago.
        var time = RunTime.min
    }

    private var sinks: [Sink] = []
    /// The index in `sinks` of each subtask.
    private var indices: [SubtaskKey: Int] = [:]

    /// Takes the run's next sample. Subtasks that are no sinks, or tell nothing new, cost a glance.
    mutating func take(_ sample: MetricSample) {
        for subtask in sample.subtasks {
            guard let latencies = subtask.latencies,
                let told = latencies.first(where: { $0.hop == LatencySample.wholeWay }),
                let index = index(of: subtask)
            else { continue }
            let classes = told.classes
            let before = sinks[index].classes
            sinks[index].added = classes.enumerated().map { number, count in
                let old = number < before.count ? before[number] : 0
                // Totals that fell belong to samples out of order.
                return count > old ? count - old : 0
            }
            (sinks[index].classes, sinks[index].time) = (classes, sample.time)
        }
    }

    /// The index of a subtask, a new one where it had none; nil where there is no room for more.
    private mutating func index(of subtask: SubtaskSample) -> Int? {
        let key = SubtaskKey(stage: subtask.stage, subtask: subtask.subtask)
        if let index = indices[key] { return index }
        guard sinks.count < MonitorBounds.maximumSinks else { return nil }
        indices[key] = sinks.count
        sinks.append(Sink(stage: subtask.stage))
        return sinks.count - 1
    }

    /// What came out in the last second: of each stage that is a sink, and of all together; a stage
    /// from which nothing came is missing, and `all` is nil where nothing did at all.
    func figures(at time: RunTime) -> (all: LatencyFigures?, stages: [String: LatencyFigures]) {
        var all = [UInt64](repeating: 0, count: LatencyClass.count)
        var stages: [String: [UInt64]] = [:]
        for sink in sinks {
            // A sink that told nothing yet has an age that does not fit.
            guard let age = time.since(sink.time), age < Self.length else { continue }
            Self.add(sink.added, to: &all)
            Self.add(sink.added, to: &stages[sink.stage, default: all.map { _ in 0 }])
        }
        return (
            LatencyFigures(classes: all), stages.compactMapValues(LatencyFigures.init(classes:))
        )
    }

    private static func add(_ added: [UInt64], to classes: inout [UInt64]) {
        for (index, count) in added.enumerated() { classes[index] &+= count }
    }
}
