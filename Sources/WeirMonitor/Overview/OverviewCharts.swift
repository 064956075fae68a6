import WeirBase
import WeirTerminal

/// What changes over the last minute, and the sentence that names the cause.
///
/// An axis goes from nothing to a round figure above the greatest value, which seldom changes, so
/// that a curve which rises is one that rises and not an axis that moved.
extension OverviewPainter {
    /// What is drawn over time: rows that all sinks take in a second, or the greatest lag of a
    /// watermark.
    enum Chart {
        case throughput, lag
    }

    /// The values of a chart, oldest first, in rows per second or in seconds; nil where nothing was
    /// sampled.
    private func values(_ chart: Chart, count: Int) -> [Double?] {
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

    func chartTitle(_ number: String, _ chart: Chart) -> SafeText {
        switch chart {
        case .throughput: SafeText("\(number) Output/s, last 60 s")
        case .lag: SafeText("\(number) Watermark lag, last 60 s")
        }
    }

    /// Paints a chart with its axis at the left and the time below. On an area that is too small
    /// for an axis and some columns it paints nothing.
    mutating func paintChart(_ chart: Chart, in area: Area) {
        guard area.height >= 2, area.width >= 20 else { return }
        // Cells for the figures of the axis, such as `500k/s` or `27.8 h`.
        let axis = 8
        let plot = Area(
            x: area.x + axis + 1, y: area.y, width: area.width - axis - 2, height: area.height - 1)
        let values = values(
            chart, count: Canvas.graphValues(width: plot.width, symbols: symbols))
        let top = Self.roundTop(values.compactMap(\.self).max() ?? 0)
        let role = chart == .throughput ? Role.busy : Role.blocked
        let unit =
            chart == .throughput
            ? "\(Figures.count(top))/s"
            // Seconds become microseconds, bounded because a trace may claim any lag.
            : Figures.duration(microseconds: Int64(min(top * 1e6, 1e18)))
        canvas.put(SafeText(unit), endingAt: area.x + axis, y: area.y, style: .faint, limit: axis)
        let zero = chart == .throughput ? "0/s" : "0 s"
        canvas.put(
            SafeText(zero), endingAt: area.x + axis, y: plot.bottom - 1, style: .faint, limit: axis)
        canvas.graph(values, top: top, in: plot, symbols: symbols, style: Style(role))
        let y = area.bottom - 1
        let title: SafeText = chart == .throughput ? "out/s  -60 s" : "lag  -60 s"
        canvas.put(title, x: area.x + 1, y: y, style: .faint)
        canvas.put("-30 s", endingAt: plot.x + plot.width / 2, y: y, style: .faint, limit: 6)
        canvas.put("now", endingAt: plot.right, y: y, style: .faint, limit: 3)
    }

    /// The next of 1, 2, 5 times a power of ten, so that the axis seldom changes.
    private static func roundTop(_ value: Double) -> Double {
        guard value.isFinite, value > 0 else { return 1 }
        var power = 1.0
        // The bounds end the loops for any value; what lies beyond them is drawn at the edge.
        while power * 10 <= value, power < 1e15 { power *= 10 }
        while power > value, power > 1e-6 { power /= 10 }
        for factor in [1.0, 2, 5, 10] where power * factor >= value { return power * factor }
        return power * 10
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
