import WeirBase
import WeirReplay
import WeirTelemetry

/// A breakpoint during one search: which steps could stop there, and what it saw last.
///
/// `continue` arms all breakpoints anew for each search, in this order: `init` finds out
/// which steps can matter; `begin` looks at the position where the search begins; then, for
/// each step that `isCandidate`, the run goes there and `stop` says whether it ends there.
/// Steps that cannot matter are passed without stopping the replay, which is what makes a
/// search fast.
///
/// Conditions, queues and watches stop where something *comes to* hold or changes. So what
/// they saw last is kept from candidate to candidate.
struct ArmedBreakpoint {
    /// What a breakpoint looks at, with its names looked up in the run.
    private enum Form {
        case stage(subtasks: Set<SubtaskIndex>, when: Expression?)
        /// Steps that are known before anything is run: violations, and the nearest log line
        /// that matches.
        case steps(Set<Step>, what: String)
        /// A condition that is to come to hold.
        case condition(Expression)
        /// A queue that is to come over a level; any of the channels of the name will do.
        case queue([String], BreakCondition.QueueLevel)
        /// A value that is to change.
        case watch(StateReference)
    }

    let number: Int
    private let form: Form
    /// The steps that can change what is looked at; nil when any step can.
    private let touching: Touching?
    /// Whether the condition held, or the queue was over its level, at the last look.
    private var heldBefore = false
    /// The text of the watched value at the last look.
    private var textBefore = ""

    /// Steps by who takes them: state changes only in the turns of its subtask, or at
    /// accesses to its cell.
    struct Touching {
        var subtasks: Set<SubtaskIndex> = []
        var cells: Set<CellIndex> = []

        /// Whether a step is one of them.
        func holds(_ facts: StepFacts) -> Bool {
            switch facts.kind {
            case .rest, .void: false
            case .access: subtasks.contains(facts.subtask) || cells.contains(facts.cell)
            case .input, .timer, .completion, .continue, .idle, .end, .failure, .publish:
                subtasks.contains(facts.subtask)
            }
        }
    }

    /// Arms a breakpoint.
    ///
    /// `logStep` finds the nearest step with a matching log line, in the direction of the
    /// search.
    init(
        _ point: Breakpoint, _ debugger: Debugger,
        logStep: (LogPattern) throws -> (step: Step, text: String)?
    ) throws {
        number = point.number
        switch point.kind {
        case .watch(let reference):
            form = .watch(reference)
            touching = debugger.touching(states: [reference], channels: [])
        case .condition(.stage(let name, let when)):
            form = .stage(subtasks: debugger.subtasks(named: name), when: when)
            touching = nil
        case .condition(.condition(let expression)):
            form = .condition(expression)
            // A condition on the step itself can change with every step.
            touching =
                expression.looksAtStep
                ? nil
                : debugger.touching(
                    states: expression.states.map(\.reference),
                    channels: expression.channels.map(\.name))
        case .condition(.invariant(let name)):
            // Recorded violations are known before anything is run.
            let steps = debugger.violations(of: name).map(\.lookStep)
            form = .steps(Set(steps), what: "")
            touching = nil
        case .condition(.log(let pattern)):
            // Log lines are in the trace, so the nearest one that matches is known, too.
            let step = try logStep(pattern)
            let text = step.map { PrintableText.escaped($0.text) } ?? ""
            form = .steps(Set([step?.step].compactMap { $0 }), what: text)
            touching = nil
        case .condition(.queue(let channel, let level)):
            let channels = debugger.channels(named: channel)
            form = .queue(channels, level)
            touching = debugger.touching(states: [], channels: channels)
        }
    }

    /// Looks at the position where a search begins.
    mutating func begin(_ debugger: Debugger) throws {
        switch form {
        case .stage, .steps: break
        case .condition(let expression): heldBefore = try expression.holds(in: debugger)
        case .queue(let channels, let level):
            // A queue that is over its level already must first fall below it.
            heldBefore = Self.reached(channels, level, debugger) != nil
        case .watch(let reference): textBefore = try Self.text(of: reference, debugger)
        }
    }

    /// Whether the run has to stop at a step so that this breakpoint can look.
    func isCandidate(_ facts: StepFacts) -> Bool {
        switch form {
        // A condition behind `when` is looked at only where a turn of the stage begins.
        case .stage(let subtasks, _):
            facts.kind.beginsTurn && subtasks.contains(facts.subtask)
        case .steps(let steps, _): steps.contains(facts.step)
        case .condition, .queue, .watch: touching?.holds(facts) ?? true
        }
    }

    /// Why the run stops at the world's position, or an empty text without a further reason;
    /// nil when it does not stop. To be called at every candidate, in order.
    mutating func stop(_ debugger: Debugger) throws -> String? {
        switch form {
        case .stage(_, let when):
            // Without a condition the beginning of the turn is reason enough.
            guard let when else { return "" }
            return try when.holds(in: debugger) ? "" : nil
        case .steps(_, let what): return what
        case .condition(let expression):
            let holds = try expression.holds(in: debugger)
            defer { heldBefore = holds }
            // Stops once where it comes to hold, and not at every step while it does.
            return holds && !heldBefore ? "" : nil
        case .queue(let channels, let level):
            let reached = Self.reached(channels, level, debugger)
            defer { heldBefore = reached != nil }
            return heldBefore ? nil : reached
        case .watch(let reference):
            let text = try Self.text(of: reference, debugger)
            defer { textBefore = text }
            return text == textBefore ? nil : "\(Self.short(textBefore)) became \(Self.short(text))"
        }
    }

    /// The first of these queues that is over the level, in words; nil where none is.
    private static func reached(
        _ channels: [String], _ level: BreakCondition.QueueLevel, _ debugger: Debugger
    ) -> String? {
        // Without their messages, which nobody looks at here.
        let queues = debugger.run.queues(messages: 0)
        for queue in queues where channels.contains(queue.channel) {
            guard level.isReached(depth: queue.depth, capacity: queue.capacity) else { continue }
            let name = PrintableText.escaped(queue.channel)
            return "\(name) holds \(queue.depth) of \(queue.capacity)"
        }
        return nil
    }

    /// The value of a state as text, by which a change is noticed. The text is bounded by
    /// parts, so that a change far inside a very large value may go unnoticed; `watch` says so.
    private static func text(of reference: StateReference, _ debugger: Debugger) throws -> String {
        ReflectedValue.compared(try reference.value(in: debugger, at: nil)).text
    }

    private static func short(_ text: String) -> String { PrintableText.escaped(text) }
}

extension Expression {
    /// Whether the expression depends on the step itself, so that every step can change it.
    var looksAtStep: Bool { Self.looksAtStep(root) }

    /// Whether a part does, or anything within it.
    private static func looksAtStep(_ node: Node) -> Bool {
        switch node.form {
        case .step: true
        case .literal, .depth, .state: false
        case .not(let inner): looksAtStep(inner)
        case .and(let left, let right), .or(let left, let right),
            .compare(let left, _, _, let right):
            looksAtStep(left) || looksAtStep(right)
        }
    }
}
