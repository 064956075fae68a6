extension InfoTopic {
    /// `info breaks`: the breaks and watches. They are the session's own and do not depend on
    /// the step.
    ///
    /// The numbers are those that `delete` takes.
    static let breaks = InfoTopic(
        "breaks",
        help: [
            "breaks       breaks and watches, with their numbers"
        ], dependsOnPosition: false,
        answer: { _, debugger, answer in debugger.infoBreaks(&answer) })
}

extension Debugger {
    /// Lists the breaks with how often each has stopped the run.
    fileprivate func infoBreaks(_ answer: inout Answer) {
        if breaks.isEmpty { answer.line("there are no breaks: see 'help break'") }
        for point in breaks.all {
            // A break that never stopped says nothing about it.
            let hits = point.hits == 0 ? "" : ", stopped \(counted(point.hits, "time"))"
            answer.line("\(point.number): \(point.text)\(hits)")
        }
        answer.member(
            "breaks",
            .list(
                breaks.all.map {
                    .members([
                        "number": .number($0.number), "text": .text($0.text),
                        "hits": .number($0.hits),
                    ])
                }))
    }
}
