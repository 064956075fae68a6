/// What a part of an expression comes to, where a run is.
///
/// Values of a user's program become one of a few kinds, so that a language of six
/// comparisons can deal with all of them.
package enum ExpressionValue: Equatable, Sendable {
    /// A whole number of any type; it is compared without loss.
    case integer(Int128)
    /// Any other number, as a `Double`.
    case real(Double)
    /// A text; a single character is one, too.
    case text(String)
    /// True or false.
    case flag(Bool)
    /// An empty optional, or a state that does not exist at this position.
    case nothing
    /// A value that has parts, or one that can be compared by its text only. `isCut` says that the
    /// value is too large for all of it to be in the text.
    case whole(description: String, type: String, isCut: Bool)

    /// What sort of value it is, for errors.
    package enum Kind: Equatable, Sendable {
        case number, text, flag, nothing, whole

        /// The kind in words, with its article.
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

    /// The kind. Whole numbers and others are of one kind and compare with each other.
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
        // Before numbers, as nothing else may be taken for a flag.
        case let flag as Bool: .flag(flag)
        case let text as String: .text(text)
        case let text as Substring: .text(String(text))
        case let character as Character: .text(String(character))
        case let integer as any BinaryInteger: .integer(Int128(clamping: integer))
        case let real as any BinaryFloatingPoint: .real(Double(real))
        // Everything that has parts, or that only its own type can compare.
        default: nil
        }
    }

    /// What any value of a program is to an expression. Optionals are looked through.
    package init(_ value: Any) {
        // An optional in an `Any` is not seen by a cast.
        if Mirror(reflecting: value).displayStyle == .optional {
            self = FieldPath.unwrapped(value).map { ExpressionValue($0) } ?? .nothing
        } else if let simple = Self.simple(value) {
            self = simple
        } else {
            // The type's name is for the error that says to name a field of it.
            let type = "\(Mirror(reflecting: value).subjectType)"
            let (text, isCut) = ReflectedValue.shown(value)
            self = .whole(description: text, type: type, isCut: isCut)
        }
    }

    /// Whether two values that look alike may differ all the same, in what was cut off.
    func mayDiffer(from other: ExpressionValue) -> Bool {
        guard case .whole(let left, _, let isLeftCut) = self,
            case .whole(let right, _, let isRightCut) = other
        else { return false }
        return left == right && (isLeftCut || isRightCut)
    }

    /// Whether a comparison holds; nil when the two have nothing in common to compare by.
    func compared(_ comparison: Expression.Comparison, to other: ExpressionValue) -> Bool? {
        switch (self, other) {
        case (.nothing, .nothing): return comparison.holds(true)
        case (.nothing, _), (_, .nothing):
            // What is not there differs from everything, and is neither smaller nor greater.
            return comparison == .unequal
        case (.integer(let left), .integer(let right)): return comparison.holds(left, right)
        case (.real(let left), .real(let right)): return comparison.holds(left, right)
        // A `Double` has 53 bits, so that very large whole numbers are compared by their
        // neighbours.
        case (.integer(let left), .real(let right)): return comparison.holds(Double(left), right)
        case (.real(let left), .integer(let right)): return comparison.holds(left, Double(right))
        case (.text(let left), .text(let right)): return comparison.holds(left, right)
        // Flags can be equal or not; for an order the answer is nil, and the caller says why.
        case (.flag(let left), .flag(let right)): return comparison.holds(left == right)
        // Cases of enumerations and points in time are written as their text, so they compare
        // as texts. They can be equal or not, and have no order here.
        case (.whole(let left, _, _), .whole(let right, _, _)),
            (.whole(let left, _, _), .text(let right)), (.text(let left), .whole(let right, _, _)):
            return comparison.holds(left == right)
        // Listed one by one, so that a new kind does not come here unnoticed.
        case (.integer, _), (.real, _), (.text, _), (.flag, _), (.whole, _): return nil
        }
    }
}

extension Expression.Comparison {
    /// Whether two values with an order compare so.
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

    /// Whether two values without an order compare so; nil where an order is asked for.
    fileprivate func holds(_ isEqual: Bool) -> Bool? {
        switch self {
        case .equal: isEqual
        case .unequal: !isEqual
        case .less, .atMost, .greater, .atLeast: nil
        }
    }
}
