package import WeirBase

/// A step of a run as a person writes it: `81`, `50%`, `12.5s`, a time of the day, `start`,
/// `end`, `failure`, `cause`, or the name of a bookmark.
///
/// Reading needs no run. Which step it means, `Debugger.step(of:)` finds out.
package enum TracePosition: Equatable, Sendable {
    /// A step by its number; 0 is before the first.
    case step(Step)
    /// A part of all steps, from 0 to 100.
    case percent(Double)
    /// A time since the run's start.
    case elapsed(Duration)
    /// A time of the clock on the machine that recorded it.
    case time(Instant)
    /// The two ends of the run, and its first failure.
    case start, end, failure
    /// The write that the first failure's value came from.
    case cause
    /// Any other text: a bookmark of the session, or the name of an incident of the run.
    case named(String)

    /// All of these, as advice.
    package static let forms =
        "a step, N%, a time (12.5s or RFC 3339), start, end, failure, cause or a mark"

    /// Reads a position from the whole of a text.
    package init(_ text: String) throws(CommandError) {
        switch text {
        case "": throw CommandError("a place is missing", "Give \(Self.forms)")
        case "start": self = .start
        case "end": self = .end
        case "failure": self = .failure
        case "cause": self = .cause
        default:
            if let step = Step(text) {
                self = .step(step)
            } else if text.hasSuffix("%"), let percent = Double(text.dropLast()) {
                guard (0...100).contains(percent) else {
                    // What begins like a number was meant as one, and is no name.
                    throw CommandError(
                        "\(PrintableText.escaped(text)) is no part of a run", "Give 0% to 100%")
                }
                self = .percent(percent)
            } else if let duration = Quantities.duration(text) {
                self = .elapsed(duration)
            } else if let instant = Self.instant(text) {
                self = .time(instant)
            } else if let first = text.first, first == "-" || first.isASCII && first.isNumber {
                throw CommandError(
                    "\(PrintableText.escaped(text)) is no place", "Give \(Self.forms)")
            } else {
                self = .named(text)
            }
        }
    }

    /// A time as RFC 3339; without an offset it is taken for UTC.
    static func instant(_ text: String) -> Instant? { Instant(text) ?? Instant(text + "Z") }
}
