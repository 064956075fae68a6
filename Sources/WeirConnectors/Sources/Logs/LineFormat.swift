import WeirBase

/// The forms of log lines that are told apart. A line is of at most one form, whatever the
/// order in which they are tried; tests hold the forms to that.
enum LineForm: UInt8, CaseIterable, Sendable {
    case syslog3164, syslog5424, log4j, openStack, apache, logcat, hdfs, jsonLines
}

/// Reads one line of a log in any of the forms of `LineForm`.
///
/// Each form is a function in a file of its own kind. It takes a cursor at the line's
/// beginning and gives what the line says, or nil where the line is not of its form.
enum LineFormat {
    /// Loggers, tags, threads, hosts and the like are no longer than this: a longer one makes the
    /// line one of no form, so that a huge line costs no more than a short one (JSON is read to
    /// its end).
    static let maximumWord = 512

    /// What the line says, or nil when it is of no form or of no real date.
    ///
    /// A function of its arguments alone. `last` is only a hint: it is tried first. Line ends at
    /// the end of the line do not belong to it. Never traps, whatever the bytes are. Times without
    /// a zone are UTC; a form without a year takes `defaultYear`.
    static func parse(
        _ line: UnsafeRawBufferPointer, last: LineForm?, defaultYear: Int
    ) -> LoggedLine? {
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        if end == 0 { return nil }
        let cursor = LineCursor(UnsafeRawBufferPointer(rebasing: line[0..<end]))
        if let last, let parsed = parse(cursor, as: last, defaultYear) { return parsed }
        for form in LineForm.allCases where form != last {
            if let parsed = parse(cursor, as: form, defaultYear) { return parsed }
        }
        return nil
    }

    /// The same for bytes that somebody else owns.
    static func parse(
        _ line: some Collection<UInt8>, last: LineForm?, defaultYear: Int
    ) -> LoggedLine? {
        let direct: LoggedLine?? = line.withContiguousStorageIfAvailable {
            parse(UnsafeRawBufferPointer($0), last: last, defaultYear: defaultYear)
        }
        if let direct { return direct }
        return Array(line).withUnsafeBytes { parse($0, last: last, defaultYear: defaultYear) }
    }

    /// Tries one form.
    private static func parse(
        _ cursor: LineCursor, as form: LineForm, _ defaultYear: Int
    ) -> LoggedLine? {
        switch form {
        case .syslog3164: parseSyslog3164(cursor, defaultYear)
        case .syslog5424: parseSyslog5424(cursor)
        case .log4j: parseLog4j(cursor)
        case .openStack: parseOpenStack(cursor)
        case .apache: parseApache(cursor)
        case .logcat: parseLogcat(cursor, defaultYear)
        case .hdfs: parseHDFS(cursor)
        case .jsonLines: parseJSON(cursor)
        }
    }
}
