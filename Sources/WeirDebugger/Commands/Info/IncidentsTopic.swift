import WeirBase
import WeirReplay
import WeirTelemetry

extension InfoTopic {
    /// `info marks`: the violations and failures of the run, and the session's bookmarks.
    ///
    /// The step of each is the one at which everything that led to it has happened, so that
    /// `goto` comes where it can be looked at.
    static let incidents = InfoTopic(
        "marks",
        help: [
            "marks        failures of the run and places marked here"
        ],
        answer: { _, debugger, answer in debugger.infoIncidents(&answer) })
}

extension Debugger {
    /// Lists the incidents in groups and then the bookmarks in the order of their steps.
    /// Programs get the incidents one by one, and the bookmarks in the order in which they
    /// were made.
    fileprivate func infoIncidents(_ answer: inout Answer) {
        // Recorded ones of the whole run, and those that the replay found as far as it was.
        let incidents = run.incidents
        for group in IncidentGroup.groups(of: incidents) {
            answer.line("step \(group.incident.lookStep)  \(group.text)")
        }
        for bookmark in bookmarks.all.sorted(by: { $0.step < $1.step }) {
            answer.line("step \(bookmark.step)  marked as \(PrintableText.escaped(bookmark.name))")
        }
        if incidents.isEmpty, bookmarks.all.isEmpty {
            answer.line("nothing failed, and nothing was marked")
        }
        answer.member("marks", .list(incidents.map(\.answerValue)))
        answer.member(
            "places",
            .list(
                bookmarks.all.map { .members(["step": .number($0.step), "name": .text($0.name)]) }))
    }
}
