import WeirBase

/// Any value of a user's program as text and as JSON, found by reflection and within bounds.
///
/// The debugger knows nothing of the types in a pipeline's state. What describes itself is
/// taken at its word; of everything else the fields are shown.
///
/// The entries of dictionaries and sets are put into the order of their texts before anything is
/// left out. Their own order is nobody's choice, and a value that came about in another way may
/// have another one; it must not decide what is written, as texts are also compared.
enum ReflectedValue {
    /// How much of a value may still be written.
    private struct Room {
        /// How many parts; it counts down over all parts of the whole value.
        var parts: Int
        /// Whether anything was left out.
        private(set) var isCut = false

        init(parts: Int) { self.parts = parts }

        /// Notes that something is left out, and gives what stands for it.
        mutating func cut() -> String {
            isCut = true
            return "…"
        }
    }

    // MARK: Text

    /// The value on one line, safe to show: `Budget(left: 3000, tours: 1)`.
    static func text(_ value: Any?, limit: Int = DebuggerBounds.maximumValueText) -> String {
        PrintableText.escaped(raw(value), limit: limit)
    }

    /// The same without escapes and without a limit of characters. Bounded by parts.
    static func raw(_ value: Any?) -> String { shown(value).text }

    /// The same, and whether some of the value found no room.
    static func shown(_ value: Any?) -> (text: String, isCut: Bool) {
        var room = Room(parts: DebuggerBounds.maximumShownParts)
        let text = raw(value, 0, &room)
        return (text, room.isCut)
    }

    /// The value as text by which a change is noticed, and whether all of the value is in it: what
    /// is not in it may change unnoticed.
    static func compared(_ value: Any?) -> (text: String, isWhole: Bool) {
        var room = Room(parts: DebuggerBounds.maximumComparedParts)
        let text = raw(value, 0, &room)
        return (text, !room.isCut)
    }

    /// The text of a value at a depth.
    private static func raw(_ value: Any?, _ depth: Int, _ room: inout Room) -> String {
        guard let value, let inner = FieldPath.unwrapped(value) else { return "nil" }
        // Counted before anything is looked at, so that a value of many empty parts is
        // bounded, too.
        room.parts -= 1
        switch ExpressionValue.simple(inner) {
        case .text(let text)?: return "\"\(text)\""
        // Numbers and flags describe themselves; only text gets quotes.
        case .some: return "\(inner)"
        case nil: break
        }
        // Simple values are written even at the bound; only what has parts is left out.
        guard depth < DebuggerBounds.maximumValueDepth, room.parts > 0 else { return room.cut() }
        let mirror = Mirror(reflecting: inner)
        switch mirror.displayStyle {
        case .collection: return "[\(parts(mirror, depth, &room).joined(separator: ", "))]"
        case .set: return "[\(members(mirror, depth, &room).joined(separator: ", "))]"
        case .dictionary:
            guard let pairs = pairs(mirror, depth) else { return tooMany(mirror, &room) }
            var texts: [String] = []
            for pair in pairs {
                if room.parts <= 0 {
                    texts.append(room.cut())
                    break
                }
                texts.append("\(pair.key): \(raw(pair.value, depth + 1, &room))")
            }
            return texts.isEmpty ? "[:]" : "[\(texts.joined(separator: ", "))]"
        case .struct, .class, .tuple:
            // A type that says how it is written is believed, such as a point in time.
            if mirror.children.isEmpty || inner is any CustomStringConvertible { return "\(inner)" }
            let type = mirror.displayStyle == .tuple ? "" : "\(mirror.subjectType)"
            return "\(type)(\(parts(mirror, depth, &room).joined(separator: ", ")))"
        case .enum:
            // A case without a payload has no children and describes itself by its name.
            guard let child = mirror.children.first, !(inner is any CustomStringConvertible) else {
                return "\(inner)"
            }
            let payload = raw(child.value, depth + 1, &room)
            return (child.label ?? "") + (payload.hasPrefix("(") ? payload : "(\(payload))")
        default: return "\(inner)"
        }
    }

    /// The texts of a value's parts, with their labels where they have any. Reflection labels
    /// the parts of a tuple `.0`, `.1`, which says nothing.
    private static func parts(_ mirror: Mirror, _ depth: Int, _ room: inout Room) -> [String] {
        var texts: [String] = []
        for child in mirror.children {
            if room.parts <= 0 {
                texts.append(room.cut())
                break
            }
            let text = raw(child.value, depth + 1, &room)
            let label = child.label.flatMap { $0.hasPrefix(".") ? nil : $0 }
            texts.append(label.map { "\($0): \(text)" } ?? text)
        }
        return texts
    }

