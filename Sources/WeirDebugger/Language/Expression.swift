import WeirBase

/// A condition on a place of a run, as `assert` and `break … when` take it.
///
/// `step`, `depth(CHANNEL)`, `cell NAME.field`, `stage[key].field`, numbers, texts, `true`, `false`
/// and `nil`, compared by `== != < <= > >=`, joined by `and`, `or`, `not` and parentheses.
package struct Expression: Equatable, Sendable {
    package enum Comparison: String, CaseIterable, Sendable {
        // The longer ones first: this is the order in which they are looked for.
        case equal = "=="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"

        var ordersOnly: Bool { self != .equal && self != .unequal }
    }

    /// A part of the expression and the characters before it in the command.
    package struct Node: Equatable, Sendable {
        let column: Int
        let form: Form
    }

    package indirect enum Form: Equatable, Sendable {
        case literal(ExpressionValue)
        case step
        case depth(channel: String)
        case state(StateReference)
        case not(Node)
        case and(Node, Node)
        case or(Node, Node)
        case compare(Node, Comparison, operatorColumn: Int, Node)
    }

    package let root: Node
    /// What was read, without space around it.
    package let text: String

    /// Reads an expression that takes the whole text.
    package init(_ text: String) throws(CommandError) {
        var text = try CommandText(text)
        self = try Self.parse(&text)
        try text.expectEnd()
    }

    /// Reads a condition up to where it cannot go on.
    static func parse(_ text: inout CommandText) throws(CommandError) -> Expression {
        try parse(&text, asCondition: true)
    }

    /// Reads an expression that can come to anything.
    static func value(_ text: inout CommandText) throws(CommandError) -> Expression {
        try parse(&text, asCondition: false)
    }

    private static func parse(_ text: inout CommandText, asCondition: Bool) throws(CommandError)
        -> Expression
    {
        text.skipSpace()
        let start = text.place
        var parser = ExpressionParser(text: text)
        let root = try parser.parse(asCondition: asCondition)
        text = parser.text
        let read = String(text.characters[start..<text.place])
        var end = read.endIndex
        while end > read.startIndex, read[read.index(before: end)].isWhitespace {
            end = read.index(before: end)
        }
        return Expression(root: root, text: String(read[..<end]))
    }

    private init(root: Node, text: String) {
        self.root = root
        self.text = text
    }

    /// The states that it looks at, in the order of the text.
    package var states: [(reference: StateReference, column: Int)] {
        var found: [(StateReference, Int)] = []
        Self.visit(root) { node in
            if case .state(let reference) = node.form { found.append((reference, node.column)) }
        }
        return found
    }

    /// The channels whose depth it looks at, in the order of the text.
    package var channels: [(name: String, column: Int)] {
        var found: [(String, Int)] = []
        Self.visit(root) { node in
            if case .depth(let channel) = node.form { found.append((channel, node.column)) }
        }
        return found
    }

    private static func visit(_ node: Node, _ body: (Node) -> Void) {
        body(node)
        switch node.form {
        case .literal, .step, .depth, .state: break
        case .not(let inner): visit(inner, body)
        case .and(let left, let right), .or(let left, let right),
            .compare(let left, _, _, let right):
            visit(left, body)
            visit(right, body)
        }
    }
}

/// A value that is state, and the way to a part of it.
package struct StateReference: Equatable, Sendable {
    package enum Base: Equatable, Sendable {
        case cell(String)
        /// `stage`, `stage.operator`, each with a key or without; without one, the last names can
        /// also be fields.
        case entry(stage: String, names: [String], key: String?)
    }

    package enum Part: Equatable, Sendable {
        case field(String, column: Int)
        /// A place in a list, or a key of a dictionary.
        case element(String, column: Int)

        var column: Int {
            switch self {
            case .field(_, let column), .element(_, let column): column
            }
        }

        var text: String {
            switch self {
            case .field(let name, _): ".\(name)"
            case .element(let index, _): "[\(index)]"
            }
        }
    }

    package var base: Base
    package var path: [Part]

    /// The names under which a session may know the state, with the way from there; the one that
    /// leaves the shortest way comes first.
    package var candidates: [(name: String, path: [Part])] {
        switch base {
        case .cell(let name): return [("cell \(name)", path)]
        case .entry(let stage, let names, let key?):
            return [(([stage] + names).joined(separator: ".") + "[\(key)]", path)]
        case .entry(let stage, let names, nil):
            return (0...names.count).reversed().map { count in
                let name = ([stage] + names.prefix(count)).joined(separator: ".")
                // Their columns are not kept: the whole reference is marked.
                let fields = names.dropFirst(count).map { Part.field($0, column: -1) }
                return ("\(name)[]", fields + path)
            }
        }
    }

    /// As it is written.
    package var text: String {
        let base =
            switch base {
            case .cell(let name): "cell \(name)"
            case .entry(let stage, let names, let key):
                ([stage] + names).joined(separator: ".") + (key.map { "[\($0)]" } ?? "")
            }
        return base + path.map(\.text).joined()
    }
}
