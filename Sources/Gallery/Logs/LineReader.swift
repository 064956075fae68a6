import Weir

/// What the parameters of `logs` come to.
struct LogSettings: Sendable {
    /// What a row's component is.
    enum Key: Equatable, Sendable {
        case component
        /// Rows by level alone.
        case level
        /// A group of the expression, or an outermost member of a line of JSON.
        case field(String)
    }

    var format: RegexFormat?
    var key = Key.component
    var window = Duration.seconds(60)
    var disorder = Duration.seconds(5)
    /// Nil for the year of the run's start.
    var year: Int?
    /// How many times its usual count makes a window of a key a burst.
    var burst = 4
    /// How far one line may be ahead of all before it; nil for any distance.
    var jump: Duration? = .seconds(3_600)

    /// Reads the parameters.
    ///
    /// - Throws: `LogSettings.Refusal`, `RegexFormat.Invalid`.
    init(_ parameter: (String) -> String) throws {
        key =
            switch parameter("key") {
            case "component": .component
            case "level": .level
            case "": throw Refusal("key is empty: use component, level, or a field's name")
            case let name: .field(name)
            }
        if parameter("format") != "auto" {
            var component = "component"
            if case .field(let name) = key { component = name }
            format = try RegexFormat(parameter("format"), component: component)
        }
        window = try Self.duration(
            parameter("window"), of: "window", .milliseconds(1) ... .seconds(366 * 86_400))
        disorder = try Self.duration(
            parameter("disorder"), of: "disorder", .zero ... .seconds(86_400))
        if parameter("year") != "start" {
            guard let number = Int(parameter("year")), (1_678...2_261).contains(number) else {
                throw Refusal("year=\(parameter("year")) is not a year from 1678 to 2261")
            }
            year = number
        }
        guard let times = Int(parameter("burst")), (2...1_000_000).contains(times) else {
            throw Refusal(
                "burst=\(parameter("burst")) is not a number of times from 2 to 1000000")
        }
        burst = times
        jump =
            parameter("jump") == "none"
            ? nil
            : try Self.duration(
                parameter("jump"), of: "jump", .milliseconds(1) ... .seconds(366 * 86_400))
    }

    /// What to try where most lines cannot be read.
    var advice: String {
        format == nil
            ? "Say what a line looks like: --set format='(?<time>\\S+) (?<level>\\w+) "
                + "(?<component>\\S+)', an expression with these groups"
            : "Look at the expression of --set format= beside that line"
    }

    /// Why a value cannot be used, as a sentence.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private static func duration(
        _ text: String, of name: String, _ bounds: ClosedRange<Duration>
    ) throws -> Duration {
        guard let duration = Quantities.duration(text), bounds.contains(duration) else {
            throw Refusal(
                "\(name)=\(text) is not a duration from \(bounds.lowerBound) to "
                    + "\(bounds.upperBound); write it as 500ms, 10s, 1m or 2h")
        }
        return duration
    }
}

/// Makes an element of each line.
///
/// Belongs to one subtask. The form of the line before is only tried first: a line is of at most
/// one form, so that what comes out follows from the line alone.
struct LineReader {
    private let format: RegexFormat?
    private let key: LogSettings.Key
    private let field: [UInt8]
    private let year: Int
    private var last: LineForm?

    init(_ settings: LogSettings, started: Instant) {
        format = settings.format
        key = settings.key
        if case .field(let name) = settings.key { field = Array(name.utf8) } else { field = [] }
        year = settings.year ?? CalendarTime(started).year
    }

    /// The line as an element with its time.
    ///
    /// - Throws: `MalformedLine` when it cannot be read.
    mutating func read(
        _ line: UnsafeRawBufferPointer
    ) throws(MalformedLine) -> (LogLine, Instant) {
        if let format {
            switch format.parse(line) {
            case .parsed(let parsed): return element(parsed, line)
            case .unparsed: throw MalformedLine("the expression finds no time in it")
            case .tooCostly: throw MalformedLine(Self.tooCostly)
            }
        }
        guard let parsed = LineFormat.parse(line, last: last, defaultYear: year) else {
            throw MalformedLine("it has none of the known forms of a log's line")
        }
        last = parsed.form
        return element(parsed, line)
    }

    /// The reason of a line on which the expression was given up.
    static let tooCostly = "the expression needs too many tries on it"

    private func element(
        _ parsed: ParsedLine, _ line: UnsafeRawBufferPointer
    ) -> (LogLine, Instant) {
        let component =
            switch key {
            case .component: parsed.component
            case .level: ""
            case .field: format == nil ? member(of: line, parsed) : parsed.component
            }
        return (LogLine(level: parsed.level, component: component), parsed.time)
    }

    /// The text of the wanted member of a line of JSON; `-` where there is none.
    private func member(of line: UnsafeRawBufferPointer, _ parsed: ParsedLine) -> String {
        guard parsed.form == .jsonLines, var scanner = MemberScanner(line) else { return "-" }
        while let member = scanner.next() {
            let isWanted = scanner.withBytes(of: member.key) { $0.elementsEqual(field) }
            guard isWanted else { continue }
            let value = member.value.clipped(to: LineFormat.longestWord)
            return value.range.isEmpty ? "-" : MemberScanner.text(value, of: line)
        }
        return "-"
    }
}
