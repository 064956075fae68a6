import WeirBase
import WeirTelemetry

extension Execution {
    /// Walks every structure of the execution: channels, subtasks, books.
    ///
    /// Where no turn is open: at a rest point, in a replay between turns, behind the last turn.
    /// Costs a visit to every message, timer and operator; for tests.
    package func checkInvariants() {
        for channel in channels { channel.checkInvariants() }
        for subtask in subtasks { subtask.checkInvariants() }
        books(isOver: false).checkInvariants()
    }
}

extension Subtask {
    /// Walks what a subtask keeps: its operators' accounts, and what must be over once it is done.
    package func checkInvariants() {
        for (index, link) in chain.links.enumerated() {
            let book = chain.books[index]
            let held = link.state?.held ?? 0
            precondition(
                book.taken == book.handled &+ book.dropped &+ held,
                "\(link.name) of \(name) took \(book.taken), handled \(book.handled), dropped "
                    + "\(book.dropped), holds \(held)")
        }
        for outlet in outlets {
            precondition(
                outlet.channel == nil || outlet.channel?.producer === self,
                "\(name) writes a channel of \(outlet.channel?.producer?.name ?? "nobody")")
            precondition(
                outlet.hasUnpublished || outlet.unpublishedCount == 0,
                "\(name) says that nothing of \(outlet.unpublishedCount) messages is unpublished")
        }
        for time in inletTimes {
            precondition(
                time.channel.consumer === self,
                "\(name) reads a channel of \(time.channel.consumer?.name ?? "nobody")")
            precondition(
                !time.isEnded || time.watermark == .distantFuture,
                "\(time.channel.name) ended at the watermark \(time.watermark)")
        }
        guard isDone else { return }
        precondition(!hasFailed, "\(name) failed and came to its end")
        precondition(watermark == .distantFuture, "\(name) ended at the watermark \(watermark)")
        precondition(
            inletTimes.allSatisfy { $0.isEnded }, "\(name) ended before all that it reads")
        for link in chain.links {
            let waiting = link.state?.timers?.account?.waiting ?? 0
            precondition(waiting == 0, "\(link.name) of \(name) ended and \(waiting) timers wait")
            precondition(
                !(link.state?.calls?.isWaiting ?? false),
                "\(link.name) of \(name) ended and calls are in flight")
        }
    }
}

extension Books {
    /// Walks the books: what stands in them once, in what order, and that parts make up wholes.
    package func checkInvariants() {
        var seen: Set<String> = []
        for drop in drops {
            precondition(drop.count > 0, "\(drop.stage) dropped nothing as \(drop.reason.rawValue)")
            precondition(
                seen.insert("\(drop.stage) \(drop.reason.rawValue)").inserted,
                "\(drop.stage) stands twice in the books for \(drop.reason.rawValue)")
        }
        for reason in DropReason.allCases {
            let left = leftovers.reduce(0) { $0 + ($1.reason == reason ? $1.count : 0) }
            precondition(
                left <= dropped(reason),
                "\(left) were left over as \(reason.rawValue), \(dropped(reason)) dropped in all")
        }
        precondition(
            dropped == reasons.reduce(0) { $0 + $1.count }, "reasons do not make up \(dropped)")
        precondition(
            imbalances.count <= EngineBounds.maximumImbalances + 1,
            "\(imbalances.count) imbalances, at most \(EngineBounds.maximumImbalances) and a line")
        precondition(!isPartial || imbalances.isEmpty, "partial books are held against each other")
        precondition(
            !isDrained || held == 0 || !imbalances.isEmpty, "drained, and \(held) are held")
        guard imbalances.isEmpty, !isPartial else { return }
        for account in operators {
            precondition(
                account.taken == account.handled + account.dropped + account.held,
                "\(account.name) took \(account.taken) and the books balance")
        }
    }
}
