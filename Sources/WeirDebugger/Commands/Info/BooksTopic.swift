import WeirBase
import WeirEngine
import WeirReplay

extension InfoTopic {
    /// `info books`: what became of every element, operator by operator and channel by
    /// channel.
    ///
    /// `info drops` shows only what was dropped. Here are all four numbers, so that anybody
    /// can add them up.
    static let books = InfoTopic(
        "books",
        help: [
            "books        every operator and channel: taken, handled, dropped, held"
        ],
        answer: { _, debugger, answer in debugger.infoBooks(&answer) })
}

extension Debugger {
    /// Lists the accounts, and every one that does not balance, which would be a mistake of
    /// the engine.
    fileprivate func infoBooks(_ answer: inout Answer) {
        let books = run.books
        // An operator takes elements and handles them.
        Self.add(books.operators, as: "operator", taken: ("taken", "handled"), to: &answer)
        answer.line("")
        // A channel is given elements by the subtask before it, and the one behind takes
        // them.
        Self.add(books.channels, as: "channel", taken: ("emitted", "taken"), to: &answer)
        // Said last, where a reader sees it without scrolling.
        for imbalance in books.imbalances {
            answer.line("does not balance: \(ShownText.line(imbalance))")
        }
        answer.member("imbalances", .list(books.imbalances.map { .text($0) }))
    }

    /// Adds the accounts of one kind as a table and as members.
    ///
    /// Operators and channels have the same four numbers under different names, as `names`
    /// says.
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
