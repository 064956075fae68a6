import WeirBase
import WeirPattern

/// Reads lines by a regular expression of the user's with the groups `time`, `level` and
/// `component`.
///
/// The expression is searched for in the line, so that it need not cover it; its syntax is
/// Perl's, as `Pattern` has it. A time is RFC 3339, `yyyy-MM-dd HH:mm:ss` with any fraction,
/// or seconds or milliseconds since 1970; without a zone it is UTC. A group that took no part
/// in the match gives the level `info`, or the component `-`; without a time the line is not
/// parsed. Only the first 64 KiB of a line are searched, and a line that needs too many tries
/// is not parsed either.
///
/// A class, as the compiled expression is large and is shared by all subtasks. Any thread.
final class ExpressionFormat: Sendable {
    /// What a line came to.
    enum Reading: Equatable {
        case parsed(LoggedLine)
        /// The expression does not match, or its time is none.
        case unparsed
        /// The expression needs more tries on it than one line may.
        case tooCostly
    }

    /// The groups that every expression must have.
    static let groups = ["time", "level", "component"]

    private let pattern: Pattern
    private let time: Pattern.Group
    private let level: Pattern.Group
    private let component: Pattern.Group

    /// An expression whose group `component` gives the component.
    ///
    /// - Throws: `LogFormat.InvalidExpression` when the pattern is no expression or lacks one of
    ///   the three groups, or the one that gives the component.
    init(_ text: String, component: String = "component") throws {
        let pattern: Pattern
        do throws(Pattern.Invalid) {
            pattern = try Pattern(text)
        } catch {
            throw LogFormat.InvalidExpression(
                description: "the expression is not valid: \(error). Mend it, and quote it "
                    + "against the shell")
        }
        // Also an expression that takes its component from another group has all three: they
        // are what the documentation promises, and one that lacks them is mostly a mistake.
        let wanted = Self.groups.contains(component) ? Self.groups : Self.groups + [component]
        let missing = wanted.filter { pattern.group(named: $0) == nil }
        guard let time = pattern.group(named: "time"), let level = pattern.group(named: "level"),
            let component = pattern.group(named: component), missing.isEmpty
        else {
            let names = missing.map { "(?<\($0)>…)" }.joined(separator: " and ")
            throw LogFormat.InvalidExpression(
                description: "the expression lacks the group \(names). It needs the groups "
                    + wanted.dropLast().joined(separator: ", ")
                    + " and \(wanted[wanted.count - 1])")
        }
        self.pattern = pattern
        (self.time, self.level, self.component) = (time, level, component)
    }

    /// What the line says. The message is the whole line. Any thread; as costly as the expression,
    /// within `Pattern`'s bound.
    func parse(_ line: UnsafeRawBufferPointer) -> Reading {
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[0..<end])
        let outcome = pattern.search(text) { match -> Reading in
            guard let written = match.bytes(of: time), let time = Self.time(written) else {
                return .unparsed
            }
            let level = Self.word(match.bytes(of: level))
            return .parsed(
                LoggedLine(
                    time: time, level: level.map { $0.utf8Bytes(LineLevel.name) } ?? "info",
                    component: Self.word(match.bytes(of: component)) ?? "-", message: 0..<end,
                    form: nil))
        }
        return switch outcome {
        case .found(let reading): reading
        case .none: .unparsed
        case .tooCostly: .tooCostly
        }
    }

    /// A group's text, cut to the length of a word; nil when it is empty or took no part.
    private static func word(_ group: UnsafeRawBufferPointer?) -> String? {
        guard let group, !group.isEmpty else { return nil }
        return String(decoding: group.prefix(LineFormat.maximumWord), as: UTF8.self)
    }

    /// A time in any of the forms.
    private static func time(_ text: UnsafeRawBufferPointer) -> Instant? {
        LineFormat.timestamp(text) ?? LineFormat.epoch(text)
    }
}

extension String {
    /// Calls `body` with the bytes of the text.
    fileprivate func utf8Bytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
