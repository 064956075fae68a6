import WeirBase

/// Any value of a user's program as text and as JSON, found by reflection and within bounds.
///
/// The debugger knows nothing of the types in a pipeline's state. What describes itself is
/// taken at its word; of everything else the fields are shown.
///
/// The entries of dictionaries and sets are written in the order of their texts. Their own
/// order is nobody's choice, and a value that came about in another way may have another one.
/// (Of more entries than the bound, their own order still decides which are written.)
enum ReflectedValue {
    /// The maximum number of characters of a value that are shown.
    static let longestText = 2_000
    /// A value within so many others is left out, which also ends a chain of objects that is
    /// a circle.
    private static let deepest = 8
    /// The maximum number of parts of one value that are looked at.
    private static let largest = 2_000

    // MARK: Text

    /// The value on one line, safe to show: `Budget(left: 3000, tours: 1)`.
    static func text(_ value: Any?, limit: Int = longestText) -> String {
        PrintableText.escaped(raw(value), limit: limit)
    }

    /// The same without escapes and without a limit of characters, for comparing. Bounded by
    /// parts.
    static func raw(_ value: Any?) -> String {
        var left = largest
        return raw(value, 0, &left)
    }

    /// The text of a value at a depth. `left` counts down over all parts of the whole value.
    private static func raw(_ value: Any?, _ depth: Int, _ left: inout Int) -> String {
        guard let value, let inner = FieldPath.unwrapped(value) else { return "nil" }
        // Counted before anything is looked at, so that a value of many empty parts is
        // bounded, too.
        left -= 1
        switch ExpressionValue.simple(inner) {
        case .text(let text)?: return "\"\(text)\""
        // Numbers and flags describe themselves; only text gets quotes.
        case .some: return "\(inner)"
        case nil: break
        }
        // Simple values are written even at the bound; only what has parts is left out.
        guard depth < deepest, left > 0 else { return "…" }
        let mirror = Mirror(reflecting: inner)
        switch mirror.displayStyle {
        case .collection: return "[\(parts(mirror, depth, &left).joined(separator: ", "))]"
        case .set: return "[\(parts(mirror, depth, &left).sorted().joined(separator: ", "))]"
        case .dictionary:
            var texts: [String] = []
            for pair in pairs(mirror, left) {
                texts.append("\(pair.key): \(raw(pair.value, depth + 1, &left))")
            }
            return texts.isEmpty ? "[:]" : "[\(texts.joined(separator: ", "))]"
        case .struct, .class, .tuple:
            // A type that says how it is written is believed, such as a point in time.
            if mirror.children.isEmpty || inner is any CustomStringConvertible { return "\(inner)" }
            let type = mirror.displayStyle == .tuple ? "" : "\(mirror.subjectType)"
            return "\(type)(\(parts(mirror, depth, &left).joined(separator: ", ")))"
        case .enum:
            // A case without a payload has no children and describes itself by its name.
            guard let child = mirror.children.first, !(inner is any CustomStringConvertible) else {
                return "\(inner)"
            }
            let payload = raw(child.value, depth + 1, &left)
            return (child.label ?? "") + (payload.hasPrefix("(") ? payload : "(\(payload))")
        default: return "\(inner)"
        }
    }

    /// The texts of a value's parts, with their labels where they have any. Reflection labels
    /// the parts of a tuple `.0`, `.1`, which says nothing.
    private static func parts(_ mirror: Mirror, _ depth: Int, _ left: inout Int) -> [String] {
        var texts: [String] = []
        for child in mirror.children {
            if left <= 0 {
                texts.append("…")
                break
            }
            let text = raw(child.value, depth + 1, &left)
            let label = child.label.flatMap { $0.hasPrefix(".") ? nil : $0 }
            texts.append(label.map { "\($0): \(text)" } ?? text)
        }
        return texts
    }

    /// The entries of a dictionary in the order of their keys' texts, at most `left` of them.
    private static func pairs(_ mirror: Mirror, _ left: Int) -> [(key: String, value: Any)] {
        mirror.children.prefix(max(0, left)).compactMap { child in
            // Reflection shows an entry as a tuple of key and value.
            let pair = Array(Mirror(reflecting: child.value).children)
            return pair.count == 2 ? (key: "\(pair[0].value)", value: pair[1].value) : nil
        }.sorted { $0.key < $1.key }
    }

    // MARK: JSON

    /// The value as JSON: structs as objects, lists as arrays, and what has no parts as its
    /// text. Beyond a depth and a number of parts an ellipsis stands for the rest.
    static func json(_ value: Any?) -> AnswerValue {
        var left = largest
        return json(value, 0, &left)
    }

    /// The value as JSON at a depth. `left` counts down over all parts of the whole value.
    private static func json(_ value: Any?, _ depth: Int, _ left: inout Int) -> AnswerValue {
        guard let value, let inner = FieldPath.unwrapped(value) else { return .nothing }
        left -= 1
        switch ExpressionValue.simple(inner) {
        case .integer(let integer)?: return .integer(integer)
        case .real(let real)?: return .real(real)
        case .text(let text)?: return .text(text)
        case .flag(let flag)?: return .flag(flag)
        case .nothing?, .whole?, nil: break
        }
        guard depth < deepest, left > 0 else { return .text("…") }
        let mirror = Mirror(reflecting: inner)
        switch mirror.displayStyle {
        case .collection: return .list(elements(mirror, depth, &left))
        // As texts, because only texts of any type can be put into an order.
        case .set: return .list(parts(mirror, depth, &left).sorted().map { .text($0) })
        case .dictionary:
            var members: [AnswerValue.Member] = []
            for pair in pairs(mirror, left) {
                members.append(
                    AnswerValue.Member(key: pair.key, value: json(pair.value, depth + 1, &left)))
            }
            return .object(members)
        case .struct, .class:
            // What describes itself, such as a point in time or a duration, is its own text.
            if mirror.children.isEmpty || inner is any CustomStringConvertible {
                return .text("\(inner)")
            }
            return .object(fields(mirror, depth, &left))
        // A tuple describes itself in no useful way.
        case .tuple: return .object(fields(mirror, depth, &left))
        default: return .text(raw(inner, depth, &left))
        }
    }

    /// The elements of a list.
    private static func elements(_ mirror: Mirror, _ depth: Int, _ left: inout Int) -> [AnswerValue]
    {
        var values: [AnswerValue] = []
        for child in mirror.children {
            if left <= 0 { break }
            values.append(json(child.value, depth + 1, &left))
        }
        return values
    }

    /// The fields of a struct, or the parts of a tuple under their numbers.
    private static func fields(
        _ mirror: Mirror, _ depth: Int, _ left: inout Int
    ) -> [AnswerValue.Member] {
        var members: [AnswerValue.Member] = []
        for (place, child) in mirror.children.enumerated() {
            if left <= 0 { break }
            // The parts of a tuple are labelled `.0`, `.1`.
            let label = child.label.map { $0.hasPrefix(".") ? String($0.dropFirst()) : $0 }
            members.append(
                AnswerValue.Member(
                    key: label ?? "\(place)", value: json(child.value, depth + 1, &left)))
        }
        return members
    }
}
