import Synchronization
import Weir

/// Reads lines by a regular expression of the user's with the groups `time`, `level` and
/// `component`.
///
/// The expression is searched for in the line, so that it need not cover it. A time is RFC 3339,
/// `yyyy-MM-dd HH:mm:ss` with any fraction, or seconds or milliseconds since 1970; without a zone
/// it is UTC. A group that took no part in the match gives level `info`, component `-`; without a
/// time the line is not parsed. Only the first 64 KiB of a line are searched.
final class RegexFormat: Sendable {
    /// Why an expression cannot be used, as a sentence.
    struct Invalid: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    static let searchedBytes = 65_536
    static let groups = ["time", "level", "component"]

    /// A compiled expression. Unchecked: `Regex` does not promise to be used by several threads
    /// at once, so each match takes one off the list and is its only user until it is put back.
    private struct Compiled: @unchecked Sendable {
        let regex: Regex<AnyRegexOutput>
    }

    private let pattern: String
    private let component: String
    private let idle: Mutex<[Compiled]>

    /// An expression whose group `component` gives the component.
    ///
    /// - Throws: `Invalid` when the pattern is no expression or lacks one of the three groups, or
    ///   the one that gives the component.
    init(_ pattern: String, component: String = "component") throws {
        let compiled = try Self.compile(pattern)
        self.component = component
        let wanted = Self.groups.contains(component) ? Self.groups : Self.groups + [component]
        let missing = wanted.filter { !compiled.regex.contains(captureNamed: $0) }
        guard missing.isEmpty else {
            let names = missing.map { "(?<\($0)>…)" }.joined(separator: " and ")
            throw Invalid(
                description: "the expression lacks the group \(names). It needs the groups "
                    + wanted.dropLast().joined(separator: ", ")
                    + " and \(wanted[wanted.count - 1])")
        }
        self.pattern = pattern
        idle = Mutex([compiled])
    }

    /// What the line says, or nil when the expression does not match or its time is none.
    ///
    /// The message is the whole line. Any thread; as costly as the expression.
    func parse(_ line: UnsafeRawBufferPointer) -> ParsedLine? {
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        let text = String(
            decoding: line[0..<min(end, Self.searchedBytes)], as: UTF8.self)
        guard let compiled = borrow() else { return nil }
        defer { idle.withLock { $0.append(compiled) } }
        // An expression that fails while it matches does not match.
        guard let match = try? compiled.regex.firstMatch(in: text),
            let written = match["time"]?.substring, let time = Self.time(written)
        else { return nil }
        let level = Self.word(match["level"]?.substring)
        return ParsedLine(
            time: time, level: level.map { $0.utf8Bytes(LineLevel.name) } ?? "info",
            component: Self.word(match[component]?.substring) ?? "-", message: 0..<end,
            form: nil)
    }

    /// A group's text, cut to the length of a word; nil when it is empty or took no part.
    private static func word(_ group: Substring?) -> String? {
        guard let group, !group.isEmpty else { return nil }
        return String(decoding: group.utf8.prefix(LineFormat.longestWord), as: UTF8.self)
    }

    private func borrow() -> Compiled? {
        if let compiled = idle.withLock({ $0.popLast() }) { return compiled }
        // It compiled before: the same text compiles again.
        return try? Self.compile(pattern)
    }

    private static func compile(_ pattern: String) throws -> Compiled {
        do {
            return Compiled(regex: try Regex(pattern).matchingSemantics(.unicodeScalar))
        } catch {
            throw Invalid(
                description: "the expression is not valid: \(error). Mend it, and quote it "
                    + "against the shell")
        }
    }

    private static func time(_ text: Substring) -> Instant? {
        String(text).utf8Bytes { LineFormat.timestamp($0) ?? LineFormat.epoch($0) }
    }
}

extension String {
    fileprivate func utf8Bytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
