import Weir

/// What the parameters of `logs` come to: read once when the pipeline is planned, and constant
/// afterwards.
struct LogSettings: Sendable {
    /// What a row's component is.
    enum Key: Equatable, Sendable {
        case component
        /// Rows by level alone.
        case level
        /// A group of the expression, or an outermost member of a line of JSON.
        case field(String)

        /// The name of the group or member; nil where none was named.
        var field: String? {
            switch self {
            case .component, .level: nil
            case .field(let name): name
            }
        }
    }

    let format: LogFormat
    var key = Key.component
    /// How long a window is. A millisecond to a year: anything else is a slip of the hand.
    var window = Duration.seconds(60)
    /// How far lines may come out of order: a window is written when the newest line is this much
    /// past its end.
    var disorder = Duration.seconds(5)
    /// How many times its usual count makes a window of a key a burst.
    var burst = 4
    /// How far one line may be ahead of all before it; nil for any distance.
    var jump: Duration? = .seconds(3_600)

    /// Reads the parameters.
    ///
    /// - Throws: `LogSettings.Refusal`, `LogFormat.InvalidExpression`.
    init(_ parameter: (String) -> String) throws {
        key =
            switch parameter("key") {
            case "component": .component
            case "level": .level
            case "": throw Refusal("key is empty: use component, level, or a field's name")
            case let name: .field(name)
            }
        let expression = try Self.expression(parameter("format"), key)
        window = try Self.duration(
            parameter("window"), of: "window", .milliseconds(1) ... .seconds(366 * 86_400))
        disorder = try Self.duration(
            parameter("disorder"), of: "disorder", .zero ... .seconds(86_400))
        let year = try Self.year(parameter("year"))
        format = expression ?? .known(year: year, member: key.field)
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
        format.isExpression
            ? "Look at the expression of --set format= beside that line"
            : "Say what a line looks like: --set format='(?<time>\\S+) (?<level>\\w+) "
                + "(?<component>\\S+)', an expression with these groups"
    }

    /// Why a value cannot be used, as a sentence.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// How lines are read by an expression; nil where there is none.
    private static func expression(_ text: String, _ key: Key) throws -> LogFormat? {
        guard text != "auto" else { return nil }
        return try .expression(text, component: key.field ?? "component")
    }

    /// The year of times without one; nil for that of the run's start.
    private static func year(_ text: String) throws -> Int? {
        guard text != "start" else { return nil }
        guard let year = Int(text), (1_678...2_261).contains(year) else {
            throw Refusal("year=\(text) is not a year from 1678 to 2261")
        }
        return year
    }

    /// A duration within bounds, from a text.
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
