import WeirBase

/// A condition on a position of a run, as `assert` and `break … when` take it, or a value.
///
/// Its parts are `step`, `depth(CHANNEL)`, `cell NAME.field`, `stage[key].field`, numbers,
/// texts, `true`, `false` and `nil`. They are compared by `== != < <= > >=`, and comparisons
/// are joined by `and`, `or`, `not` and parentheses. There is no arithmetic: whoever needs it
/// writes an invariant.
///
/// `ExpressionParser` reads one, without a run; `holds(in:)` evaluates it where a run is.
package struct Expression: Equatable, Sendable {
    /// How two parts are compared. A parser tries them in this order, so the longer ones come
    /// first.
    package enum Comparison: String, CaseIterable, Sendable {
        case equal = "=="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"

        /// Whether it needs an order, which flags and values with parts do not have.
        var ordersOnly: Bool { self != .equal && self != .unequal }
    }

    /// A part of the expression, with the number of characters before it in the command.
    package struct Node: Equatable, Sendable {
        let column: Int
        let form: Form
    }

    /// What a part is.
    package indirect enum Form: Equatable, Sendable {
        /// A number, a text, a truth value or nil, as it was typed.
        case literal(ExpressionValue)
        /// The step at which the expression is evaluated.
        case step
        /// How many messages wait in a channel, or between two stages.
        case depth(channel: String)
        /// A piece of state, or a part of one.
        case state(StateReference)
        /// The opposite of what is within.
        case not(Node)
        /// Whether both hold; the right one is looked at only if the left one does.
        case and(Node, Node)
        /// Whether either holds; the right one is looked at only if the left one does not.
        case or(Node, Node)
        /// The column of the operator is for errors about what it compares.
        case compare(Node, Comparison, operatorColumn: Int, Node)
    }

    /// The outermost part.
    package let root: Node
    /// What was read, without the spaces around it.
    package let text: String

    /// Reads an expression that takes the whole text.
    package init(_ text: String) throws(CommandError) {
        var text = try CommandText(text)
        self = try Self.parse(&text)
        try text.expectEnd()
    }

    /// Reads a condition up to where it cannot go on. What cannot be true or false is
    /// refused.
    static func parse(_ text: inout CommandText) throws(CommandError) -> Expression {
        try parse(&text, asCondition: true)
    }

    /// Reads an expression that can come to anything, up to where it cannot go on.
    static func value(_ text: inout CommandText) throws(CommandError) -> Expression {
        try parse(&text, asCondition: false)
    }

    /// Reads an expression, and keeps its text as it was typed.
    private static func parse(_ text: inout CommandText, asCondition: Bool) throws(CommandError)
        -> Expression
    {
        text.skipSpace()
        let start = text.position
        var parser = ExpressionParser(text: text)
        let root = try parser.parse(asCondition: asCondition)
        text = parser.text
        let read = String(text.characters[start..<text.position])
        // The parser may have passed over spaces in search of a further word.
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

    /// The states that it looks at, in the order of the text, each with its column.
    package var states: [(reference: StateReference, column: Int)] {
        var found: [(StateReference, Int)] = []
        Self.visit(root) { node in
            if case .state(let reference) = node.form { found.append((reference, node.column)) }
        }
        return found
    }

    /// The channels whose depth it looks at, in the order of the text, each with its column.
    package var channels: [(name: String, column: Int)] {
        var found: [(String, Int)] = []
        Self.visit(root) { node in
            if case .depth(let channel) = node.form { found.append((channel, node.column)) }
        }
        return found
    }

    /// Calls `body` with a part and everything within it, from left to right.
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

/// A piece of state as it is typed: whose it is, and the way to a part of it.
///
/// What the names mean is known only in a run, and only at a step: `orders.total` may be the
/// state of the operator `total`, or the field `total` of a state. `candidates` gives what it
/// could mean.
package struct StateReference: Equatable, Sendable {
    /// The cell, or the entry of an operator's state.
    package enum Base: Equatable, Sendable {
        /// A shared cell by its name.
        case cell(String)
        /// `stage` or `stage.operator`, each with a key or without. Without one, the last
        /// names can also be fields.
        case entry(stage: String, names: [String], key: String?)
    }

    /// One piece of the way from a value to a part of it.
    package enum Part: Equatable, Sendable {
        /// A property by its name, or a part of a tuple by its number.
        case field(String, column: Int)
        /// An index of a list, or a key of a dictionary.
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

    /// Whose state it is.
    package var base: Base
    /// The way from there, which was typed behind a cell's name or a key.
    package var path: [Part]

    /// The names under which a run may know the state, with the way that is left from there.
    ///
    /// The one that leaves the shortest way comes first, as an operator is meant sooner than
    /// a field.
    package var candidates: [(name: String, path: [Part])] {
        switch base {
        case .cell(let name): return [("cell \(name)", path)]
        case .entry(let stage, let names, let key?):
            return [(([stage] + names).joined(separator: ".") + "[\(key)]", path)]
        case .entry(let stage, let names, nil):
            // The longest name first: with all names as the operator's, then with fewer and
            // the rest as fields.
            return (0...names.count).reversed().map { count in
                let name = ([stage] + names.prefix(count)).joined(separator: ".")
                // Their columns are not kept: the whole reference is marked.
                let fields = names.dropFirst(count).map { Part.field($0, column: -1) }
                return ("\(name)[]", fields + path)
            }
        }
    }

    /// The reference as it is typed, without its columns.
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
