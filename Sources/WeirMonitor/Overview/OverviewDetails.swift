import WeirTelemetry
import WeirTerminal

/// Everything that a row or a line of the screen says, none of it cut.
struct OverviewDetails {
    struct Fact {
        var name: String
        var text: String
        var style = Style.plain
    }

    private(set) var facts: [Fact] = []

    static func title(_ subject: Subject) -> String {
        switch subject {
        case .stage: "Stage"
        case .line: "Notice"
        case .run: "Run"
        }
    }

    init(_ model: OverviewModel, _ subject: Subject) {
        switch subject {
        case .stage(let number): addStage(number, model)
        case .line(let id): addLine(id, model)
        case .run: addRun(model)
        }
    }

    private mutating func add(_ name: String, _ text: String, style: Style = .plain) {
        facts.append(Fact(name: name, text: text, style: style))
    }

    private mutating func addStage(_ number: Int, _ model: OverviewModel) {
        guard number < model.facts.stages.count else { return }
        let stages = model.facts.stages
        add("stage", stages[number], style: Style(bold: true))
        let (above, below) = (model.facts.stagesAbove(number), model.facts.stagesBelow(number))
        add("fed by", above.isEmpty ? "nothing: a source" : Self.list(above, of: stages))
        add("feeds", below.isEmpty ? "nothing: a sink" : Self.list(below, of: stages))
        let rates = model.rates
        guard number < rates.count, let frame = model.shownFrame else { return }
        let (rate, totals) = (rates[number], frame.stages[number])
        let look = StageLook(rate)
        add("state", "\(look.letter) \(Figures.percent(look.share)) of the time", style: look.style)
        add("subtasks", "\(rate.subtasks)")
        add("in", "\(Figures.count(rate.recordsIn))/s, \(totals.recordsIn) so far")
        add("out", "\(Figures.count(rate.recordsOut))/s, \(totals.recordsOut) so far")
        if rate.capacity > 0 {
            add("queue", "\(rate.depth) of \(rate.capacity), in the fullest channel before it")
        }
        add("errors", "\(totals.errors)")
        add("dropped", "\(totals.dropped)")
        add("verdict", model.bottleneck.sentence)
    }

    private mutating func addLine(_ id: UInt64, _ model: OverviewModel) {
        guard let line = model.notices.lines(model.knowledge).first(where: { $0.id == id }) else {
            add("", "it had not come yet at this moment")
            return
        }
        let notice = line.notice
        let look = NoticeLook(notice.severity)
        add("kind", look.word, style: look.style)
        add("time", "\(model.clock(notice.time)) UTC, \(Self.since(notice.time))")
        add("step", "\(notice.step)")
        if line.count > 1 {
            add(
                "times",
                "\(line.count), the last at \(model.clock(line.lastTime)), "
                    + Self.since(line.lastTime))
        }
        add("place", notice.place)
        add("text", notice.text)
    }

    private mutating func addRun(_ model: OverviewModel) {
        let time = model.shownTime ?? 0
        add("pipeline", model.facts.pipeline, style: Style(bold: true))
        if let how = model.shownEnding { add("end", how, style: Style(.warning, bold: true)) }
        add("time", "\(model.clock(time)) UTC, \(Self.since(time))")
        add("step", "\(model.shownFrame?.step ?? 0)")
        add("trace", model.facts.tracePath ?? "not recorded")
        if let frame = model.shownFrame, model.facts.tracePath != nil {
            add("recorded", Figures.bytes(frame.recorder.bytes))
        }
        if let reason = model.recordingEnd { add("recording", reason, style: Style(.warning)) }
        if let newer = model.newer { add("newer run", newer) }
        // The second line of the screen, of which a narrow one shows a part.
        let figures = OverviewPainter(model).figures.map(\.text.drawn)
        add("figures", figures.joined(separator: ", "))
        add("verdict", model.bottleneck.sentence)
    }

    private static func since(_ microseconds: Int64) -> String {
        "\(Figures.elapsed(microseconds: microseconds)) after the start"
    }

    private static func list(_ numbers: [Int], of stages: [String]) -> String {
        numbers.map { stages[$0] }.joined(separator: ", ")
    }
}
