package import WeirBase

/// A place of a run as it is written: `81`, `50%`, `12.5s`, a time, `start`, `end`, `failure`, or
/// the name of a mark.
package enum Place: Equatable, Sendable {
    case step(UInt64)
    case percent(Double)
    /// Since the run's start.
    case elapsed(Duration)
    case time(Instant)
    case start, end, failure
    case mark(String)

    package static let forms =
        "a step, N%, a time (12.5s or RFC 3339), start, end, failure or a mark"

    package init(_ text: String) throws(CommandError) {
        switch text {
        case "": throw CommandError("a place is missing", "Give \(Self.forms)")
        case "start": self = .start
        case "end": self = .end
        case "failure": self = .failure
        case "cause":
            throw CommandError("'goto cause' is not built yet", "'goto failure' is")
        default:
            if let step = UInt64(text) {
                self = .step(step)
            } else if text.hasSuffix("%"), let percent = Double(text.dropLast()) {
                guard (0...100).contains(percent) else {
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
                self = .mark(text)
            }
        }
    }

    /// RFC 3339, or the same without an offset: UTC.
    static func instant(_ text: String) -> Instant? { Instant(text) ?? Instant(text + "Z") }
}
