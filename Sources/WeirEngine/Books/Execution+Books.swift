import Synchronization
import WeirBase
import WeirTelemetry

extension Execution {
    /// Adds up what every part counted, and holds the parts against each other.
    ///
    /// In a replay between turns, or after a run's last turn; `isOver` says that what waits will
    /// not be taken, so that it counts as dropped. Parts whose turn is in its middle are left out
    /// of the balance. Looks at every message that waits.
    package func books(isOver: Bool) -> Books {
        var bookkeeper = Bookkeeper(execution: self, isOver: isOver)
        return bookkeeper.books()
    }

    /// What became of every element, once no turn is taken any more; the same however often it is
    /// asked for.
    ///
    /// What is left over counts as dropped from then on, also in the subtasks' counters, so that
    /// whoever samples these afterwards shows the same numbers. Looks at every message that waits.
    package func closeBooks() -> Books {
        closedBooks.withLock { closed in
            if let closed { return closed }
            let books = books(isOver: true)
            for leftover in books.leftovers {
                subtasks[leftover.subtask].counters.drop(leftover.count, leftover.reason)
                touched.insert(subtasks[leftover.subtask].index)
            }
            closed = books
            return books
        }
    }
}

extension Execution {
    /// What can be told of a run whose turns cannot be waited for. Any thread, at any time.
    ///
    /// It is made of what any thread may read: counters, what is published, what writers have not
    /// written. What turns hold, and have not published, belongs to threads that may hang and is
    /// left out.
    package func partialBooks() -> Books {
        var books = Books()
        books.isPartial = true
        var counts: [String: [DropReason: UInt64]] = [:]
        func add(_ count: UInt64, _ reason: DropReason, _ stage: String) {
            if count > 0 { counts[stage, default: [:]][reason, default: 0] += count }
        }
        for subtask in subtasks {
            if subtask.isSource {
                books.taken += subtask.counters.recordsIn.load(ordering: .relaxed)
            }
            for reason in DropReason.allCases {
                add(subtask.counters.dropped(reason), reason, subtask.stage)
            }
            for inlet in subtask.inlets {
                let queued = UInt64(inlet.channel.publishedElements)
                books.queued += queued
                add(inlet.channel.dropped, .policy, subtask.stage)
                // Nobody will take it any more, since the run is given up.
                add(queued, .stopped, subtask.stage)
            }
            for case let rows as RowOutlet in subtask.outlets {
                add(rows.account.unwritten, .unwritten, subtask.stage)
            }
        }
        for stage in plan.stages {
            for reason in DropReason.allCases {
                guard let count = counts[stage.name]?[reason] else { continue }
                books.drops.append(Books.Drop(stage: stage.name, reason: reason, count: count))
            }
        }
        return books
    }
}

/// Makes the books of one execution, once: each balance below compares two or more counts that were
/// made by different parts, and never one with what was derived from it.
private struct Bookkeeper {
    let execution: Execution
    let isOver: Bool
    private var result = Books()
    /// Imbalances beyond those that are told in words.
    private var omitted = 0

    init(execution: Execution, isOver: Bool) {
        self.execution = execution
        self.isOver = isOver
    }

    mutating func books() -> Books {
        result.isDrained = execution.isFinished
        for subtask in execution.subtasks {
            result.taken += subtask.sourceTaken
            // While turns may still come, what waits will be taken, and is no loss.
            if isOver { addLeftovers(subtask) }
            // In the middle of a turn its counts are in the middle too: some are made at the turn's
            // end.
            if !subtask.counters.isBusy {
                balanceEntrance(subtask)
                balanceOperators(subtask)
                balanceOutlets(subtask)
            }
        }
        for subtask in execution.subtasks {
            for inlet in subtask.inlets { balanceChannel(inlet) }
        }
        addOperators()
        addDrops()
        assert(
            omitted == 0 || result.imbalances.count == EngineBounds.maximumImbalances,
            "\(omitted) imbalances are not told and \(result.imbalances.count) are")
        if omitted > 0 { result.imbalances.append("and \(omitted) more places") }
        return result
    }

    /// Holds counts against each other; where they differ the sentence says which and how.
    private mutating func check(_ holds: Bool, _ sentence: @autoclosure () -> String) {
        if holds { return }
        if result.imbalances.count < EngineBounds.maximumImbalances {
            result.imbalances.append(sentence())
        } else {
            omitted += 1
        }
    }

    // MARK: The balances

