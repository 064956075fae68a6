/// What `break` stops at. `continue` looks for it in both directions.
enum BreakCondition: Equatable {
    /// A turn of a stage or a subtask begins, and the condition, if there is one, holds
    /// behind its step.
    case stage(String, when: Expression?)
    /// The condition comes to hold.
    case condition(Expression)
    /// An invariant does not hold, or any of them without a name.
    case invariant(String?)
    /// A turn writes a log line that matches.
    case log(LogPattern)
    /// A queue comes to hold more than a level.
    case queue(String, QueueLevel)

    /// How full a queue is to be: a number of messages, or a part of its capacity.
    struct QueueLevel: Equatable, Sendable {
        var isPercent: Bool
        var value: Double
        /// Whether the level itself counts, as in `>=`.
        var includesIt: Bool

        /// Whether a queue is over the level.
        func isReached(depth: Int, capacity: Int) -> Bool {
            // In a replay a queue may hold more than its capacity, and so more than 100 per
            // cent.
            let level = isPercent ? Double(depth) * 100 / Double(max(1, capacity)) : Double(depth)
            return includesIt ? level >= value : level > value
        }

        /// The level as it is typed.
        var text: String {
            let number = value == value.rounded() ? "\(Int(value))" : "\(value)"
            return (includesIt ? ">= " : "> ") + number + (isPercent ? "%" : "")
        }
    }
}
