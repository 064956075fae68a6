public import WeirBase
import WeirEngine
import WeirPattern

/// What a line of a log says, whatever form it has.
///
/// Fields that a form or a line lacks are filled so that a count by them stays readable: level
/// `info` where the source states none, component `-` where it names none (`httpd` in Apache's
/// error log, which is written by the server itself unless a module is named).
public struct LoggedLine: Equatable, Sendable {
    /// When it was logged.
    public var time: Instant
    /// Lower case, as written in the source except for few synonyms.
    ///
    /// `warn` is `warning`, `err` is `error`; `fatal`, `crit`, `alert` and `emerg` are `critical`.
    public var level: String
    /// Logger, tag or module without a process number; bytes that are not UTF-8 are U+FFFD.
    public var component: String
    /// Where the text lies in the line, without the line's end. In JSON it is the text between the
    /// quotes, escapes and all.
    var message: Range<Int>
    /// The form the line was read as: the one to try first on the next line. Nil when it was read
    /// by an expression of the user's.
    var form: LineForm?
}

/// How the lines of a log are read: in any form that is known, or by an expression.
///
/// Known are syslog (RFC 3164, RFC 5424), log4j and its kin, OpenStack, Apache's error log,
/// Android's logcat, Hadoop's file system, and JSON objects with a time among their members.
public struct LogFormat: Sendable {
    enum Kind: Sendable {
        case known(year: Int?, member: [UInt8]?)
        case expression(ExpressionFormat)
    }

    let kind: Kind

    /// Any of the known forms; a line is of at most one of them.
    ///
    /// Times without a zone are UTC. `year` is that of times without one; nil takes the year of the
    /// run's start. With `member`, the component is the outermost member of that name in a line of
    /// JSON, and `-` in every other line.
    public static func known(year: Int? = nil, member: String? = nil) -> LogFormat {
        LogFormat(kind: .known(year: year, member: member.map { Array($0.utf8) }))
    }

    /// What an expression in Perl's syntax finds in a line, by its groups `time`, `level` and the
    /// one named `component`.
    ///
    /// It need not cover the line. A time is RFC 3339, `yyyy-MM-dd HH:mm:ss` with any fraction, or
    /// seconds or milliseconds since 1970; without a zone it is UTC. Only the first 64 KiB of a
    /// line are searched, with at most `maximumTries` tries, or a thousand for each byte.
    ///
    /// - Throws: `LogFormat.InvalidExpression` when it is none, or lacks one of the groups `time`,
    ///   `level`, `component` and the one that gives the component.
    public static func expression(
        _ text: String, component: String = "component"
    ) throws -> LogFormat {
        LogFormat(kind: .expression(try ExpressionFormat(text, component: component)))
    }

    /// Why an expression cannot be used, as a sentence.
    public struct InvalidExpression: Error, Equatable, CustomStringConvertible {
        /// What is wrong with it, and what to do.
        public let description: String
    }

    /// Whether lines are read by an expression.
    public var isExpression: Bool {
        switch kind {
        case .known: false
        case .expression: true
        }
    }

    /// The reason of a malformed line on which an expression was given up.
    public static let tooCostly = "the expression needs too many tries on it"

    /// How many tries an expression has on one line.
    public static let maximumTries = Pattern.maximumTries
}
