import WeirBase
import WeirEngine

/// Reads the lines of one log, one after the other, for `Source.logLines`.
///
/// Each subtask of the source has its own. The form of the line before is only tried first,
/// as logs rarely change their form: a line is of at most one form, so that what comes out
/// follows from the line alone.
struct LogLineReader {
    private let format: LogFormat.Kind
    /// The year of times that are written without one.
    private let defaultYear: Int
    /// The form of the line before.
    private var last: LineForm?

    /// A reader for a run that began at `started`.
    init(_ format: LogFormat, started: Instant) {
        self.format = format.kind
        switch format.kind {
        case .known(let year, _): defaultYear = year ?? CalendarTime(started).year
        // A time that an expression finds has its year.
        case .expression: defaultYear = 0
        }
    }

    /// What a line says, which may begin with a byte order mark: files that were joined have some
    /// in their middle too.
    ///
    /// - Throws: `MalformedLine` when it cannot be read.
    mutating func read(_ line: UnsafeRawBufferPointer) throws(MalformedLine) -> LoggedLine {
        let line = UnsafeRawBufferPointer(rebasing: line[JSONScanner.byteOrderMarkLength(line)...])
        switch format {
        case .expression(let expression):
            switch expression.parse(line) {
            case .parsed(let parsed): return parsed
            case .unparsed: throw MalformedLine("the expression finds no time in it")
            case .tooCostly: throw MalformedLine(LogFormat.tooCostly)
            }
        case .known(_, let member):
            guard var parsed = LineFormat.parse(line, last: last, defaultYear: defaultYear) else {
                throw MalformedLine("it has none of the known forms of a log's line")
            }
            last = parsed.form
            if let member { parsed.component = Self.text(of: member, in: line, parsed) }
            return parsed
        }
    }

    /// The text of the wanted member of a line of JSON; `-` where there is none.
    private static func text(
        of wanted: [UInt8], in line: UnsafeRawBufferPointer, _ parsed: LoggedLine
    ) -> String {
        guard parsed.form == .jsonLines, var scanner = MemberScanner(line) else { return "-" }
        while let member = scanner.next() {
            let isWanted = scanner.withBytes(of: member.key) { $0.elementsEqual(wanted) }
            guard isWanted else { continue }
            let value = member.value.clipped(to: LineFormat.maximumWord)
            return value.range.isEmpty ? "-" : MemberScanner.text(value, of: line)
        }
        return "-"
    }
}
