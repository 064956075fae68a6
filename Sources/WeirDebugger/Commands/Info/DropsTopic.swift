import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry

extension InfoTopic {
    /// `info drops`: the elements up to here that had no effect, by stage and reason.
    ///
    /// Every element that was read is either handled, held or here, so whoever misses one
    /// looks here first.
    static let drops = InfoTopic(
        "drops",
        help: [
            "drops        elements that had no effect, by stage and reason"
        ],
        answer: { _, debugger, answer in debugger.infoDrops(&answer) })
}

extension Debugger {
    /// Lists the drops. A table without rows is left out, head and all.
    fileprivate func infoDrops(_ answer: inout Answer) {
        // Only what operators dropped and channels refused up to this step; what the end of
        // the run drops is known at its end.
        let books = run.books
        if books.drops.isEmpty { answer.line("nothing was dropped") }
        var table = TextTable(["stage", "reason", "dropped"], numeric: [2])
        for drop in books.drops {
            table.row([drop.stage, drop.reason.rawValue, drop.count.grouped])
        }
        if !books.drops.isEmpty { for line in table.lines { answer.line(line) } }
        // The sum over all stages and reasons, and then each of them.
        answer.member("dropped", .number(books.dropped))
        answer.member(
            "drops",
            .list(
                books.drops.map {
                    .members([
                        "stage": .text($0.stage), "reason": .text($0.reason.rawValue),
                        "count": .number($0.count),
                    ])
                }))
    }
}
