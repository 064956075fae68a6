package import WeirBase
package import WeirTelemetry

/// What limits a run, with the evidence for it, as a sentence.
///
/// `Limit` judges by the rates; `Timeline.bottleneck` asks it and adds the evidence of a longer
/// look back; views and `--ui plain` show `sentence` or `note(on:)`. The sentence always says why
/// it is believed, so that a person can disagree.
package enum Bottleneck: Equatable, Sendable {
    /// There are no two samples to compare yet.
    case unknown
    /// No stage, worker or writer holds the run up.
    case none
    /// One stage is slower than what comes to it, or one of its subtasks is.
    case stage(Evidence)
    /// All workers are busy and none of the subtasks keeps one to itself: that many workers on
    /// average, of so many. `busiest` is the stage that uses most of them.
    case workers(busy: Double, of: Int, busiest: String)
    /// What takes a sink's rows takes no more, and the sink was blocked for that share of the time,
    /// 0 to 1. No stage is to blame.
    case writer(stage: String, blocked: Double)

    /// The stage that limits the run, or whose writer does; nil where none does by itself.
    package var stage: String? {
        switch self {
        case .stage(let evidence): evidence.stage
        case .writer(let stage, _): stage
        case .workers, .unknown, .none: nil
        }
    }

    /// A few words for a line of its own of that stage; nil where the stage is not the one that
    /// the verdict names.
    package func note(on stage: String) -> String? {
        switch self {
        case .stage(let evidence) where evidence.stage == stage: "limits the run"
        case .writer(stage, _): "limits the run: whoever writes its rows takes no more"
        case .workers(let busy, let all, stage):
            "\(Self.sentence(busy: busy, of: all)); this uses most"
        case .stage, .writer, .workers, .unknown, .none: nil
        }
    }

    /// Whether something limits the run.
    package var limits: Bool {
        switch self {
        case .unknown, .none: false
        case .stage, .workers, .writer: true
        }
    }

    /// Why a stage is believed to limit the run. Shares are between 0 and 1.
    package struct Evidence: Equatable, Sendable {
        package var stage: String
        /// The share of its time that the stage's busiest subtask is busy.
        package var busy: Double
        /// Whether anything feeds it through a queue.
        package var hasQueue: Bool
        /// The fullest that its queue was seen in the time of the rates, as a share; where that is
        /// not full but it was a while before, how full it was then.
        package var fill: Double
        /// How long ago that while is, microseconds; 0 when `fill` is of the time of the rates.
        package var fillAge: RunTime
        /// How long its queue has been over nine tenths full, microseconds; 0 when it is not now.
        /// Shorter than a second below that does not count: a batch was just taken.
        package var fullFor: RunTime
        /// The stage right above it that is held up most.
        package var above: String?
        /// The share of its time that this stage is blocked; 0 where there is none.
        package var aboveBackpressured: Double
        /// The busiest subtask where the others have little to do: its name, the share of the
        /// stage's elements that it gets, and the key that most of them have.
        package var hot: Hot?

        package struct Hot: Equatable, Sendable {
            package var name: String
            package var share: Double
            package var key: BusiestKey?
        }

        /// A subtask does much more than the others when its busy share is this much above that of
        /// the next one.
        private static let muchBusier = 0.3
        /// A subtask gets too much of the elements when it gets this many times its even part,
        /// which of two subtasks is 70 %. Keys that are spread by their hashes seldom come out that
        /// uneven by chance.
        private static let tooMuch = 1.4

        /// The busiest subtask, where it is the reason that the stage is slow; nil where the
        /// subtasks share the work. Both have to hold: it is much busier than the next one, and it
        /// gets more than its part.
        private static func hot(_ rate: StageRate) -> Hot? {
            guard rate.parts.count > 1, let hottest = rate.hottest, let share = rate.hottestShare
            else { return nil }
            let others = rate.parts.filter { $0.subtask != hottest.subtask }
            let next = others.map(\.busy).max() ?? 0
            guard hottest.busy - next >= muchBusier,
                share >= tooMuch / Double(rate.parts.count)
            else { return nil }
            return Hot(
                name: "\(rate.stage)/\(hottest.subtask)", share: share, key: hottest.busiestKey)
        }

        /// What the rates tell alone. `Timeline` fills in the rest.
        package init(_ rate: StageRate) {
            stage = rate.stage
            hot = Self.hot(rate)
            busy = rate.hottest?.busy ?? rate.busy
            hasQueue = rate.capacity > 0
            fill = rate.peakFill
            fillAge = .zero
            fullFor = .zero
            aboveBackpressured = 0
        }
    }

    /// A queue counts as full from this share on. It is emptied in batches, so that a queue that
    /// holds its producers up is seldom seen at exactly 100 %.
    package static let full = 0.9
    /// For so long, in microseconds, a queue that was full still counts as evidence. The producers
    /// of a stage that takes long turns may wait for a worker while it works off what it has: a
    /// queue that was full then goes on falling for some turns, and fills up at one stroke.
    package static let memory = RunTime.seconds(10)

    /// The sentence for a person: what limits the run, and why that is believed.
    package var sentence: String {
        switch self {
        case .unknown: return "waiting for a second sample"
        case .none:
            return "nothing limits the run: no subtask is busy 80 % of the time, and none is "
                + "waited for"
        case .stage(let evidence): return evidence.sentence
        case .workers(let busy, let all, let busiest):
            return "\(Self.sentence(busy: busy, of: all)); \(busiest) uses most"
        case .writer(let stage, let blocked):
            return "\(stage) limits the run: whoever writes its rows takes no more, blocked "
                + Figures.percent(blocked)
        }
    }

    /// How many of the workers are busy, in words for one and for two.
    private static func sentence(busy: Double, of workers: Int) -> String {
        let who =
            switch workers {
            case 1: "the only worker is busy"
            case 2: "both workers are busy"
            default: "all workers are busy"
            }
        return "\(who): \(Figures.tenths(busy)) of \(workers)"
    }
}

extension Bottleneck.Evidence {
    /// The sentence about a stage: its name or its subtask's, how busy it is, what its queue says,
    /// and who waits for it.
    fileprivate var sentence: String {
        let isWorking = busy >= Limit.busyEnough
        var parts = [(isWorking ? "busy " : "mostly waiting, busy ") + Figures.percent(busy)]
        if fullFor > .zero {
            parts.append("its queue over 90 % for \(Figures.duration(fullFor))")
        } else if hasQueue, fillAge > .zero {
            let age = Figures.duration(fillAge)
            parts.append("its queue \(Figures.percent(fill)) full \(age) ago")
        } else if hasQueue {
            parts.append("its queue \(Figures.percent(fill)) full")
        } else {
            parts.append("no queue before it: it takes its input no faster")
        }
        if let above {
            parts.append("\(above) above it blocked \(Figures.percent(aboveBackpressured))")
        }
        let reasons = parts.joined(separator: ", ")
        guard let hot else { return "\(stage) limits the run: " + reasons }
        var sentence = "\(hot.name) limits the run: it gets \(Figures.percent(hot.share)) of "
        sentence += "\(stage)'s elements"
        if let key = hot.key {
            sentence += "; its busiest key is \(key.key) (\(Figures.percent(key.share)))"
        }
        return sentence + "; " + reasons
    }
}
