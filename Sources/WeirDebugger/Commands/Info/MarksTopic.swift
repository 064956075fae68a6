import WeirBase
import WeirReplay
import WeirTelemetry

extension InfoTopic {
    /// `info marks`: the violations and failures of the run, and the session's bookmarks.
    ///
    /// The step of each is the one at which everything that led to it has happened, so that
    /// `goto` comes where it can be looked at.
    static let marks = InfoTopic(
        "marks",
        help: [
            "marks        failures of the run and places marked here"
        ],
        answer: { _, debugger, answer in debugger.infoMarks(&answer) })
}

extension Debugger {
    /// Lists the incidents in groups and then the bookmarks in the order of their steps.
    /// Programs get the incidents one by one, and the bookmarks in the order in which they
    /// were made.
    fileprivate func infoMarks(_ answer: inout Answer) {
        // Recorded ones of the whole run, and those that the replay found as far as it was.
        let marks = run.marks
        for group in MarkGroup.groups(of: marks) {
            answer.line("step \(group.mark.lookStep)  \(group.text)")
        }
        for place in bookmarks.all.sorted(by: { $0.step < $1.step }) {
            answer.line("step \(place.step)  marked as \(PrintableText.escaped(place.name))")
        }
        if marks.isEmpty, bookmarks.all.isEmpty {
            answer.line("nothing failed, and nothing was marked")
        }
        answer.member("marks", .list(marks.map(\.answerValue)))
        answer.member(
            "places",
            .list(
                bookmarks.all.map { .members(["step": .number($0.step), "name": .text($0.name)]) }))
    }
}