    /// From inlets or the source into the chain. What was given up before an operator saw it is
    /// what the subtask's counters have beyond its operators' books.
    private mutating func balanceEntrance(_ subtask: Subtask) {
        let chain = subtask.chain
        let taken =
            subtask.source?.taken ?? subtask.inlets.reduce(0) { $0 + $1.totalElements }
        var outside: UInt64 = 0
        for reason in DropReason.ofElements {
            let all = subtask.counters.dropped(reason)
            // The operators' books say which of the subtask's drops were made by operators.
            let inside = chain.links.indices.reduce(UInt64(0)) {
                $0 + chain.books[$1].dropped(reason)
            }
            check(
                inside <= all,
                "\(subtask.name) counts \(all) as \(reason.rawValue), its operators \(inside)")
            outside += all - min(inside, all)
        }
        let first = chain.links.isEmpty ? 0 : chain.books[0].taken
        check(
            taken == first + outside,
            "\(subtask.name) took \(taken), its first operator \(first), dropped before \(outside)")
    }

    /// Within the chain: each operator's own account, and from one that makes one of one to the
    /// next.
    private mutating func balanceOperators(_ subtask: Subtask) {
        let chain = subtask.chain
        for (index, link) in chain.links.enumerated() {
            let book = chain.books[index]
            let held = link.state?.held ?? 0
            result.held += held
            check(
                book.taken == book.handled + book.dropped + held,
                "\(link.name) of \(subtask.name) took \(book.taken), handled \(book.handled), "
                    + "dropped \(book.dropped), holds \(held)")
            check(
                // What ends with elements in hand has lost them.
                !subtask.isDone || held == 0,
                "\(link.name) of \(subtask.name) ended and holds \(held)")
            if link.account == .oneOfOne, index + 1 < chain.links.count {
                let next = chain.books[index + 1].taken
                check(
                    book.handled == next,
                    "\(link.name) of \(subtask.name) made \(book.handled), "
                        + "\(chain.links[index + 1].name) took \(next)")
            }
            if let account = link.state?.timers?.account {
                balanceTimers(account.book, account.waiting, link, subtask)
            }
        }
    }

    /// An operator's timers: each that was set was merged, fired, dropped or waits.
    private mutating func balanceTimers(
        _ timers: TimerBook, _ waiting: Int, _ link: Link, _ subtask: Subtask
    ) {
        check(
            timers.set == timers.merged + timers.fired + timers.dropped + UInt64(waiting),
            "\(link.name) of \(subtask.name) was set \(timers.set) timers, merged "
                + "\(timers.merged), fired \(timers.fired), dropped \(timers.dropped), "
                + "\(waiting) wait")
        check(
            !subtask.isDone || waiting == 0,
            "\(link.name) of \(subtask.name) ended and \(waiting) timers wait")
        let counted = subtask.counters.dropped(.timer)
        check(
            timers.dropped <= counted,
            "\(link.name) of \(subtask.name) dropped \(timers.dropped) timers, counted \(counted)")
    }

    /// From the last operator to the outlets, and from a sink's outlet to its writer.
    private mutating func balanceOutlets(_ subtask: Subtask) {
        let chain = subtask.chain
        guard let last = chain.links.indices.last else { return }
        for (output, flow) in (chain.end?.outflows ?? []).enumerated() {
            // Each edge that reads an output gets all of it, by its outlets together.
            for received in flow.received {
                check(
                    received == flow.given,
                    "output \(output) of \(subtask.name) was given \(flow.given), "
                        + "an edge's outlets got \(received)")
            }
            // The main output gets what the last operator handles; side outputs get what operators
            // choose to give them.
            if output == 0 {
                check(
                    flow.given == chain.books[last].handled,
                    "\(subtask.name) gave \(chain.books[last].handled), "
                        + "its outlets were given \(flow.given)")
            }
        }
        for case let rows as RowOutlet in subtask.outlets {
            let account = rows.account
            check(
                rows.rows == chain.books[last].handled,
                "\(subtask.name) handled \(chain.books[last].handled), made \(rows.rows) rows")
            check(
                rows.rows == account.written + account.unwritten + rows.pendingRows,
                "\(subtask.name) made \(rows.rows) rows, written \(account.written), not written "
                    + "\(account.unwritten), not handed over \(rows.pendingRows)")
        }
    }

