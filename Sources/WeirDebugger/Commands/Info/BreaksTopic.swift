extension InfoTopic {
    static let breaks = InfoTopic(
        "breaks",
        help: [
            "breaks       breaks and watches, with their numbers"
        ], isOfPlace: false,
        answer: { _, debugger, answer in debugger.infoBreaks(&answer) })
}

extension Debugger {
    fileprivate func infoBreaks(_ answer: inout Answer) {
        if breaks.isEmpty { answer.line("there are no breaks: see 'help break'") }
        for point in breaks.all {
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
