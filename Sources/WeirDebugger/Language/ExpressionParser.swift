import WeirBase

/// Reads expressions by recursive descent: `or` binds least, then `and`, `not`, and
/// comparisons.
///
/// What can be refused without a run is refused here, so that a break is not set and then
/// fails.
struct ExpressionParser {
    /// Words that join expressions and so are no names.
    private static let reserved = ["and", "or", "not", "when"]

    var text: CommandText
    /// How deeply the reader is nested now.
    private var depth = 0

    init(text: CommandText) { self.text = text }

    /// Reads an expression. As a condition it must be able to come to true or false.
    mutating func parse(asCondition: Bool) throws(CommandError) -> Expression.Node {
        let node = try disjunction()
        if asCondition { try requireFlag(node) }
        return node
    }

    // MARK: Joining

    private mutating func disjunction() throws(CommandError) -> Expression.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= DebuggerBounds.maximumNesting else {
            throw CommandError("the expression is nested too deeply", at: text.position)
        }
        var left = try conjunction()
        while takeWord("or") || text.take("||") {
            let right = try conjunction()
            try requireFlag(left)
            try requireFlag(right)
            left = Expression.Node(column: left.column, form: .or(left, right))
        }
        return left
    }

    private mutating func conjunction() throws(CommandError) -> Expression.Node {
        var left = try negation()
        while takeWord("and") || text.take("&&") {
            let right = try negation()
            try requireFlag(left)
            try requireFlag(right)
            left = Expression.Node(column: left.column, form: .and(left, right))
        }
        return left
    }

    /// `not`, or `!`, of anything that can be true or false. `!` before `=` begins a
    /// comparison.
    private mutating func negation() throws(CommandError) -> Expression.Node {
        text.skipSpace()
        let column = text.position
        let isNegated = takeWord("not") || (text.character(after: 1) != "=" && text.take("!"))
        guard isNegated else { return try comparison() }
        depth += 1
        defer { depth -= 1 }
        guard depth <= DebuggerBounds.maximumNesting else {
            throw CommandError("the expression is nested too deeply", at: column)
        }
        let inner = try negation()
        try requireFlag(inner)
        return Expression.Node(column: column, form: .not(inner))
    }

    private mutating func comparison() throws(CommandError) -> Expression.Node {
        let left = try operand()
        guard let (comparison, column) = try takeComparison() else { return left }
        let right = try operand()
        // Two kinds that can never be compared are refused before there is a run.
        try check(left, comparison, column, right)
        if let (_, second) = try takeComparison() {
            throw CommandError(
                "comparisons do not follow each other", "Join two of them with 'and'", at: second)
        }
        return Expression.Node(
            column: left.column, form: .compare(left, comparison, operatorColumn: column, right))
    }

    private mutating func takeComparison() throws(CommandError) -> (Expression.Comparison, Int)? {
        text.skipSpace()
        let column = text.position
        for comparison in Expression.Comparison.allCases where text.take(comparison.rawValue) {
            return (comparison, column)
        }
        if text.next == "=" {
            throw CommandError("'=' does not compare", "Write ==", at: column)
        }
        return nil
    }

    // MARK: Operands

    private mutating func operand() throws(CommandError) -> Expression.Node {
        text.skipSpace()
        let column = text.position
        guard let next = text.next else {
            throw CommandError(
                "something to look at is missing here",
                "Write a number, a text, step, depth(CHANNEL), cell NAME or stage[key]", at: column)
        }
        if text.take("(") {
            let inner = try disjunction()
            text.skipSpace()
            guard text.take(")") else {
                throw CommandError("')' is missing here", at: text.position)
            }
            return Expression.Node(column: column, form: inner.form)
        }
        if next == "\"" || next == "'" {
            return Expression.Node(
                column: column, form: .literal(.text(try text.quoted(next))))
        }
        if next.isASCII, next.isNumber || next == "-" || next == "+" { return try number() }
        guard Self.beginsName(next) else {
            throw CommandError(
                "'\(PrintableText.escaped(String(next)))' means nothing here",
                "Write a number, a text, step, depth(CHANNEL), cell NAME or stage[key]", at: column)
        }
        return Expression.Node(column: column, form: try named())
    }

    /// Reads a number: whole if it can be, as a `Double` would lose digits. Only behind the `e`
    /// of an exponent a sign belongs to it.
    private mutating func number() throws(CommandError) -> Expression.Node {
        let column = text.position
        var digits = text.take("-") ? "-" : ""
        if digits.isEmpty { _ = text.take("+") }
        digits += takeDigits()
        if digits.last?.lowercased() == "e", let sign = text.next, sign == "-" || sign == "+" {
            text.advance()
            digits += "\(sign)\(takeDigits())"
        }
        if let whole = Int128(digits) {
            return Expression.Node(column: column, form: .literal(.integer(whole)))
        }
        guard let real = Double(digits), real.isFinite else {
            throw CommandError("this is no number", at: column)
        }
        return Expression.Node(column: column, form: .literal(.real(real)))
    }

    /// Takes what a number can hold beside signs, without the underscores that only help readers.
    private mutating func takeDigits() -> String {
        text.take {
            $0.isASCII && ($0.isNumber || $0 == "." || $0 == "_" || $0 == "e" || $0 == "E")
        }
        .filter { $0 != "_" }
    }

    /// Reads what begins with a name. Names in backquotes are a stage's, whatever they say.
    private mutating func named() throws(CommandError) -> Expression.Form {
        let column = text.position
        let isQuoted = text.next == "`"
        let name = try takeName()
        if !isQuoted {
            switch name {
            case "true": return .literal(.flag(true))
            case "false": return .literal(.flag(false))
            case "nil": return .literal(.nothing)
            case "step": return .step
            case "depth": return try channelDepth()
            case "cell":
                text.skipSpace()
                guard let next = text.next, Self.beginsName(next) || next == "\"" else {
                    throw CommandError("the name of a cell is missing here", at: text.position)
                }
                let cell = next == "\"" ? try text.quoted(next) : try takeName()
                return .state(StateReference(base: .cell(cell), path: try path()))
            case _ where Self.reserved.contains(name):
                throw CommandError("'\(name)' stands at the wrong place", at: column)
            default: break
            }
        }
        return .state(try entry(of: name))
    }

    private mutating func channelDepth() throws(CommandError) -> Expression.Form {
        text.skipSpace()
        guard text.take("(") else {
            throw CommandError(
                "'(' is missing here", "Write depth(parse>enrich)", at: text.position)
        }
        text.skipSpace()
        let column = text.position
        let isQuoted = text.next == "\""
        let channel = isQuoted ? try text.quoted("\"") : text.take { $0 != ")" && !$0.isWhitespace }
        text.skipSpace()
        guard text.take(")") else {
            throw CommandError(
                "')' is missing here", "Write depth(parse>enrich)", at: text.position)
        }
        guard !channel.isEmpty else {
            throw CommandError("the name of a channel is missing here", at: column)
        }
        return .depth(channel: channel)
    }

    private mutating func entry(of stage: String) throws(CommandError) -> StateReference {
        var names: [String] = []
        while text.next == ".", let after = text.character(after: 1), Self.beginsField(after) {
            text.advance()
            names.append(try takeName())
        }
        guard text.next == "[" else {
            return StateReference(base: .entry(stage: stage, names: names, key: nil), path: [])
        }
        let key = try bracketed()
        return StateReference(base: .entry(stage: stage, names: names, key: key), path: try path())
    }

    private mutating func path() throws(CommandError) -> [StateReference.Part] {
        var parts: [StateReference.Part] = []
        while true {
            let column = text.position
            if text.next == ".", let after = text.character(after: 1), Self.beginsField(after) {
                text.advance()
                parts.append(.field(try takeName(), column: column + 1))
            } else if text.next == "[" {
                parts.append(.element(try bracketed(), column: column))
            } else {
                return parts
            }
        }
    }

    /// Reads what is between brackets: as it is, or quoted where it holds a bracket itself.
    private mutating func bracketed() throws(CommandError) -> String {
        let column = text.position
        text.advance()
        var key = ""
        if let next = text.next, next == "\"" || next == "'" {
            key = try text.quoted(next)
        } else {
            key = text.take { $0 != "]" }
        }
        guard text.take("]") else {
            throw CommandError("']' is missing for what begins here", at: column)
        }
        return key
    }

    private mutating func takeName() throws(CommandError) -> String {
        if text.next == "`" { return try text.quoted("`") }
        return text.take { Self.beginsName($0) || $0.isNumber || $0 == "-" || $0 == "/" }
    }

    private mutating func takeWord(_ word: String) -> Bool {
        text.skipSpace()
        let start = text.position
        guard text.take(word) else { return false }
        if let next = text.next, Self.beginsName(next) || next.isNumber || "-/.[".contains(next) {
            text.rewind(to: start)
            return false
        }
        return true
    }

    static func beginsName(_ character: Character) -> Bool {
        character.isLetter || character == "_" || character == "`"
    }

    /// Fields of tuples are numbers.
    private static func beginsField(_ character: Character) -> Bool {
        beginsName(character) || character.isNumber
    }

    // MARK: Kinds that are known without a run

    /// What a part comes to, as far as that is known without a run; a state may be anything.
    private func kind(of node: Expression.Node) -> ExpressionValue.Kind? {
        switch node.form {
        case .literal(let value): value.kind
        case .step, .depth: .number
        case .state: nil
        case .not, .and, .or, .compare: .flag
        }
    }

    private func requireFlag(_ node: Expression.Node) throws(CommandError) {
        guard let kind = kind(of: node), kind != .flag else { return }
        throw CommandError(
            "this is \(kind.described), and true or false is wanted", "Compare it with something",
            at: node.column)
    }

    private func check(
        _ left: Expression.Node, _ comparison: Expression.Comparison, _ column: Int,
        _ right: Expression.Node
    ) throws(CommandError) {
        for node in [left, right] {
            if let kind = kind(of: node), kind == .flag, comparison.ordersOnly {
                throw CommandError(
                    "true and false have no order", "Compare them with == or !=", at: node.column)
            }
        }
        guard let one = kind(of: left), let other = kind(of: right), one != other,
            one != .nothing, other != .nothing
        else { return }
        throw CommandError(
            "\(one.described) is compared with \(other.described) here", at: column)
    }
}
