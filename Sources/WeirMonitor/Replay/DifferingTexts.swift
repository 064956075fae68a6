/// Two texts beside each other, each in few cells: what is the same at their beginnings is left out
/// where they would not fit otherwise, so that what differs is in sight.
enum DifferingTexts {
    /// How much of what is the same stays before the first difference: enough for a field's name.
    private static let context = 8

    /// The texts from shortly before their first difference on, with a sign for what was left out.
    /// Equal texts, and such as fit, stay as they are.
    static func cut(
        _ first: String, _ second: String, to cells: Int, ellipsis: Character
    ) -> (String, String) {
        guard first != second, max(first.count, second.count) > cells else {
            return (first, second)
        }
        let same = zip(first, second).prefix { $0 == $1 }.count
        // The beginning is as good where the difference lies in it.
        guard same > max(0, cells - context) / 2 else { return (first, second) }
        let start = wordStart(first, before: same)
        return (
            "\(ellipsis)" + first.dropFirst(start), "\(ellipsis)" + second.dropFirst(start)
        )
    }

    /// Where the word begins in which a text differs, not far before that.
    private static func wordStart(_ text: String, before index: Int) -> Int {
        let head = Array(text.prefix(index))
        let from = max(0, head.count - 2 * context)
        let space = head[from...].dropLast().lastIndex { $0 == " " || $0 == "(" || $0 == "[" }
        // A word before the value is its name: `left: 0`.
        guard let space, head[space] == " ", space > from, head[space - 1] == ":" else {
            return space.map { $0 + 1 } ?? max(0, head.count - context)
        }
        let name = head[from..<space].lastIndex { $0 == " " || $0 == "(" || $0 == "[" }
        return name.map { $0 + 1 } ?? space + 1
    }
}
