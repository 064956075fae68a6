import WeirBase

/// The way from a value to one of its parts, by reflection.
///
/// The names are those of the user's own properties, private ones as well. Computed
/// properties have no reflection and cannot be named.
enum FieldPath {
    /// A value without the optionals around it; nil when one of them is empty.
    static func unwrapped(_ value: Any) -> Any? {
        var value = value
        while true {
            let mirror = Mirror(reflecting: value)
            guard mirror.displayStyle == .optional else { return value }
            guard let inner = mirror.children.first?.value else { return nil }
            value = inner
        }
    }

    /// Follows `path`; nil where an optional on the way is empty or a list is shorter.
    ///
    /// - Throws: `CommandError` where a value has no such field or no elements at all.
    static func follow(_ path: [StateReference.Part], from value: Any) throws(CommandError) -> Any?
    {
        var value = value
        for part in path {
            // An optional is looked through at each step of the way, as `?.` does.
            guard let inner = unwrapped(value) else { return nil }
            guard let next = try step(part, from: inner) else { return nil }
            value = next
        }
        return value
    }

    /// One step of the way. The fields of a class include those of its superclasses.
    private static func step(_ part: StateReference.Part, from value: Any) throws(CommandError)
        -> Any?
    {
        let mirror = Mirror(reflecting: value)
        switch part {
        case .element(let index, let column): return try element(index, of: mirror, column)
        case .field(let name, let column):
            var level: Mirror? = mirror
            // Superclasses last: a field of the class itself comes first.
            while let current = level {
                for child in current.children where label(child.label) == name {
                    return child.value
                }
                level = current.superclassMirror
            }
            let isList = [.collection, .set, .dictionary].contains(mirror.displayStyle)
            // The one property of lists that everybody asks for, although it is computed.
            if isList, name == "count" { return mirror.children.count }
            throw noField(name, of: mirror, column)
        }
    }

    /// An element by its index, or an entry by the text of its key.
    private static func element(_ index: String, of mirror: Mirror, _ column: Int)
        throws(CommandError) -> Any?
    {
        switch mirror.displayStyle {
        case .collection, .set:
            // Lists and sets have indexes. A set has them in its own order, which is nobody's
            // choice.
            guard let number = Int(index), number >= 0 else {
                throw CommandError(
                    "\(mirror.subjectType) has places and no keys", "Write a number from 0",
                    at: column)
            }
            return mirror.children.dropFirst(number).first?.value
        // An entry is found by going through all of them, as the key's own type is not known.
        case .dictionary:
            for child in mirror.children {
                let pair = Array(Mirror(reflecting: child.value).children)
                // Keys are compared by their texts, as nothing else of them is typed.
                if pair.count == 2, "\(pair[0].value)" == index { return pair[1].value }
            }
            return nil
        default:
            throw CommandError("\(mirror.subjectType) has no places or keys", at: column)
        }
    }

    /// The error for a field that a type does not have, with what was probably meant.
    private static func noField(_ name: String, of mirror: Mirror, _ column: Int) -> CommandError {
        // Names that one could have meant; a type with more fields is not listed to its end.
        let names = mirror.children.prefix(DebuggerBounds.maximumLookedFields).compactMap {
            label($0.label)
        }
        let type = ShownText.name("\(mirror.subjectType)")
        let some = names.prefix(DebuggerBounds.maximumNamedFields).joined(separator: ", ")
        return CommandError(
            "\(type) has no field \(PrintableText.escaped(name))",
            names.isEmpty
                ? "It has no fields" : Nearest.advice(name, among: names, or: "It has \(some) …"),
            at: column >= 0 ? column : nil)
    }

    /// A field's name. Reflection writes those of tuples with a dot.
    private static func label(_ label: String?) -> String? {
        guard let label else { return nil }
        return label.hasPrefix(".") ? String(label.dropFirst()) : label
    }
}
