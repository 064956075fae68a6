/// Which stage limits a run, with the evidence for it, as a sentence.
package enum Bottleneck: Equatable, Sendable {
    /// There are no two samples to compare yet.
    case unknown
    case none
    case stage(Evidence)

    package struct Evidence: Equatable, Sendable {
        package var stage: String
        package var busy: Double
        /// Whether anything feeds it through a queue.
        package var hasQueue: Bool
        /// The fullest that its queue was seen in the time of the rates; where that is not full but
        /// it was a while before, how full it was then.
        package var fill: Double
        /// How long ago that while is, microseconds; 0 when `fill` is of the time of the rates.
        package var fillAge: Int64
        /// How long its queue has been over nine tenths full, microseconds; 0 when it is not now.
        /// Shorter than a second below that does not count: a batch was just taken.
        package var fullFor: Int64
        /// The stage right above it that is held up most.
        package var above: String?
        package var aboveBackpressured: Double

        package init(_ rate: StageRate) {
            stage = rate.stage
            busy = rate.busy
            hasQueue = rate.capacity > 0
            fill = rate.peakFill
            fillAge = 0
            fullFor = 0
            aboveBackpressured = 0
        }
    }

    /// A queue counts as full from this share on.
    package static let full = 0.9
    /// What a full queue says holds for so long, microseconds. The producers of a stage that takes
    /// long turns may wait for a worker while it works off what it has: a queue that was full then
    /// goes on falling for some turns, and fills up at one stroke.
    package static let memoryMicroseconds: Int64 = 10_000_000

    /// The sentence, without a full stop's worth of doubt: what, and why it is believed.
    package var sentence: String {
        switch self {
        case .unknown: return "waiting for a second sample"
        case .none:
            return "nothing limits the run: no queue is half full and no stage is busy 80 % of "
                + "the time"
        case .stage(let evidence): return evidence.sentence
        }
    }
}

extension Bottleneck.Evidence {
    fileprivate var sentence: String {
        let isWorking = busy >= StageRates.busyEnough
        var parts = [(isWorking ? "busy " : "mostly waiting, busy ") + Figures.percent(busy)]
        if fullFor > 0 {
            parts.append("its queue over 90 % for \(Figures.duration(microseconds: fullFor))")
        } else if hasQueue, fillAge > 0 {
            let age = Figures.duration(microseconds: fillAge)
            parts.append("its queue \(Figures.percent(fill)) full \(age) ago")
        } else if hasQueue {
            parts.append("its queue \(Figures.percent(fill)) full")
        } else {
            parts.append("no queue before it: it takes its input no faster")
        }
        if let above {
            parts.append("\(above) above it blocked \(Figures.percent(aboveBackpressured))")
        }
        return "\(stage) limits the run: " + parts.joined(separator: ", ")
    }
}
