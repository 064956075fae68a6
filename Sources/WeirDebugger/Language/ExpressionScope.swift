import WeirBase
import WeirReplay

/// What an expression can look at. `Debugger` is one; tests have a smaller one.
protocol ExpressionScope {
    /// The step where the run is.
    var position: Step { get }
    /// What a name of state means there: several values if several subtasks have it, none if
    /// nothing has.
    func find(_ name: String) throws -> [StateValue]
    /// The messages that wait in the channels of a name together; nil when there is no such
    /// channel.
    func depth(of channel: String) -> Int?
}

extension Expression {
    /// Whether the condition holds at the world's position.
    ///
    /// - Throws: `CommandError` where kinds turn out not to fit, and what looking throws.
    func holds(in scope: some ExpressionScope) throws -> Bool {
        try flag(root, scope)
    }

    /// Whether a part is true. `and` and `or` look at their right side only when it matters.
    private func flag(_ node: Node, _ scope: some ExpressionScope) throws -> Bool {
        switch node.form {
        case .not(let inner): return try !flag(inner, scope)
        case .and(let left, let right):
            return try flag(left, scope) && flag(right, scope)
        case .or(let left, let right):
            return try flag(left, scope) || flag(right, scope)
        case .compare(let left, let comparison, let column, let right):
            // Both sides are evaluated, as either may be what does not fit.
            let (one, other) = (try value(left, scope), try value(right, scope))
            if one.mayDiffer(from: other) {
                throw CommandError(
                    "both values are alike as far as they are compared, which is "
                        + "\(DebuggerBounds.maximumShownParts.grouped) parts and "
                        + "\(DebuggerBounds.maximumValueDepth) levels",
                    "Name a field of each", at: column)
            }
            if let holds = one.compared(comparison, to: other) { return holds }
            // Two that can be compared as texts were asked for their order, which texts of
            // values do not have.
            let isTextual = [one.kind, other.kind].allSatisfy { $0 == .whole || $0 == .text }
            let what =
                one.kind == other.kind || isTextual
                ? "\(ExpressionValue.Kind.whole.described) has no order"
                : "\(one.kind.described) is compared with \(other.kind.described) here"
            throw CommandError(what, Self.advice(one, other), at: column)
        case .literal, .step, .depth, .state:
            switch try value(node, scope) {
            case .flag(let flag): return flag
            // A state that is not there, used as a condition by itself.
            case .nothing: return false
            case let other:
                throw CommandError(
                    "this is \(other.kind.described), and true or false is wanted",
                    "Compare it with something", at: node.column)
            }
        }
    }

    /// What to write instead where a value with parts was compared as a whole.
    private static func advice(_ one: ExpressionValue, _ other: ExpressionValue) -> String {
        // The first of the two that has parts; the loop does not go on.
        for case .whole(let description, let type, _) in [one, other] {
            let value = PrintableText.escaped(description, limit: DebuggerBounds.maximumGlance)
            return "It is \(ShownText.name(type)): \(value); name a field of it"
        }
        return ""
    }

    /// What one part comes to.
    func value(_ node: Node, _ scope: some ExpressionScope) throws -> ExpressionValue {
        switch node.form {
        case .literal(let value): return value
        case .step: return .integer(Int128(scope.position.rawValue))
        // The debugger's commands check names first. Here it is held for every world.
        case .depth(let channel):
            guard let depth = scope.depth(of: channel) else {
                throw CommandError(
                    "there is no channel \(PrintableText.escaped(channel))", "See 'info queues'",
                    at: node.column)
            }
            return .integer(Int128(depth))
        case .state(let reference):
            guard let value = try reference.value(in: scope, at: node.column) else {
                return .nothing
            }
            return ExpressionValue(value)
        case .not, .and, .or, .compare: return .flag(try flag(node, scope))
        }
    }
}

extension StateReference {
    /// The state that it names, with the way that is left; nil when nothing has that name
    /// here. Throws where the name means several.
    func state(in scope: some ExpressionScope, at column: Int?) throws
        -> (state: StateValue, path: [Part])?
    {
        for candidate in candidates {
            let found = try scope.find(candidate.name)
            if found.count == 1 { return (found[0], candidate.path) }
            // Several subtasks or operators have such a key. A condition must mean one of
            // them.
            if found.count > 1 {
                let names = found.prefix(DebuggerBounds.maximumNamedMeanings).map {
                    ShownText.name($0.name)
                }
                throw CommandError(
                    "\(PrintableText.escaped(candidate.name)) is \(found.count) states",
                    "Say which: \(names.joined(separator: ", "))", at: column)
            }
        }
        return nil
    }

    /// The value that it names; nil when nothing has that name here, or when the way ends in
    /// an empty optional.
    func value(in scope: some ExpressionScope, at column: Int?) throws -> Any? {
        guard let (state, path) = try state(in: scope, at: column) else { return nil }
        do {
            return try FieldPath.follow(path, from: state.value)
        } catch {
            // A field whose own column is not known: the whole reference is marked.
            throw CommandError(error.message, error.advice, at: error.column ?? column)
        }
    }
}
