import WeirBase

/// The way from a value to one of its parts, by reflection.
enum FieldPath {
    /// A value behind its optionals; nil when one of them is empty.
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
    static func follow(_ path: [StateReference.Part], from value: Any) throws(CommandError) -> Any?
    {
        var value = value
        for part in path {
            guard let inner = unwrapped(value) else { return nil }
            guard let next = try step(part, from: inner) else { return nil }
            value = next
        }
        return value
    }

    private static func step(_ part: StateReference.Part, from value: Any) throws(CommandError)
        -> Any?
    {
        let mirror = Mirror(reflecting: value)
        switch part {
        case .element(let index, let column): return try element(index, of: mirror, column)
        case .field(let name, let column):
            var level: Mirror? = mirror
            while let current = level {
                for child in current.children where label(child.label) == name {
                    return child.value
                }
                level = current.superclassMirror
            }
            let isList = [.collection, .set, .dictionary].contains(mirror.displayStyle)
            if isList, name == "count" { return mirror.children.count }
            throw noField(name, of: mirror, column)
        }
    }

    private static func element(_ index: String, of mirror: Mirror, _ column: Int)
        throws(CommandError) -> Any?
    {
        switch mirror.displayStyle {
        case .collection, .set:
            guard let place = Int(index), place >= 0 else {
                throw CommandError(
                    "\(mirror.subjectType) has places and no keys", "Write a number from 0",
                    at: column)
            }
            return mirror.children.dropFirst(place).first?.value
        case .dictionary:
            for child in mirror.children {
                let pair = Array(Mirror(reflecting: child.value).children)
                if pair.count == 2, "\(pair[0].value)" == index { return pair[1].value }
            }
            return nil
        default:
            throw CommandError("\(mirror.subjectType) has no places or keys", at: column)
        }
    }

    private static func noField(_ name: String, of mirror: Mirror, _ column: Int) -> CommandError {
        let names = mirror.children.prefix(40).compactMap { label($0.label) }
        let type = PrintableText.escaped("\(mirror.subjectType)", limit: 60)
        let some = names.prefix(12).joined(separator: ", ")
        return CommandError(
            "\(type) has no field \(PrintableText.escaped(name))",
            names.isEmpty
                ? "It has no fields" : Nearest.advice(name, among: names, or: "It has \(some) …"),
            at: column >= 0 ? column : nil)
    }

    /// A field's name; those of tuples are written with a dot by reflection.
    private static func label(_ label: String?) -> String? {
        guard let label else { return nil }
        return label.hasPrefix(".") ? String(label.dropFirst()) : label
    }
}
