import WeirBase

extension LineFormat {
    /// RFC 3164, `<34>Oct 11 22:14:15 host tag[123]: text`, with or without the priority, and
    /// with the RFC 3339 time that today's rsyslog writes in its place.
    ///
    /// A line without a priority has no level of its own and counts as `info`.
    static func parseSyslog3164(_ start: LineCursor, _ defaultYear: Int) -> LoggedLine? {
        var cursor = start
        let level: String
        if cursor.peek() == 0x3C {
            guard let priority = priority(&cursor) else { return nil }
            level = LineLevel.syslog(priority: priority)
        } else {
            level = "info"
        }
        guard let time = syslogTime(&cursor, defaultYear), cursor.skipBlanks(),
            let host = cursor.word(), cursor.skipBlanks(), cursor.line[host.lowerBound] != 0x2D,
            // Behind an RFC 3339 time, these are the other forms' next words.
            cursor.line[host.lowerBound] != 0x5B, LineLevel.known(cursor.bytes(host)) == nil
        else { return nil }
        let text = cursor.position
        let component = tag(&cursor)
        let message = component == nil ? text..<cursor.line.count : cursor.rest
        return LoggedLine(
            time: time, level: level, component: component ?? "-", message: message,
            form: .syslog3164)
    }

    /// Reads the time in one of its two forms.
    private static func syslogTime(_ cursor: inout LineCursor, _ defaultYear: Int) -> Instant? {
        guard let first = cursor.peek() else { return nil }
        if first &- 0x30 <= 9 {
            // Without `T` and offset it may be any log.
            var hasOffset = false
            guard cursor.peek(10) == 0x54, let time = cursor.timestamp(hasOffset: &hasOffset),
                hasOffset
            else { return nil }
            return time
        }
        guard let month = cursor.monthName(), cursor.skip(0x20), let day = cursor.dayOfMonth(),
            cursor.skip(0x20)
        else { return nil }
        var time = CalendarTime(year: defaultYear, month: month, day: day)
        guard cursor.clock(into: &time) else { return nil }
        return time.instant
    }

    /// Reads `tag:`, `tag[123]:` or `tag[123]`, and gives the tag without the number; nil,
    /// and nothing read, when there is none.
    private static func tag(_ cursor: inout LineCursor) -> String? {
        let start = cursor.position
        let limit = min(cursor.line.count, start + maximumWord)
        var index = start
        while index < limit, !isTagEnd(cursor.line[index]) { index += 1 }
        guard index > start, index < cursor.line.count else { return nil }
        let tag = start..<index
        var after = cursor
        after.move(to: index)
        let isNumbered = after.bracketed() != nil
        guard after.skip(0x3A) || isNumbered else { return nil }
        _ = after.skip(0x20)
        cursor = after
        return cursor.text(tag)
    }

    /// Whether a byte ends a tag.
    @inline(__always)
    private static func isTagEnd(_ byte: UInt8) -> Bool {
        byte == 0x5B || byte == 0x3A || byte == 0x20
    }

    /// Reads a priority, `<0>` to `<191>`: 24 facilities of eight severities.
    private static func priority(_ cursor: inout LineCursor) -> Int? {
        guard cursor.skip(0x3C), let value = cursor.number(atMost: 3), value <= 191,
            cursor.skip(0x3E)
        else { return nil }
        return value
    }

    /// RFC 5424: `<34>1 2003-10-11T22:14:15.003Z host app 123 ID47 [data key="value"] text`.
    static func parseSyslog5424(_ start: LineCursor) -> LoggedLine? {
        var cursor = start
        guard let priority = priority(&cursor), let version = cursor.number(atMost: 2),
            version >= 1, cursor.skip(0x20), let time = cursor.timestamp(), cursor.skip(0x20),
            cursor.word() != nil, cursor.skip(0x20), let application = cursor.word(),
            cursor.skip(0x20), cursor.word() != nil, cursor.skip(0x20), cursor.word() != nil
        else { return nil }
        _ = cursor.skip(0x20)
        // A hyphen stands for structured data where there is none.
        if cursor.peek() == 0x2D {
            _ = cursor.skip(0x2D)
        } else {
            while structuredData(&cursor) {}
        }
        _ = cursor.skip(0x20)
        // The text may begin with a byte order mark.
        _ = cursor.skip("\u{FEFF}")
        return LoggedLine(
            time: time, level: LineLevel.syslog(priority: priority),
            component: cursor.text(application), message: cursor.rest, form: .syslog5424)
    }

    /// Passes over one `[id key="value" …]`. In values a backslash protects the next byte, so
    /// that a bracket or a quote in them ends nothing.
    private static func structuredData(_ cursor: inout LineCursor) -> Bool {
        guard cursor.peek() == 0x5B else { return false }
        var isQuoted = false
        var index = cursor.position + 1
        while index < cursor.line.count {
            switch cursor.line[index] {
            case 0x5C where isQuoted: index += 1
            case 0x22: isQuoted.toggle()
            case 0x5D where !isQuoted:
                cursor.move(to: index + 1)
                return true
            default: break
            }
            index += 1
        }
        return false
    }
}
