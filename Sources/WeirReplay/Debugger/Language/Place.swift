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

    /// RFC 3339: `2026-11-24T12:04:31.2Z`, with an offset instead of the Z, or without either.
    static func instant(_ text: String) -> Instant? {
        let pattern =
            /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)?/
        guard let match = text.wholeMatch(of: pattern)?.output else { return nil }
        let fraction = match.7.map { String($0) + String(repeating: "0", count: 9 - $0.count) }
        let time = CalendarTime(
            year: Int(match.1) ?? 0, month: Int(match.2) ?? 0, day: Int(match.3) ?? 0,
            hour: Int(match.4) ?? 0, minute: Int(match.5) ?? 0, second: Int(match.6) ?? 0,
            nanosecond: fraction.flatMap { Int($0) } ?? 0)
        guard let instant = time.instant else { return nil }
        guard let zone = match.8, zone.count == 6 else { return instant }
        let digits = zone.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard digits.count == 2, digits[0] < 24, digits[1] < 60 else { return nil }
        let offset = Duration.seconds(digits[0] * 3_600 + digits[1] * 60)
        return zone.hasPrefix("-") ? instant + offset : instant - offset
    }
}