    /// From the producer's outlet through the channel to this inlet. Told also where a turn is in
    /// its middle, but compared only where neither end's is.
    private mutating func balanceChannel(_ inlet: Inlet) {
        let channel = inlet.channel
        guard let producer = channel.producer, let consumer = channel.consumer,
            let outlet = producer.outlets.first(where: { $0.channel === channel })
        else { return }
        // What was taken out for a turn that did not run yet counts as queued: nobody has handled
        // it.
        let queued = UInt64(channel.queuedElements + inlet.elementsAhead)
        let unpublished = UInt64(outlet.unpublishedElements)
        result.queued += queued + unpublished
        result.channels.append(
            Books.Account(
                name: channel.name, taken: outlet.totalElements, handled: inlet.totalElements,
                dropped: channel.dropped, held: queued + unpublished))
        if isOver, queued + unpublished > 0 {
            result.leftovers.append(
                Books.Leftover(
                    subtask: consumer.index, reason: .stopped, count: queued + unpublished))
        }
        guard !producer.counters.isBusy, !consumer.counters.isBusy else { return }
        check(
            outlet.totalElements == inlet.totalElements + channel.dropped + queued + unpublished,
            "\(channel.name) was given \(outlet.totalElements), taken \(inlet.totalElements), "
                + "dropped \(channel.dropped), queued \(queued), not published \(unpublished)")
        check(
            !consumer.isDone || queued + unpublished == 0,
            "\(channel.name) holds \(queued + unpublished) elements and its reader ended")
    }

    // MARK: What is told

    /// Adds what a source had read in vain and what a sink's writer did not write.
    private mutating func addLeftovers(_ subtask: Subtask) {
        assert(isOver, "what \(subtask.name) has left is lost while turns may still take it")
        func add(_ reason: DropReason, _ count: UInt64) {
            guard count > 0 else { return }
            result.leftovers.append(
                Books.Leftover(subtask: subtask.index, reason: reason, count: count))
        }
        if let rest = subtask.source?.leftover {
            result.taken += rest.elements
            add(.stopped, rest.elements)
            add(.incomplete, rest.openLines)
        }
        for case let rows as RowOutlet in subtask.outlets {
            add(.unwritten, rows.account.unwritten + rows.pendingRows)
        }
    }

    /// Adds one account for each source and operator, all subtasks of a stage together.
    private mutating func addOperators() {
        var indices: [String: Int] = [:]
        for subtask in execution.subtasks {
            if let source = subtask.source, !subtask.chain.links.isEmpty {
                // Of a source, what its first operator took is what it gave.
                let given = subtask.chain.books[0].taken
                result.operators.append(
                    Books.Account(
                        name: subtask.stage, taken: source.taken, handled: given,
                        dropped: source.taken - min(given, source.taken)))
            }
            for (index, link) in subtask.chain.links.enumerated() {
                // The end of a chain is no operator that anybody wrote.
                if link.state is ChainEnd { continue }
                let name =
                    link.name == subtask.stage ? link.name : "\(subtask.stage).\(link.name)"
                let found = indices[name] ?? result.operators.count
                if found == result.operators.count {
                    indices[name] = found
                    result.operators.append(Books.Account(name: name))
                }
                let book = subtask.chain.books[index]
                result.operators[found].taken += book.taken
                result.operators[found].handled += book.handled
                result.operators[found].dropped += book.dropped
                result.operators[found].held += link.state?.held ?? 0
            }
        }
    }

    /// Adds what was dropped, by stage and reason, leftovers included.
    private mutating func addDrops() {
        let stages = execution.plan.stages.map(\.name)
        let ordinals = Dictionary(
            stages.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        assert(
            ordinals.count == stages.count,
            "\(stages.count) stages have \(ordinals.count) names: drops of two would be added up")
        let reasons = DropReason.allCases
        // A table of stages and reasons, so that the drops come out in that order.
        var counts = [UInt64](repeating: 0, count: stages.count * reasons.count)
        // A stage's subtasks together.
        func add(_ count: UInt64, _ reason: DropReason, _ subtask: Subtask) {
            guard let stage = ordinals[subtask.stage] else { return }
            counts[stage * reasons.count + reason.ordinal] += count
        }
        for subtask in execution.subtasks {
            for reason in reasons { add(subtask.counters.dropped(reason), reason, subtask) }
            for inlet in subtask.inlets { add(inlet.channel.dropped, .policy, subtask) }
        }
        for left in result.leftovers {
            add(left.count, left.reason, execution.subtasks[left.subtask])
        }
        for (index, count) in counts.enumerated() where count > 0 {
            result.drops.append(
                Books.Drop(
                    stage: stages[index / reasons.count],
                    reason: reasons[index % reasons.count], count: count))
        }
    }
}
