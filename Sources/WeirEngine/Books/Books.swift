package import WeirBase
package import WeirTelemetry

/// What became of every element of a run: a balance of what each part counted for itself.
///
/// For each inlet and operator what was taken is what was handled, dropped and still held; for each
/// channel what was emitted is what was taken, dropped, queued and not published yet; what an
/// operator that makes one of one was given, the next one took. Where that does not hold an element
/// was lost without a reason, which is a defect of Weir.
///
/// `Execution.closeBooks` makes them at a run's end, a replay at any step between turns; the
/// summary and the debugger tell of them.
package struct Books: Sendable {
    /// Elements dropped in one stage for one reason.
    package struct Drop: Equatable, Sendable {
        package var stage: String
        package var reason: DropReason
        package var count: UInt64

        package init(stage: String, reason: DropReason, count: UInt64) {
            self.stage = stage
            self.reason = reason
            self.count = count
        }
    }

    /// Elements or rows that a subtask was left with at the end and that nobody will take.
    package struct Leftover: Equatable, Sendable {
        package var subtask: SubtaskIndex
        package var reason: DropReason
        package var count: UInt64
    }

    /// What came to one part, and what became of it.
    package struct Account: Equatable, Sendable {
        /// The part: a source, an operator in all subtasks of its stage (`count.window2` where the
        /// stage has another name), or a channel (`parse/0>enrich/1`).
        package var name: String
        /// Elements that came to it; of a channel, what its producer emitted.
        package var taken: UInt64
        /// Elements that it is done with; of a channel, what its consumer took.
        package var handled: UInt64
        package var dropped: UInt64
        /// Elements that it still has; of a channel, what is queued or not published.
        package var held: UInt64

        package init(
            name: String, taken: UInt64 = 0, handled: UInt64 = 0, dropped: UInt64 = 0,
            held: UInt64 = 0
        ) {
            self.name = name
            self.taken = taken
            self.handled = handled
            self.dropped = dropped
            self.held = held
        }
    }

    /// Elements that the sources gave, and those that they had read in vain of an input which
    /// cannot be read again.
    package var taken: UInt64 = 0
    /// Elements that operators hold: in windows that are open, behind calls that are not answered.
    package var held: UInt64 = 0
    /// Elements that wait in channels or are not published.
    package var queued: UInt64 = 0
    /// Whether every subtask came to its end and nothing waits.
    package var isDrained = false
    /// Whether they were made while turns may run that nobody waits for: there is more of
    /// everything, and nothing was held against each other.
    package var isPartial = false
    /// In order of stages and reasons; none with a count of 0.
    package var drops: [Drop] = []
    /// The part of `drops` that was left over when the run ended.
    package var leftovers: [Leftover] = []
    /// Sources and operators in order of the plan.
    package var operators: [Account] = []
    package var channels: [Account] = []
    /// Where the books do not balance, as sentences; empty as long as Weir counts right.
    package var imbalances: [String] = []

    package init() {}

    /// All that was dropped, whatever the reason.
    package var dropped: UInt64 { drops.reduce(0) { $0 + $1.count } }

    /// What was dropped for one reason.
    package func dropped(_ reason: DropReason) -> UInt64 {
        drops.reduce(0) { $0 + ($1.reason == reason ? $1.count : 0) }
    }

    /// Totals by reason, in the order of the reasons; none with a count of 0.
    package var reasons: [(reason: DropReason, count: UInt64)] {
        DropReason.allCases.map { ($0, dropped($0)) }.filter { $0.1 > 0 }
    }

    /// What the run guarantees, as far as the books say so, as a phrase for the summary: that each
    /// input was handled once, or how many were not and why.
    package var guarantee: String {
        if !imbalances.isEmpty { return "none: the books do not balance, a defect of Weir" }
        let unwritten = dropped(.unwritten)
        var losses: [String] = []
        if dropped(.stopped) > 0 {
            let qualifier = isPartial ? "at least " : ""
            losses.append(qualifier + Self.sentence(.stopped, dropped(.stopped)))
        }
        if !isDrained, held > 0 {
            let verb = held == 1 ? "lies" : "lie"
            losses.append("\(held.grouped) \(verb) in windows or calls that never closed")
        }
        let isStopped = !isDrained || !losses.isEmpty
        if isStopped {
            let why =
                isDrained
                ? "the input ended before they were taken" : "stopped before the drain ended"
            losses = [losses.isEmpty ? "none: \(why)" : losses.joined(separator: ", ") + ": \(why)"]
        }
        if unwritten > 0 { losses.append(Self.sentence(.unwritten, unwritten)) }
        let others = reasons.filter { $0.reason != .stopped && $0.reason != .unwritten }
            .map { Self.sentence($0.reason, $0.count) }
        if losses.isEmpty {
            return others.isEmpty
                ? "each input once" : "each input once, but " + others.joined(separator: ", ")
        }
        return (losses + others).joined(separator: "; ")
    }

    private static func sentence(_ reason: DropReason, _ count: UInt64) -> String {
        func counted(_ one: String, _ many: String) -> String {
            "\(count.grouped) \(count == 1 ? one : many)"
        }
        return switch reason {
        case .late: counted("late element was dropped", "late elements were dropped")
        case .malformed:
            counted("element could not be read", "elements could not be read")
        case .policy:
            counted("element found no room on an edge", "elements found no room on an edge")
        case .stopped:
            counted(
                "element that was read was not processed",
                "elements that were read were not processed")
        case .unwritten: counted("row was not written", "rows were not written")
        case .timer: counted("timer was not due", "timers were not due")
        case .incomplete:
            counted("open last line was not taken", "open last lines were not taken")
        case .skipped: counted("element was skipped", "elements were skipped")
        case .deadLetter:
            counted("element is a dead letter", "elements are dead letters")
        case .poison: counted("element was set aside", "elements were set aside")
        }
    }
}
