/// What a part of an expression comes to.
package enum ExpressionValue: Equatable, Sendable {
    case integer(Int128)
    case real(Double)
    case text(String)
    case flag(Bool)
    /// An empty optional, or a state that does not exist at this place.
    case nothing
    /// A value that has parts, or none that can be compared but by its text.
    case whole(description: String, type: String)

    package enum Kind: Equatable, Sendable {
        case number, text, flag, nothing, whole

        /// With its article.
        package var described: String {
            switch self {
            case .number: "a number"
            case .text: "a text"
            case .flag: "true or false"
            case .nothing: "nil"
            case .whole: "a value with parts"
            }
        }
    }

    package var kind: Kind {
        switch self {
        case .integer, .real: .number
        case .text: .text
        case .flag: .flag
        case .nothing: .nothing
        case .whole: .whole
        }
    }

    /// What a value without parts is to an expression; nil for all others.
    static func simple(_ value: Any) -> ExpressionValue? {
        switch value {
        case let flag as Bool: .flag(flag)
        case let text as String: .text(text)
        case let text as Substring: .text(String(text))
        case let character as Character: .text(String(character))
        case let integer as any BinaryInteger: .integer(Int128(clamping: integer))
        case let real as any BinaryFloatingPoint: .real(Double(real))
        default: nil
        }
    }

    /// What any value of a program is to an expression; optionals are looked through.
    package init(_ value: Any) {
        if Mirror(reflecting: value).displayStyle == .optional {
            self = FieldPath.unwrapped(value).map { ExpressionValue($0) } ?? .nothing
        } else if let simple = Self.simple(value) {
            self = simple
        } else {
            let type = "\(Mirror(reflecting: value).subjectType)"
            self = .whole(description: ReflectedValue.raw(value), type: type)
        }
    }

    /// Whether a comparison holds; nil when the two have nothing in common to compare by.
    func compared(_ comparison: Expression.Comparison, to other: ExpressionValue) -> Bool? {
        switch (self, other) {
        case (.nothing, .nothing): return comparison.holds(true)
        case (.nothing, _), (_, .nothing):
            // What is not there is smaller and greater than nothing.
            return comparison == .unequal
        case (.integer(let left), .integer(let right)): return comparison.holds(left, right)
        case (.real(let left), .real(let right)): return comparison.holds(left, right)
        case (.integer(let left), .real(let right)): return comparison.holds(Double(left), right)
        case (.real(let left), .integer(let right)): return comparison.holds(left, Double(right))
        case (.text(let left), .text(let right)): return comparison.holds(left, right)
        case (.flag(let left), .flag(let right)): return comparison.holds(left == right)
        case (.whole(let left, _), .whole(let right, _)), (.whole(let left, _), .text(let right)),
            (.text(let left), .whole(let right, _)):
            // Cases of enumerations and points in time are written as their text.
            return comparison.holds(left == right)
        case (.integer, _), (.real, _), (.text, _), (.flag, _), (.whole, _): return nil
        }
    }
}

extension Expression.Comparison {
    fileprivate func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .unequal: left != right
        case .less: left < right
        case .atMost: left <= right
        case .greater: left > right
        case .atLeast: left >= right
        }
    }

    /// Nil where only equality is known and an order is asked for.
    fileprivate func holds(_ isEqual: Bool) -> Bool? {
        switch self {
        case .equal: isEqual
        case .unequal: !isEqual
        case .less, .atMost, .greater, .atLeast: nil
        }
    }
}
