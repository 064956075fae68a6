/// Where a run stops by itself.
enum BreakCondition: Equatable {
    /// A turn of a stage or subtask begins, and the condition holds behind its step.
    case stage(String, when: Expression?)
    /// The condition comes to hold.
    case condition(Expression)
    /// An invariant fails; of all without a name.
    case invariant(String?)
    /// A turn writes a matching log line.
    case log(LogPattern)
    /// A queue comes to hold more than so much.
    case queue(String, QueueLevel)

    struct QueueLevel: Equatable, Sendable {
        var isPercent: Bool
        var value: Double
        var includesIt: Bool

        /// Whether a queue stands above it.
        func isReached(depth: Int, capacity: Int) -> Bool {
            let level = isPercent ? Double(depth) * 100 / Double(max(1, capacity)) : Double(depth)
            return includesIt ? level >= value : level > value
        }

        var text: String {
            let number = value == value.rounded() ? "\(Int(value))" : "\(value)"
            return (includesIt ? ">= " : "> ") + number + (isPercent ? "%" : "")
        }
    }
}
