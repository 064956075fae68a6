import WeirBase
import WeirTerminal

/// What changes over the last minute, and the sentence that names the cause.
extension OverviewPainter {
    /// What is drawn over time: rows that all sinks take in a second, or the greatest lag of a
    /// watermark.
    enum Chart {
        case throughput, lag
    }

    /// The values of a chart, oldest first, in rows per second or in seconds; nil where nothing was
    /// sampled.
    private static func values(
        _ chart: Chart, _ timeline: Timeline, count: Int
    ) -> [Double?] {
        let sinks = timeline.facts.sinks
        return Minute(timeline).spans(cells: count).map { span in
            guard let span else { return nil }
            switch chart {
            case .throughput:
                let seconds = max(.microseconds(1), span.new.time - span.old.time).seconds
                return sinks.reduce(0.0) { sum, stage in
                    let (before, after) = (span.old.stages[stage], span.new.stages[stage])
                    // Totals that fell belong to samples out of order.
                    return sum + Double(after.recordsIn &- min(after.recordsIn, before.recordsIn))
                        / seconds
                }
            case .lag:
                return span.new.stages.compactMap(\.watermarkLag).max().map { Double($0) / 1e9 }
            }
        }
    }

    func chartTitle(_ chart: Chart) -> SafeText {
        switch chart {
        case .throughput: SafeText("Output/s, last 60 s")
        case .lag: SafeText("Watermark lag, last 60 s")
        }
    }

    /// Paints a chart with its axis at the left and the time below. On an area that is too small
    /// for an axis and some columns it paints nothing.
    mutating func paintChart(_ chart: Chart, in area: Area) {
        let form: TimeChart =
            switch chart {
            case .throughput: .rate("out/s", .busy)
            case .lag: .duration("lag", .blocked)
            }
        let timeline = timeline
        form.paint(on: &canvas, in: area, symbols: symbols) {
            Self.values(chart, timeline, count: $0)
        }
    }

    /// The sentence is loud where something limits the run, and faint where nothing does.
    var causeStyle: Style {
        bottleneck.limits ? Style(.warning, bold: true) : .faint
    }

    /// Paints the sentence that names what limits the run, broken over as many rows as the area
    /// has.
    mutating func paintCause(_ area: Area) {
        let lines = SafeText(bottleneck.sentence)
            .wrapped(to: area.width - 4, lines: area.height)
        let isKnown = bottleneck.limits
        for (index, line) in lines.enumerated() {
            if index == 0, isKnown { canvas.put("!!", x: area.x + 1, y: area.y, style: causeStyle) }
            canvas.put(line, x: area.x + 4, y: area.y + index, style: causeStyle)
        }
    }
}
