import WeirBase
import WeirReplay

/// What an expression can look at.
protocol ExpressionWorld {
    var position: UInt64 { get }
    func find(_ name: String) throws -> [StateValue]
    /// Messages that wait in the channels of a name together; nil when there is no such channel.
    func depth(of channel: String) -> Int?
}

extension Expression {
    /// What the expression comes to at the world's place.
    func holds(in world: some ExpressionWorld) throws -> Bool {
        try flag(root, world)
    }

    private func flag(_ node: Node, _ world: some ExpressionWorld) throws -> Bool {
        switch node.form {
        case .not(let inner): return try !flag(inner, world)
        case .and(let left, let right):
            return try flag(left, world) && flag(right, world)
        case .or(let left, let right):
            return try flag(left, world) || flag(right, world)
        case .compare(let left, let comparison, let column, let right):
            let (one, other) = (try value(left, world), try value(right, world))
            if let holds = one.compared(comparison, to: other) { return holds }
            let isTextual = [one.kind, other.kind].allSatisfy { $0 == .whole || $0 == .text }
            let what =
                one.kind == other.kind || isTextual
                ? "\(ExpressionValue.Kind.whole.described) has no order"
                : "\(one.kind.described) is compared with \(other.kind.described) here"
            throw CommandError(what, Self.advice(one, other), at: column)
        case .literal, .step, .depth, .state:
            switch try value(node, world) {
            case .flag(let flag): return flag
            case .nothing: return false
            case let other:
                throw CommandError(
                    "this is \(other.kind.described), and true or false is wanted",
                    "Compare it with something", at: node.column)
            }
        }
    }

    private static func advice(_ one: ExpressionValue, _ other: ExpressionValue) -> String {
        for case .whole(let description, let type) in [one, other] {
            let value = PrintableText.escaped(description, limit: 80)
            return "It is \(PrintableText.escaped(type, limit: 60)): \(value); name a field of it"
        }
        return ""
    }

    /// What one part comes to.
    func value(_ node: Node, _ world: some ExpressionWorld) throws -> ExpressionValue {
        switch node.form {
        case .literal(let value): return value
        case .step: return .integer(Int128(world.position))
        case .depth(let channel):
            guard let depth = world.depth(of: channel) else {
                throw CommandError(
                    "there is no channel \(PrintableText.escaped(channel))", "See 'info queues'",
                    at: node.column)
            }
            return .integer(Int128(depth))
        case .state(let reference):
            guard let value = try reference.value(in: world, at: node.column) else {
                return .nothing
            }
            return ExpressionValue(value)
        case .not, .and, .or, .compare: return .flag(try flag(node, world))
        }
    }
}

extension StateReference {
    /// The state it names with the way that is left; nil when nothing has that name here.
    func state(in world: some ExpressionWorld, at column: Int?) throws
        -> (state: StateValue, path: [Part])?
    {
        for candidate in candidates {
            let found = try world.find(candidate.name)
            if found.count == 1 { return (found[0], candidate.path) }
            if found.count > 1 {
                let names = found.prefix(4).map { PrintableText.escaped($0.name, limit: 60) }
                throw CommandError(
                    "\(PrintableText.escaped(candidate.name)) is \(found.count) states",
                    "Say which: \(names.joined(separator: ", "))", at: column)
            }
        }
        return nil
    }

    /// The value that it names; nil when nothing has that name here.
    func value(in world: some ExpressionWorld, at column: Int?) throws -> Any? {
        guard let (state, path) = try state(in: world, at: column) else { return nil }
        do {
            return try FieldPath.follow(path, from: state.value)
        } catch {
            // A field whose own place is not known: the whole reference is marked.
            throw CommandError(error.message, error.advice, at: error.column ?? column)
        }
    }
}
