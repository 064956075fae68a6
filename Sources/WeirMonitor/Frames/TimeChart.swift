import WeirTerminal

/// A curve over the last minute before the shown moment.
///
/// Its axis goes from nothing to a round figure above the greatest value, which seldom changes, so
/// that a curve which rises is one that rises and not an axis that moved.
struct TimeChart {
    /// What is drawn, before the time at the left.
    private let name: SafeText
    private let role: Role
    private let zero: SafeText
    /// A value of the axis with its unit.
    private let figure: (Double) -> String

    /// A curve of something per second.
    static func rate(_ name: SafeText, _ role: Role) -> TimeChart {
        TimeChart(name: name, role: role, zero: "0/s") { "\(Figures.count($0))/s" }
    }

    /// A curve of seconds.
    static func duration(_ name: SafeText, _ role: Role) -> TimeChart {
        // Seconds become microseconds, bounded because a trace may claim any lag.
        TimeChart(name: name, role: role, zero: "0 s") {
            Figures.duration(microseconds: Int64(min($0 * 1e6, 1e18)))
        }
    }

    /// Paints the curve with its axis at the left and the time below. On an area that is too small
    /// for an axis and some columns it paints nothing. `values` gives that many, oldest first, as
    /// `Minute.spans` does.
    func paint(
        on canvas: inout Canvas, in area: Area, symbols: Symbols, values: (Int) -> [Double?]
    ) {
        guard area.height >= 2, area.width >= 20 else { return }
        // Cells for the figures of the axis, such as `500k/s` or `27.8 h`.
        let axis = 8
        let plot = Area(
            x: area.x + axis + 1, y: area.y, width: area.width - axis - 2, height: area.height - 1)
        let values = values(Canvas.graphValues(width: plot.width, symbols: symbols))
        let top = Self.roundTop(values.compactMap(\.self).max() ?? 0)
        canvas.put(
            SafeText(figure(top)), endingAt: area.x + axis, y: area.y, style: .faint, limit: axis)
        canvas.put(zero, endingAt: area.x + axis, y: plot.bottom - 1, style: .faint, limit: axis)
        canvas.graph(values, top: top, in: plot, symbols: symbols, style: Style(role))
        let y = area.bottom - 1
        canvas.put(name + "  -60 s", x: area.x + 1, y: y, style: .faint)
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
}
