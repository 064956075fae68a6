import WeirTelemetry
import WeirTerminal

/// The figures of a run as a whole: what goes in and out of it, how long that takes, and what went
/// wrong.
///
/// The overview paints them as its first row, and the details of the run list them in full. All are
/// of the shown moment: rates over about a second, counts since the run's start.
struct RunFigures {
    private let timeline: Timeline
    private let rates: [StageRate]

    /// `rates` are the timeline's own for the shown moment, which the caller has computed already;
    /// computing them again would double the cost of a frame.
    init(_ timeline: Timeline, _ rates: [StageRate]) {
        self.timeline = timeline
        self.rates = rates
    }

    /// The figures as pieces of a line. Where that is too long, what is as it should be goes first.
    var pieces: [Piece] {
        guard !rates.isEmpty else { return [Piece("no rates before the second sample")] }
        let facts = timeline.facts
        let into = facts.sources.reduce(0) { $0 + rates[$1].recordsIn }
        let out = facts.sinks.reduce(0) { $0 + rates[$1].recordsIn }
        return [
            Piece(SafeText("in \(Figures.count(into))/s"), rank: 0),
            Piece(SafeText("out \(Figures.count(out))/s"), rank: 1),
            latency, lag,
        ] + faults
    }

    /// How long it takes from source to sink; a dash where nothing came out in the last second.
    private var latency: Piece {
        let figures = timeline.shownFrame?.latency
        return Piece(SafeText(figures.map(Figures.latency) ?? "latency -"), rank: 2)
    }

    /// How far the watermark that is furthest behind lies behind the newest event time. What of
    /// that comes from sources that are not equally far is named as skew, because it does not go
    /// away when stages become faster.
    private var lag: Piece {
        guard let maximum = rates.compactMap(\.watermarkLag).max() else {
            return Piece("lag -", rank: 3)
        }
        var text = "lag \(Self.time(max(0, maximum)))"
        if let skew = timeline.shownFrame?.skew, skew > 0 { text += " (skew \(Self.time(skew)))" }
        return Piece(SafeText(text), rank: 3)
    }

    /// Counts of what went wrong since the run's start. One that is not zero is loud and stays
    /// however narrow the line is; one that is zero goes first.
    private var faults: [Piece] {
        let stages = timeline.shownFrame?.stages ?? []
        let dropped = stages.reduce(UInt64(0)) { $0 &+ $1.dropped }
        let errors = stages.reduce(UInt64(0)) { $0 &+ $1.errors }
        let counts = timeline.shownCounts
        return [
            Self.fault("violations", counts.violations, rank: 4),
            Self.fault("errors", errors, rank: 5),
            Self.fault("dropped", dropped, rank: 6),
            Piece(SafeText("warnings \(counts.warnings)"), rank: 7),
        ]
    }

    /// A count of something that should not be, as a piece that stays once there is any.
    private static func fault(_ name: String, _ count: UInt64, rank: Int) -> Piece {
        let isFound = count > 0
        return Piece(
            SafeText("\(name) \(count)"), isFound ? Style(.failed, bold: true) : .plain,
            rank: isFound ? 0 : rank)
    }

    /// A time in nanoseconds, as figures give it.
    private static func time(_ nanoseconds: Int64) -> String {
        Figures.duration(microseconds: nanoseconds / 1_000)
    }
}
