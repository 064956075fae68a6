import WeirBase
import WeirTelemetry

/// The latencies of about the last second: from source to sink, and of each hop of each stage.
///
/// `StageTable` hands it every sample of a run in order (`take`) and asks for the figures of each
/// moment. Samples tell totals since the run's start, of each subtask about once a second. What was
/// added since the time before is what counts here, until it is older than `length`. Latencies are
/// counted in classes (`LatencyClass`), so that they can be added up over subtasks, taken out of a
/// sum again, and quantiles found from the sums.
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

    /// One way through a stage.
    private struct Group: Hashable {
        var stage: String
        var way: Way
    }

    /// One way through a subtask.
    private struct Key: Hashable {
        var group: Group
        var subtask: Int
    }

    /// What a subtask told last of one of its ways.
    private struct Told {
        /// The index of its stage's sum.
        let sum: Int
        /// Counts since the run's start, by class.
        var classes: [UInt64] = []
        /// What was added to them between the last two times.
        var added: [UInt64] = []
        /// Whether that is in the sum.
        var isCounted = false
        /// When it told last; before the first time it is infinitely long ago.
        var time = RunTime.min
    }

    /// What counts of one way through a stage, all its subtasks together.
    private struct Sum {
        let group: Group
        var classes = [UInt64](repeating: 0, count: LatencyClass.count)
        /// Whether it is another one than that of which there are figures.
        var hasChanged = true

        mutating func add(_ added: [UInt64]) {
            for (index, count) in added.enumerated() { classes[index] &+= count }
            hasChanged = true
        }

        /// Takes out again what was added once.
        mutating func remove(_ added: [UInt64]) {
            for (index, count) in added.enumerated() { classes[index] &-= count }
            hasChanged = true
        }
    }

    private var told: [Told] = []
    /// The index in `told` of each way.
    private var indices: [Key: Int] = [:]
    /// How many of them are hops, and how many whole ways.
    private var (hops, wholes) = (0, 0)
    /// A subtask tells once a second and there are ten samples in it: sums stay, and figures are
    /// found again only where something came or became too old.
    private var sums: [Sum] = []
    private var sumIndices: [Group: Int] = [:]
    private var figures = Figures()

    /// Takes the run's next sample. Subtasks that tell nothing new cost a glance.
    mutating func take(_ sample: MetricSample) {
        for subtask in sample.subtasks {
            for latency in subtask.latencies ?? [] {
                guard let way = Way(latency.hop), let index = index(of: subtask, way) else {
                    continue
                }
                count(index, false)
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
        let group = Group(stage: subtask.stage, way: way)
        let key = Key(group: group, subtask: subtask.subtask)
        if let index = indices[key] { return index }
        if way == .whole {
            guard wholes < MonitorBounds.maximumSinks else { return nil }
            wholes += 1
        } else {
            guard hops < MonitorBounds.maximumHops else { return nil }
            hops += 1
        }
        indices[key] = told.count
        let sum = sumIndices[group] ?? sums.count
        if sum == sums.count {
            sumIndices[group] = sum
            sums.append(Sum(group: group))
        }
        told.append(Told(sum: sum))
        return told.count - 1
    }

    /// Has what a subtask told count, or no longer.
    private mutating func count(_ index: Int, _ isCounted: Bool) {
        guard isCounted != told[index].isCounted else { return }
        told[index].isCounted = isCounted
        if isCounted {
            sums[told[index].sum].add(told[index].added)
        } else {
            sums[told[index].sum].remove(told[index].added)
        }
    }

    /// What was measured in the last second; a stage of which nothing was is missing, or has no
    /// figures.
    struct Figures {
        /// From source to sink, all sinks together; nil where nothing came out.
        var all: LatencyFigures?
        /// The same of each sink's stage.
        var sinks: [String: LatencyFigures] = [:]
        var stages: [String: HopLatencies] = [:]
    }

    /// The figures of a moment. Where nothing changed since the last it is a glance at each way.
    mutating func figures(at time: RunTime) -> Figures {
        for index in told.indices {
            // A way that told nothing yet has an age that does not fit.
            let age = time.since(told[index].time)
            count(index, age.map { $0 < Self.length } ?? false)
        }
        var hasChanged = false
        for index in sums.indices where sums[index].hasChanged {
            sums[index].hasChanged = false
            let (group, classes) = (sums[index].group, sums[index].classes)
            switch group.way {
            case .whole:
                figures.sinks[group.stage] = LatencyFigures(classes: classes)
                hasChanged = true
            case .hop(let hop):
                let latency = HopLatency(classes: classes)
                figures.stages[group.stage, default: HopLatencies()][hop] = latency
            }
        }
        if hasChanged { figures.all = allSinks() }
        return figures
    }

    private func allSinks() -> LatencyFigures? {
        var all = [UInt64](repeating: 0, count: LatencyClass.count)
        for sum in sums where sum.group.way == .whole {
            for (index, count) in sum.classes.enumerated() { all[index] &+= count }
        }
        return LatencyFigures(classes: all)
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
