import WeirBase
import WeirEngine
import WeirReplay

extension InfoTopic {
    static let books = InfoTopic(
        "books",
        help: [
            "books        every operator and channel: taken, handled, dropped, held"
        ],
        answer: { _, debugger, answer in debugger.infoBooks(&answer) })
}

extension Debugger {
    fileprivate func infoBooks(_ answer: inout Answer) {
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
