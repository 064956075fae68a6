import WeirBase
import WeirTelemetry

/// The latencies of about the last second: from source to sink, and of each hop of each stage.
///
/// `StageTable` hands it every sample of a run in order (`take`) and asks for the figures of each
/// moment. Samples tell totals since the run's start, of each subtask about once a second. What was
/// added since the time before is what counts here, until it is older than `length`. Latencies are
/// counted in classes (`LatencyClass`), so that they can be added up over subtasks and quantiles
/// found from the sums.
struct LatencyWindow: Sendable {
    /// How long what a subtask told counts. It is longer than the second after which one tells
    /// again, because a sample may come late.
    static let length = RunTime.milliseconds(1_500)

    /// What is measured: the whole way, of sinks, or a hop.
    private enum Way: Hashable {
        case whole
        case hop(Hop)

        init?(_ name: String) {
            if name == LatencySample.wholeWay {
                self = .whole
            } else if let hop = Hop(name) {
                self = .hop(hop)
            } else {
                return nil
            }
        }
    }

    /// One way through a subtask.
    private struct Key: Hashable {
        var stage: String
        var subtask: Int
        var way: Way
    }

    /// What a subtask told last of one of its ways.
    private struct Told {
        let stage: String
        let way: Way
        /// Counts since the run's start, by class.
        var classes: [UInt64] = []
        /// What was added to them between the last two times.
        var added: [UInt64] = []
        /// When it told last; before the first time it is infinitely long ago.
        var time = RunTime.min
    }

    private var told: [Told] = []
    /// The index in `told` of each way.
    private var indices: [Key: Int] = [:]
    /// How many of them are hops, and how many whole ways.
    private var (hops, wholes) = (0, 0)

    /// Takes the run's next sample. Subtasks that tell nothing new cost a glance.
    mutating func take(_ sample: MetricSample) {
        for subtask in sample.subtasks {
            for latency in subtask.latencies ?? [] {
                guard let way = Way(latency.hop), let index = index(of: subtask, way) else {
                    continue
                }
                let classes = latency.classes
                let before = told[index].classes
                told[index].added = classes.enumerated().map { number, count in
                    let old = number < before.count ? before[number] : 0
                    // Totals that fell belong to samples out of order.
                    return count > old ? count - old : 0
                }
                (told[index].classes, told[index].time) = (classes, sample.time)
            }
        }
    }

    /// The index of a way, a new one where it had none; nil where there is no room for more.
    private mutating func index(of subtask: SubtaskSample, _ way: Way) -> Int? {
        let key = Key(stage: subtask.stage, subtask: subtask.subtask, way: way)
        if let index = indices[key] { return index }
        if way == .whole {
            guard wholes < MonitorBounds.maximumSinks else { return nil }
            wholes += 1
        } else {
            guard hops < MonitorBounds.maximumHops else { return nil }
            hops += 1
        }
        indices[key] = told.count
        told.append(Told(stage: subtask.stage, way: way))
        return told.count - 1
    }

    /// What was measured in the last second; a stage of which nothing was is missing.
    struct Figures {
        /// From source to sink, all sinks together; nil where nothing came out.
        var all: LatencyFigures?
        /// The same of each sink's stage.
        var sinks: [String: LatencyFigures] = [:]
        var stages: [String: HopLatencies] = [:]
    }

    func figures(at time: RunTime) -> Figures {
        var sums: [Way: [String: [UInt64]]] = [:]
        var all = [UInt64](repeating: 0, count: LatencyClass.count)
        let empty = all
        for told in told {
            // A way that told nothing yet has an age that does not fit.
            guard let age = time.since(told.time), age < Self.length else { continue }
            if told.way == .whole { Self.add(told.added, to: &all) }
            Self.add(told.added, to: &sums[told.way, default: [:]][told.stage, default: empty])
        }
        var figures = Figures(all: LatencyFigures(classes: all))
        for (way, stages) in sums {
            for (stage, classes) in stages {
                switch way {
                case .whole: figures.sinks[stage] = LatencyFigures(classes: classes)
                case .hop(let hop):
                    let latency = HopLatency(classes: classes)
                    figures.stages[stage, default: HopLatencies()][hop] = latency
                }
            }
        }
        return figures
    }

    private static func add(_ added: [UInt64], to classes: inout [UInt64]) {
        for (index, count) in added.enumerated() { classes[index] &+= count }
    }
}

extension HopLatencies {
    fileprivate subscript(hop: Hop) -> HopLatency? {
        get {
            switch hop {
            case .waiting: waiting
            case .working: working
            case .writing: writing
            }
        }
        set {
            switch hop {
            case .waiting: waiting = newValue
            case .working: working = newValue
            case .writing: writing = newValue
            }
        }
    }
}
