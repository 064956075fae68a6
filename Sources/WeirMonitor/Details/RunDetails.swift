import WeirBase
import WeirTelemetry
import WeirTerminal

/// Everything about the run: what the two lines at the top say, of which a narrow screen shows only
/// a part, and what limits the run.
package struct RunDetails: Details {
    package init() {}

    package var title: String { "Run" }

    package func facts(of timeline: Timeline) -> [DetailFact] {
        let run = timeline.facts
        var facts = [DetailFact("pipeline", run.pipeline, style: Style(bold: true))]
        if let how = timeline.shownEnding {
            facts.append(DetailFact("end", how, style: Style(.warning, bold: true)))
        }
        facts.append(DetailFact("time", timeline.clockAndAge(timeline.shownTime ?? .start)))
        facts.append(DetailFact("step", "\(timeline.shownFrame?.step ?? 0)"))
        facts.append(DetailFact("trace", run.tracePath ?? "not recorded"))
        if let frame = timeline.shownFrame, run.tracePath != nil {
            facts.append(DetailFact("recorded", Figures.bytes(frame.recorder.bytes)))
        }
        if let reason = timeline.recordingEnd {
            facts.append(DetailFact("recording", reason, style: Style(.warning)))
        }
        if let newer = timeline.newer { facts.append(DetailFact("newer run", newer)) }
        let figures = RunFigures(timeline, timeline.rates).pieces.map(\.text.drawn)
        facts.append(DetailFact("figures", figures.joined(separator: ", ")))
        facts.append(DetailFact("verdict", timeline.bottleneck.sentence))
        return facts
    }
}
