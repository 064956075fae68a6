import WeirBase

extension LineFormat {
    /// Android's logcat, form `threadtime`: `03-17 16:13:38.811  1702  2395 D Tag: text`, with or
    /// without the year that `-v year` puts before it.
    static func parseLogcat(_ start: LineCursor, _ defaultYear: Int) -> LoggedLine? {
        var cursor = start
        var year = defaultYear
        // Four digits and a hyphen: a year. Without it the month's two digits are followed by
        // one.
        if cursor.peek(4) == 0x2D {
            guard let written = cursor.digits(4), cursor.skip(0x2D) else { return nil }
            year = written
        }
        guard let month = cursor.digits(2), cursor.skip(0x2D), let day = cursor.digits(2),
            cursor.skip(0x20)
        else { return nil }
        var time = CalendarTime(year: year, month: month, day: day)
        guard cursor.clock(into: &time), let instant = time.instant, cursor.skipBlanks(),
            cursor.number() != nil, cursor.skipBlanks(), cursor.number() != nil,
            cursor.skipBlanks(), let word = cursor.word(), word.count == 1,
            let level = LineLevel.logcat(cursor.line[word.lowerBound]), cursor.skip(0x20),
            var tag = cursor.label()
        else { return nil }
        // Short tags are padded to a column.
        while let last = tag.last, cursor.line[last] == 0x20 { tag = tag.lowerBound..<last }
        return LoggedLine(
            time: instant, level: level, component: tag.isEmpty ? "-" : cursor.text(tag),
            message: cursor.rest, form: .logcat)
    }
}
