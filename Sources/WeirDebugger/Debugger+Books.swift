import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry

/// What became of the elements up to here.
extension Debugger {
    func infoDrops(_ answer: inout Answer) {
        let books = run.books
        if books.drops.isEmpty { answer.line("nothing was dropped") }
        var table = TextTable(["stage", "reason", "dropped"], numeric: [2])
        for drop in books.drops {
            table.row([drop.stage, drop.reason.rawValue, drop.count.grouped])
        }
        if !books.drops.isEmpty { for line in table.lines { answer.line(line) } }
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

    func infoBooks(_ answer: inout Answer) {
        let books = run.books
        Self.add(books.operators, as: "operator", taken: ("taken", "handled"), to: &answer)
        answer.line("")
        Self.add(books.channels, as: "channel", taken: ("emitted", "taken"), to: &answer)
        for imbalance in books.imbalances {
            answer.line("does not balance: \(PrintableText.escaped(imbalance, limit: 400))")
        }
        answer.member("imbalances", .list(books.imbalances.map { .text($0) }))
    }

    private static func add(
        _ accounts: [Books.Account], as kind: String, taken names: (into: String, done: String),
        to answer: inout Answer
    ) {
        var table = TextTable(
            [kind, names.into, names.done, "dropped", "held"], numeric: [1, 2, 3, 4])
        for account in accounts {
            table.row([
                account.name, account.taken.grouped, account.handled.grouped,
                account.dropped.grouped, account.held.grouped,
            ])
        }
        for line in table.lines { answer.line(line) }
        answer.member(
            "\(kind)s",
            .list(
                accounts.map {
                    .members([
                        kind: .text($0.name), names.into: .number($0.taken),
                        names.done: .number($0.handled), "dropped": .number($0.dropped),
                        "held": .number($0.held),
                    ])
                }))
    }
}
