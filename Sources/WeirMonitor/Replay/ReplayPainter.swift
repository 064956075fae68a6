import WeirBase
import WeirTelemetry
import WeirTerminal

/// Lays out the view of a replay and paints its lists; the timeline and the lanes have files of
/// their own. Made for one frame.
struct ReplayPainter {
    let view: ReplayView
    let screen: ScreenState
    let symbols: Symbols
    let replay: ReplayState

    init(_ view: ReplayView, _ screen: ScreenState) {
        self.view = view
        self.screen = screen
        symbols = screen.symbols
        replay = screen.replay
    }

    /// From the top: where it stands, the timeline, the lanes, the panels, and at the bottom what
    /// was said last, or the command that is being typed.
    func paint(_ area: Area, on canvas: inout Canvas) {
        canvas.put(headline, y: area.y, symbols: symbols)
        paintWords(y: area.y + 1, area, on: &canvas)
        var rest = area.split(top: 2).rest
        let said = rest.split(top: rest.height - max(1, min(3, rest.height / 6)))
        paintSaid(said.rest, on: &canvas)
        rest = said.top
        if rest.height >= 10 {
            ReplayTimeline(
                timeline: screen.timeline, picture: replay.picture, stage: screen.selectedStage,
                symbols: symbols
            ).paint(rest, on: &canvas)
            rest = rest.split(top: ReplayTimeline.height).rest
        }
        guard let picture = replay.picture else { return }
        let lanes = min(picture.lanes.subtasks.count, max(1, rest.height / 3)) + 1
        if rest.height >= lanes + 4 {
            let title = SafeText("lanes: a column for each step")
            let below = canvas.rule(title, rest, symbols: symbols)
            ReplayLanes(picture: picture, symbols: symbols)
                .paint(below.split(top: lanes - 1).top, on: &canvas)
            rest = rest.split(top: lanes).rest
        }
        paintPanels(rest, picture, on: &canvas)
    }

    // MARK: What is said in words

    private var headline: [Piece] {
        guard let picture = replay.picture else { return [Piece(SafeText(emptiness))] }
        var pieces = [
            Piece(SafeText("step \(picture.step) of \(picture.lastStep)"), Style(bold: true)),
            Piece(SafeText(seconds(picture.time)), rank: 1),
        ]
        if case .ended(let reason) = replay.phase {
            pieces.append(Piece(SafeText(reason), Style(.failed, bold: true)))
        } else if let work = replay.work {
            var text = work
            if let progress = replay.progress {
                let share = Double(progress.done) / Double(max(1, progress.total))
                text += ": \(Figures.percent(share)) of \(progress.total) steps, Esc stops"
            }
            pieces.append(Piece(SafeText(text), Style(.busy, bold: true)))
        } else {
            pieces.append(
                picture.replayed == nil
                    ? Piece("recorded schedule", .faint, rank: 3)
                    : Piece("regenerated", .faint, rank: 3))
        }
        if let failure = picture.failure {
            pieces.append(Piece(SafeText("failure at \(failure)"), Style(.failed), rank: 2))
        }
        return pieces
    }

    /// Why there is nothing to see yet.
    private var emptiness: String {
        switch replay.phase {
        case .closed:
            screen.timeline.facts.tracePath == nil
                ? "not recorded: there is nothing to replay" : "no replay"
        case .ended(let reason): reason
        case .open:
            replay.progress.map { "on the way: \($0.done) of \($0.total) steps" }
                ?? "opening the trace"
        }
    }

    private func seconds(_ time: RunTime) -> String {
        "+\(Figures.elapsed(time)).\(Self.milliseconds(time))"
    }

    private static func milliseconds(_ time: RunTime) -> String {
        let part = String(max(0, time.rawValue) / 1_000 % 1_000)
        return String(repeating: "0", count: 3 - part.count) + part
    }

    /// What the step was, and what went wrong at it.
    private func paintWords(y: Int, _ area: Area, on canvas: inout Canvas) {
        guard let picture = replay.picture else { return }
        let incidents = picture.incidents.joined(separator: "; ")
        var x = area.x + 1
        if !incidents.isEmpty {
            let style = Style(.failed, bold: true)
            let room = max(20, area.width / 2)
            x += canvas.put(
                SafeText(incidents).cut(to: room, ellipsis: symbols.ellipsis), x: x, y: y,
                style: style)
            x += 2
        }
        canvas.put(
            SafeText(picture.what).cut(to: max(0, area.right - x), ellipsis: symbols.ellipsis),
            x: x,
            y: y)
    }

    /// The newest answers, or the line that is being typed.
    private func paintSaid(_ area: Area, on canvas: inout Canvas) {
        var room = area
        if let typed = view.typed {
            TypedLine(prompt: "(weir) ", line: typed)
                .paint(x: area.x + 1, y: area.bottom - 1, right: area.right, on: &canvas)
            room.height -= 1
        }
        guard let answer = replay.answers.last else {
            if view.typed == nil {
                let words: SafeText = ": types a command, as at the prompt; 'help' lists them"
                canvas.put(words, x: area.x + 1, y: area.y, style: .faint, limit: area.width - 1)
            }
            return
        }
        let lines = answer.lines.isEmpty ? ["done"] : answer.lines
        let style = answer.isFault ? Style(.failed) : .faint
        for (index, line) in lines.prefix(room.height).enumerated() {
            let isLast = index == room.height - 1 && lines.count > room.height
            let more = isLast ? "  (and \(lines.count - room.height) more)" : ""
            let head = index == 0 ? "\(answer.command): " : "  "
            let cut = SafeText(head + line)
                .cut(to: max(0, area.width - 2 - more.count), ellipsis: symbols.ellipsis)
            canvas.put(
                cut + SafeText(more), x: area.x + 1, y: area.y + index, style: style,
                limit: area.width - 1)
        }
    }

    // MARK: Too small for parts

    func paintReduced(_ area: Area, on canvas: inout Canvas) {
        guard !area.isEmpty else { return }
        guard let picture = replay.picture else {
            canvas.put(SafeText(emptiness), x: 0, y: area.y, limit: area.width)
            return
        }
        let lines =
            ["step \(picture.step) of \(picture.lastStep)"] + picture.incidents
            + [picture.what]
        for (index, line) in lines.prefix(area.height).enumerated() {
            canvas.put(
                SafeText(line).cut(to: area.width, ellipsis: symbols.ellipsis), x: 0,
                y: area.y + index)
        }
    }
}
