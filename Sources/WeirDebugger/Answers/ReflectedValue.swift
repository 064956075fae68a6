import WeirBase

/// Any value of a program as text and as JSON, within bounds.
///
/// Dictionaries and sets are written in the order of their keys' texts: their own order is no
/// one's choice, and a value that was copied on another way can have another.
enum ReflectedValue {
    /// Characters of a value that are shown.
    static let longestText = 2_000
    private static let deepest = 8
    private static let largest = 2_000

    // MARK: Text

    /// The value on one line, safe to show: `Budget(left: 3000, tours: 1)`.
    static func text(_ value: Any?, limit: Int = longestText) -> String {
        PrintableText.escaped(raw(value), limit: limit)
    }

    /// The same without escapes and limit, for comparing.
    static func raw(_ value: Any?) -> String {
        var left = largest
        return raw(value, 0, &left)
    }

    private static func raw(_ value: Any?, _ depth: Int, _ left: inout Int) -> String {
        guard let value, let inner = FieldPath.unwrapped(value) else { return "nil" }
        left -= 1
        switch ExpressionValue.simple(inner) {
        case .text(let text)?: return "\"\(text)\""
        case .some: return "\(inner)"
        case nil: break
        }
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
            if mirror.children.isEmpty || inner is any CustomStringConvertible { return "\(inner)" }
            let type = mirror.displayStyle == .tuple ? "" : "\(mirror.subjectType)"
            return "\(type)(\(parts(mirror, depth, &left).joined(separator: ", ")))"
        case .enum:
            guard let child = mirror.children.first, !(inner is any CustomStringConvertible) else {
                return "\(inner)"
            }
            let payload = raw(child.value, depth + 1, &left)
            return (child.label ?? "") + (payload.hasPrefix("(") ? payload : "(\(payload))")
        default: return "\(inner)"
        }
    }

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

    private static func pairs(_ mirror: Mirror, _ left: Int) -> [(key: String, value: Any)] {
        mirror.children.prefix(max(0, left)).compactMap { child in
            let pair = Array(Mirror(reflecting: child.value).children)
            return pair.count == 2 ? (key: "\(pair[0].value)", value: pair[1].value) : nil
        }.sorted { $0.key < $1.key }
    }

    // MARK: JSON

    /// The value with its parts: structs as objects, lists as arrays, what has no parts by its
    /// text. Beyond a depth and a number of parts, text stands for the rest.
    static func json(_ value: Any?) -> AnswerValue {
        var left = largest
        return json(value, 0, &left)
    }

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
        case .set: return .list(parts(mirror, depth, &left).sorted().map { .text($0) })
        case .dictionary:
            var members: [AnswerValue.Member] = []
            for pair in pairs(mirror, left) {
                members.append(
                    AnswerValue.Member(key: pair.key, value: json(pair.value, depth + 1, &left)))
            }
            return .object(members)
        case .struct, .class:
            // A point in time, a duration: what describes itself is its own text.
            if mirror.children.isEmpty || inner is any CustomStringConvertible {
                return .text("\(inner)")
            }
            return .object(fields(mirror, depth, &left))
        case .tuple: return .object(fields(mirror, depth, &left))
        default: return .text(raw(inner, depth, &left))
        }
    }

    private static func elements(_ mirror: Mirror, _ depth: Int, _ left: inout Int) -> [AnswerValue]
    {
        var values: [AnswerValue] = []
        for child in mirror.children {
            if left <= 0 { break }
            values.append(json(child.value, depth + 1, &left))
        }
        return values
    }

    private static func fields(
        _ mirror: Mirror, _ depth: Int, _ left: inout Int
    ) -> [AnswerValue.Member] {
        var members: [AnswerValue.Member] = []
        for (place, child) in mirror.children.enumerated() {
            if left <= 0 { break }
            let label = child.label.map { $0.hasPrefix(".") ? String($0.dropFirst()) : $0 }
            members.append(
                AnswerValue.Member(
                    key: label ?? "\(place)", value: json(child.value, depth + 1, &left)))
        }
        return members
    }
}