    /// The texts of a set's members in their own order, as many as may still be shown.
    private static func members(_ mirror: Mirror, _ depth: Int, _ room: inout Room) -> [String] {
        guard mirror.children.count <= DebuggerBounds.maximumOrderedEntries else {
            return [tooMany(mirror, &room)]
        }
        let all = mirror.children.map { ordering($0.value, depth) }.sorted { $0.text < $1.text }
        var texts: [String] = []
        for member in all {
            if room.parts <= 0 {
                texts.append(room.cut())
                break
            }
            texts.append(member.text)
            room.parts -= member.parts
        }
        return texts
    }

    /// The entries of a dictionary in the order of their keys' texts; nil where there are too many
    /// to be put into an order.
    private static func pairs(_ mirror: Mirror, _ depth: Int) -> [(key: String, value: Any)]? {
        guard mirror.children.count <= DebuggerBounds.maximumOrderedEntries else { return nil }
        return mirror.children.compactMap { child in
            // Reflection shows an entry as a tuple of key and value.
            let pair = Array(Mirror(reflecting: child.value).children)
            return pair.count == 2 ? (key: key(pair[0].value, depth), value: pair[1].value) : nil
        }.sorted { $0.key < $1.key }
    }

    /// The text of a dictionary's key. A text stands without its quotes.
    private static func key(_ value: Any, _ depth: Int) -> String {
        if case .text(let text)? = ExpressionValue.simple(value) { return text }
        return ordering(value, depth).text
    }

    /// The text of a member or a key by which it is put into order, and how many parts it has. It
    /// has a bound of its own, so that it is the same whatever stands before it.
    private static func ordering(_ value: Any, _ depth: Int) -> (text: String, parts: Int) {
        var room = Room(parts: DebuggerBounds.maximumShownParts)
        let text = raw(value, depth + 1, &room)
        return (text, DebuggerBounds.maximumShownParts - room.parts)
    }

    /// What stands for the entries of a dictionary or a set that are too many to be put into an
    /// order.
    private static func tooMany(_ mirror: Mirror, _ room: inout Room) -> String {
        "\(room.cut()) \(mirror.children.count) entries"
    }

    // MARK: JSON

    /// The value as JSON: structs as objects, lists as arrays, and what has no parts as its
    /// text. Beyond a depth and a number of parts an ellipsis stands for the rest.
    static func json(_ value: Any?) -> AnswerValue {
        var room = Room(parts: DebuggerBounds.maximumShownParts)
        return json(value, 0, &room)
    }

    /// The value as JSON at a depth.
    private static func json(_ value: Any?, _ depth: Int, _ room: inout Room) -> AnswerValue {
        guard let value, let inner = FieldPath.unwrapped(value) else { return .nothing }
        room.parts -= 1
        switch ExpressionValue.simple(inner) {
        case .integer(let integer)?: return .integer(integer)
        case .real(let real)?: return .real(real)
        case .text(let text)?: return .text(text)
        case .flag(let flag)?: return .flag(flag)
        case .nothing?, .whole?, nil: break
        }
        guard depth < DebuggerBounds.maximumValueDepth, room.parts > 0 else {
            return .text(room.cut())
        }
        let mirror = Mirror(reflecting: inner)
        switch mirror.displayStyle {
        case .collection: return .list(elements(mirror, depth, &room))
        // As texts, because only texts of any type can be put into an order.
        case .set: return .list(members(mirror, depth, &room).map { .text($0) })
        case .dictionary:
            guard let pairs = pairs(mirror, depth) else { return .text(tooMany(mirror, &room)) }
            var members: [AnswerValue.Member] = []
            for pair in pairs {
                if room.parts <= 0 { break }
                members.append(
                    AnswerValue.Member(key: pair.key, value: json(pair.value, depth + 1, &room)))
            }
            return .object(members)
        case .struct, .class:
            // What describes itself, such as a point in time or a duration, is its own text.
            if mirror.children.isEmpty || inner is any CustomStringConvertible {
                return .text("\(inner)")
            }
            return .object(fields(mirror, depth, &room))
        // A tuple describes itself in no useful way.
        case .tuple: return .object(fields(mirror, depth, &room))
        default: return .text(raw(inner, depth, &room))
        }
    }

    /// The elements of a list.
    private static func elements(
        _ mirror: Mirror, _ depth: Int, _ room: inout Room
    ) -> [AnswerValue] {
        var values: [AnswerValue] = []
        for child in mirror.children {
            if room.parts <= 0 { break }
            values.append(json(child.value, depth + 1, &room))
        }
        return values
    }

    /// The fields of a struct, or the parts of a tuple under their numbers.
    private static func fields(
        _ mirror: Mirror, _ depth: Int, _ room: inout Room
    ) -> [AnswerValue.Member] {
        var members: [AnswerValue.Member] = []
        for (index, child) in mirror.children.enumerated() {
            if room.parts <= 0 { break }
            // The parts of a tuple are labelled `.0`, `.1`.
            let label = child.label.map { $0.hasPrefix(".") ? String($0.dropFirst()) : $0 }
            members.append(
                AnswerValue.Member(
                    key: label ?? "\(index)", value: json(child.value, depth + 1, &room)))
        }
        return members
    }
}
