import WeirTelemetry
import WeirTerminal

/// A stage, with its names and figures whole. Before the second sample of a run only its names and
/// its neighbours are known.
package struct StageDetails: Details {
    /// The stage's number; for one that no stage has there is nothing to say.
    package let stage: Int

    package init(stage: Int) { self.stage = stage }

    package var title: String { "Stage" }

    package func facts(of timeline: Timeline) -> [DetailFact] {
        let run = timeline.facts
        guard run.stages.indices.contains(stage) else { return [] }
        let (above, below) = (run.stagesAbove(stage), run.stagesBelow(stage))
        var facts = [
            DetailFact("stage", run.stages[stage], style: Style(bold: true)),
            DetailFact("fed by", above.isEmpty ? "nothing: a source" : list(above, run)),
            DetailFact("feeds", below.isEmpty ? "nothing: a sink" : list(below, run)),
        ]
        let rates = timeline.rates
        guard stage < rates.count, let frame = timeline.shownFrame else { return facts }
        facts += figures(rates[stage], frame.stages[stage])
        facts.append(DetailFact("verdict", timeline.bottleneck.sentence))
        return facts
    }

    private func list(_ stages: [Int], _ run: RunFacts) -> String {
        stages.map { run.stages[$0] }.joined(separator: ", ")
    }

    /// The stage's figures at the shown moment: rates over a second, and counts since the run's
    /// start.
    private func figures(_ rate: StageRate, _ totals: StageTotals) -> [DetailFact] {
        let look = StageLook(rate)
        var facts = [
            DetailFact(
                "state", "\(look.letter) \(Figures.percent(look.share)) of the time",
                style: look.style),
            DetailFact("subtasks", "\(rate.subtasks)"),
            DetailFact("in", "\(Figures.count(rate.recordsIn))/s, \(totals.recordsIn) so far"),
            DetailFact("out", "\(Figures.count(rate.recordsOut))/s, \(totals.recordsOut) so far"),
        ]
        if rate.capacity > 0 {
            let words = "\(rate.depth) of \(rate.capacity), in the fullest channel before it"
            facts.append(DetailFact("queue", words))
        }
        facts.append(DetailFact("errors", "\(totals.errors)"))
        facts.append(DetailFact("dropped", "\(totals.dropped)"))
        return facts
    }
}
