import WeirBase
import WeirTelemetry
import WeirTerminal

/// Paints the whole run as a strip of steps: how full the selected stage's queue was by the
/// recorded samples, what was noticed, and where the replay stands.
struct ReplayTimeline {
    let timeline: Timeline
    let picture: ReplayPicture?
    /// The number of the selected stage.
    let stage: Int
    let symbols: Symbols

    /// Rows that it takes.
    static let height = 3

    func paint(_ area: Area, on canvas: inout Canvas) {
        guard area.height >= Self.height else { return }
        let stages = timeline.facts.stages
        let label = SafeText(hasQueue ? "queue \(stages[stage])" : "fullest queue")
            .cut(to: max(8, min(24, area.width / 5)), ellipsis: symbols.ellipsis)
        let labels = max(label.width, 7)
        let strip = Area(
            x: area.x + labels + 2, y: area.y, width: max(0, area.width - labels - 3), height: 1)
        guard strip.width > 0 else { return }
        canvas.put(label, x: area.x + 1, y: area.y, style: .faint)
        canvas.put("noticed", x: area.x + 1, y: area.y + 1, style: .faint)
        paintLevels(strip, on: &canvas)
        paintNotices(strip, on: &canvas)
        paintPlayhead(area, strip, on: &canvas)
    }

    /// Whether something feeds the selected stage; a source has no queue, and then that of any
    /// stage is worth seeing.
    private var hasQueue: Bool {
        timeline.facts.stages.indices.contains(stage)
            && !timeline.facts.stagesAbove(stage).isEmpty
    }

    private func level(_ frame: SampleFrame) -> Double {
        guard hasQueue else { return frame.stages.map(\.fill).max() ?? 0 }
        return frame.stages.indices.contains(stage) ? frame.stages[stage].fill : 0
    }

    /// The last step that the strip reaches to.
    private var last: Step {
        max(picture?.lastStep ?? 0, timeline.history.newest?.step ?? 0, 1)
    }

    /// The cell of a step in a strip.
    private func cell(_ step: Step, _ strip: Area) -> Int {
        let share = Double(min(step, last).count) / Double(last.count)
        return min(strip.width - 1, Int(share * Double(strip.width)))
    }

    private func paintLevels(_ strip: Area, on canvas: inout Canvas) {
        var levels = [Double?](repeating: nil, count: strip.width)
        for index in 0..<timeline.history.count {
            let frame = timeline.history[index]
            let column = cell(frame.step, strip)
            levels[column] = max(levels[column] ?? 0, level(frame))
        }
        var level: Double?
        for column in 0..<strip.width {
            level = levels[column] ?? level
            guard let level else { continue }
            let count = symbols.levels.count
            let index = max(0, min(count - 1, Int((level * Double(count - 1)).rounded())))
            let style: Style = level >= Bottleneck.full ? Style(.blocked) : .faint
            canvas.put(
                symbols.levels[index], x: strip.x + column, y: strip.y, style: style)
        }
    }

    /// The worst that was noticed in each cell.
    private func paintNotices(_ strip: Area, on canvas: inout Canvas) {
        for severity in [Notice.Severity.warning, .error, .violation] {
            let look = NoticeLook(severity)
            for moment in timeline.notices.moments(from: severity) {
                let column = cell(moment.step, strip)
                canvas.put(look.letter, x: strip.x + column, y: strip.y + 1, style: look.style)
            }
        }
    }

    private func paintPlayhead(_ area: Area, _ strip: Area, on canvas: inout Canvas) {
        let y = strip.y + 2
        let step = picture?.step ?? timeline.shownStep
        let head = cell(step, strip)
        canvas.put(
            SafeText(Figures.percent(Double(step.count) / Double(last.count))), x: area.x + 1, y: y,
            style: .faint)
        for column in 0..<strip.width {
            let sign = column <= head ? symbols.lines.medium : symbols.lines.horizontal
            canvas.put(sign, x: strip.x + column, y: y, style: .frame)
        }
        canvas.put(
            symbols.lines.joints[15], x: strip.x + head, y: y,
            style: Style(.busy, bold: true, reversed: true))
    }
}
