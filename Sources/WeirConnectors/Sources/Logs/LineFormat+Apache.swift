import WeirBase

extension LineFormat {
    /// Apache's error log, 2.2 `[Sun Dec 04 04:47:44 2005] [error] text` and 2.4 `[Wed Oct 11
    /// 14:32:52.123456 2000] [core:error] [pid 35708:tid 4328] text`.
    ///
    /// The component is the module; the server itself, where none is named, is `httpd`.
    static func parseApache(_ start: LineCursor) -> LoggedLine? {
        var cursor = start
        guard cursor.skip(0x5B), let weekday = cursor.word(), weekday.count == 3,
            cursor.skip(0x20), let month = cursor.monthName(), cursor.skip(0x20),
            let day = cursor.dayOfMonth(), cursor.skip(0x20)
        else { return nil }
        // The year stands behind the time of day.
        var time = CalendarTime(year: 0, month: month, day: day)
        guard cursor.clock(into: &time), cursor.skip(0x20), let year = cursor.digits(4),
            cursor.skip("] ")
        else { return nil }
        time.year = year
        guard let instant = time.instant, let kind = cursor.bracketed(), !kind.isEmpty else {
            return nil
        }
        _ = cursor.skip(0x20)
        // `[core:error]` of 2.4 names a module, `[error]` of 2.2 does not.
        let colon = kind.first { cursor.line[$0] == 0x3A }
        let module = kind.lowerBound..<(colon ?? kind.lowerBound)
        let level = (colon.map { $0 + 1 } ?? kind.lowerBound)..<kind.upperBound
        if level.isEmpty { return nil }
        var process = cursor
        // The process is no part of the text.
        if process.skip("[pid "), cursor.bracketed() != nil { _ = cursor.skip(0x20) }
        return LoggedLine(
            time: instant, level: LineLevel.name(cursor.bytes(level)),
            component: module.isEmpty ? "httpd" : cursor.text(module), message: cursor.rest,
            form: .apache)
    }
}
