/// A command of the debugger, read and not yet obeyed.
package enum DebuggerCommand: Equatable {
    package enum Topic: String, CaseIterable, Sendable {
        case stages, states, queues, runnable, threads, breaks, marks, drops, books, watermarks
    }

    case step(UInt64)
    case reverseStep(UInt64)
    case next(UInt64)
    case reverseNext(UInt64)
    case goto(Place)
    case `continue`(UInt64)
    case reverseContinue(UInt64)
    case `break`(BreakCondition)
    case watch(StateReference)
    case delete(Int?)
    case info(Topic, stage: String?)
    case printState(StateReference)
    case printQueue(String)
    case printEvent(source: String, index: UInt64)
    case printValue(Expression)
    case lastWrite(StateReference)
    case history(StateReference, count: Int)
    case when
    case logs(LogPattern?, count: Int)
    case mark(String)
    case back
    case forward
    case assert(Expression)
    case help(String?)
    case quit

    /// Whether an empty line at the prompt does it once more, as in gdb.
    package var isRepeatable: Bool {
        switch self {
        case .step, .reverseStep, .next, .reverseNext, .continue, .reverseContinue: true
        default: false
        }
    }
}

/// Where a run stops by itself.
package enum BreakCondition: Equatable {
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

    package struct QueueLevel: Equatable, Sendable {
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
