import Weir

/// One line of a log, or several that could not be read, on the way to being counted. It holds
/// nothing of the line's text but what it is counted by.
struct LogLine: Codable, Equatable, Sendable {
    /// Level, a tab, component: one text, so that it is hashed once and compared once.
    var key: String
    /// How many lines it stands for.
    var count: Int

    /// Lines that could not be read count under this.
    static let unparsed = LogLine(level: "unparsed", component: "?", count: 1)
    /// One that was given up over its cost, until it is counted as `unparsed` too.
    static let tooCostly = LogLine(level: "unparsed", component: "too costly", count: 1)

    init(level: String, component: String, count: Int = 1) {
        key = Self.key(level: level, component: component)
        self.count = count
    }

    /// Makes an element of each line that was read, by what rows are told apart by.
    static func make(_ key: LogSettings.Key) -> @Sendable (LoggedLine) -> LogLine {
        switch key {
        case .component, .field: { LogLine(level: $0.level, component: $0.component) }
        case .level: { LogLine(level: $0.level, component: "") }
        }
    }

    /// Level, a tab, component. A level is a word: a tab in one, which no form of line has, becomes
    /// a blank.
    static func key(level: String, component: String) -> String {
        var key = level.utf8.contains(0x09) ? String(level.map { $0 == "\t" ? " " : $0 }) : level
        key.append("\t")
        key.append(component)
        return key
    }

    /// The two halves of a key.
    static func parts(of key: String) -> (level: Substring, component: Substring) {
        guard let tab = key.utf8.firstIndex(of: 0x09) else { return (key[...], "") }
        return (key[..<tab], key[key.utf8.index(after: tab)...])
    }
}

/// Lines that came after their window was written. With a count of 0 it is the key that such lines
/// are counted by: the window and what they are counted under.
struct LateLine: Codable, Hashable, Sendable {
    /// Where the window begins that it belongs to.
    var start: Instant
    var key: String
    var count: Int
}

/// A row of the counts: how many lines of a level and component a window has. `isLate` says that
/// they came after the window's own row was written, and are to be added to it.
struct CountRow: Codable, Equatable, Sendable {
    var start: Instant
    var end: Instant
    var key: String
    var count: Int
    var isLate: Bool

    /// One JSON object, keys in the order that the contract names.
    var json: String {
        var text = JSONText()
        let (level, component) = LogLine.parts(of: key)
        text.beginObject()
        text.member("window_start", start.shortestRFC3339())
        text.member("window_end", end.shortestRFC3339())
        text.member("level", String(level))
        // Absent when lines are counted by their level alone.
        if !component.isEmpty { text.member("component", String(component)) }
        text.member("count", count)
        if isLate { text.member("late", true) }
        text.endObject()
        return text.string
    }
}
