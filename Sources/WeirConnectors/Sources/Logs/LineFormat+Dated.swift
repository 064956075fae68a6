import WeirBase

/// Forms that begin with a full date: log4j and its kin, OpenStack, HDFS.
extension LineFormat {
    /// log4j and what is like it, behind `yyyy-MM-dd HH:mm:ss,SSS` or `yy/MM/dd HH:mm:ss`:
    ///
    ///     [thread] LEVEL logger - text        LEVEL [thread] logger: text
    ///     LEVEL logger: text                  - logger - LEVEL - text      (Python)
    ///     LEVEL 123 --- [thread] logger : text                             (Spring Boot)
    ///
    /// A logger is a word that a colon or hyphen follows, or one with a point inside; otherwise
    /// the text begins there and the component is `-`.
    static func parseLog4j(_ start: LineCursor) -> LoggedLine? {
        var cursor = start
        // A slash behind two digits: a year of two digits.
        let isShort = start.peek(2) == 0x2F
        guard let time = isShort ? cursor.shortTimestamp() : cursor.timestamp(),
            cursor.skipBlanks()
        else { return nil }
        var level: String?
        var component: Range<Int>?
        _ = cursor.skip("- ")
        // What is in brackets is a thread, or a level that is written so.
        if let thread = cursor.bracketed() {
            level = LineLevel.known(cursor.bytes(thread))
            guard cursor.skipBlanks() else { return nil }
            _ = cursor.skip("- ")
        }
        // Then comes the level, or in Python's form the logger and then the level.
        if level == nil {
            guard let word = cursor.word() else { return nil }
            level = LineLevel.known(cursor.bytes(word))
            if level == nil {
                guard cursor.skip(" - "), let second = cursor.word() else { return nil }
                level = LineLevel.known(cursor.bytes(second))
                component = word
            }
            guard cursor.isAtEnd || cursor.skipBlanks() else { return nil }
        }
        guard let level else { return nil }
        if component != nil {
            _ = cursor.skip("- ")
        } else {
            component = logger(&cursor)
        }
        return LoggedLine(
            time: time, level: level, component: component.map(cursor.text) ?? "-",
            message: cursor.rest, form: .log4j)
    }

    /// Reads the logger behind the level, and its separator; nil, and nothing read, where the
    /// text begins at once.
    private static func logger(_ cursor: inout LineCursor) -> Range<Int>? {
        var process = cursor
        // Spring Boot writes its process first.
        if process.number() != nil, process.skip(" --- ") { cursor = process }
        var thread: Range<Int>?
        if let inside = cursor.bracketed() {
            thread = inside
            _ = cursor.skipBlanks()
            // A thread and nothing else: it is the best name there is.
            if cursor.skip("- ") { return thread }
        }
        var next = cursor
        guard let word = next.word() else { return nil }
        let last = cursor.line[word.upperBound - 1]
        if last == 0x3A {
            _ = next.skip(0x20)
            cursor = next
            return word.count > 1 ? word.lowerBound..<word.upperBound - 1 : nil
        }
        _ = next.skipBlanks()
        if next.skip("- ") || next.skip(": ") {
            cursor = next
            return word
        }
        // Without a separator only a word with a point inside is taken for a logger, and
        // neither the end of a sentence nor a path.
        guard last != 0x2E, !cursor.bytes(word).contains(0x2F), cursor.bytes(word).contains(0x2E)
        else { return nil }
        cursor = next
        return word
    }

    /// OpenStack's services: `2017-05-16 00:00:00.008 25746 INFO nova.api [req-…] text`, maybe
    /// behind the name of the file that the line was gathered from.
    static func parseOpenStack(_ start: LineCursor) -> LoggedLine? {
        var cursor = start
        guard let first = cursor.peek() else { return nil }
        // It does not begin with a year, so the name of a file must come first.
        if first &- 0x30 > 9 || cursor.peek(4) != 0x2D {
            guard first != 0x5B, first != 0x7B, cursor.word() != nil, cursor.skip(0x20)
            else { return nil }
        }
        guard let time = cursor.timestamp(), cursor.skipBlanks(), cursor.number() != nil,
            cursor.skipBlanks(), let word = cursor.word(),
            let level = LineLevel.known(cursor.bytes(word)), cursor.skipBlanks(),
            let logger = cursor.word()
        else { return nil }
        _ = cursor.skip(0x20)
        if cursor.bracketed() != nil { _ = cursor.skip(0x20) }
        return LoggedLine(
            time: time, level: level, component: cursor.text(logger), message: cursor.rest,
            form: .openStack)
    }

    /// Hadoop's file system: `081109 203615 148 INFO dfs.DataNode$PacketResponder: text`.
    static func parseHDFS(_ start: LineCursor) -> LoggedLine? {
        var cursor = start
        guard let year = cursor.digits(2), let month = cursor.digits(2), let day = cursor.digits(2),
            cursor.skip(0x20), let hour = cursor.digits(2), let minute = cursor.digits(2),
            let second = cursor.digits(2), cursor.skip(0x20), cursor.number() != nil,
            cursor.skipBlanks(), let word = cursor.word(),
            let level = LineLevel.known(cursor.bytes(word)), cursor.skipBlanks(),
            let component = cursor.label(),
            let time = CalendarTime(
                year: 2_000 + year, month: month, day: day, hour: hour, minute: minute,
                second: second
            ).instant
        else { return nil }
        return LoggedLine(
            time: time, level: level,
            component: component.isEmpty ? "-" : cursor.text(component), message: cursor.rest,
            form: .hdfs)
    }
}
