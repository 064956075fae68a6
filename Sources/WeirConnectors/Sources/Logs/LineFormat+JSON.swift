import WeirBase

extension LineFormat {
    /// A JSON object on a line with a time among its members, strings or numbers:
    ///
    /// - time: `timestamp`, `time`, `ts`, `@timestamp`: RFC 3339, or a number since 1970
    /// - level: `level`, `severity`, `lvl`
    /// - component: `component`, `logger`, `module`, `service`, `name`
    /// - text: `message`, `msg`
    ///
    /// Of several names for the same thing the one named first here counts, of several members of
    /// one name the first. Levels and components are cut to `maximumWord` bytes. Only the
    /// outermost members are looked at. What is no JSON as `JSONScanner` says is no line of this
    /// form.
    static func parseJSON(_ start: LineCursor) -> LoggedLine? {
        guard var scanner = MemberScanner(start.line) else { return nil }
        var found = FoundMembers()
        while let member = scanner.next() {
            // A name counts as what it stands for, however it is escaped.
            if let name = scanner.withBytes(of: member.key, { MemberName($0) }) {
                found.take(member.value, for: name)
            }
        }
        // Whether the line is JSON is known only at its end.
        guard scanner.isWhole, let written = found.time, let time = time(scanner.line, written)
        else { return nil }
        let line = scanner.line
        let level = found.level.flatMap { $0.range.isEmpty ? nil : $0.clipped(to: maximumWord) }
        let component = found.component?.clipped(to: maximumWord)
        let end = line.count
        return LoggedLine(
            time: time,
            level: level.map {
                LineLevel.name(UnsafeRawBufferPointer(rebasing: line[$0.range]))
            } ?? "info",
            component: component.flatMap {
                $0.range.isEmpty ? nil : MemberScanner.text($0, of: line)
            } ?? "-",
            message: found.message?.range ?? end..<end, form: .jsonLines)
    }

    /// A member as a time: a text in RFC 3339, or a number or a text with a number in it.
    private static func time(
        _ line: UnsafeRawBufferPointer, _ value: MemberScanner.Value
    ) -> Instant? {
        let text = UnsafeRawBufferPointer(rebasing: line[value.range])
        if value.kind == .string, let time = timestamp(text) { return time }
        return epoch(text)
    }

    /// A whole text as a date and time.
    static func timestamp(_ text: UnsafeRawBufferPointer) -> Instant? {
        var cursor = LineCursor(text)
        guard let time = cursor.timestamp(), cursor.isAtEnd else { return nil }
        return time
    }

    /// A whole text as seconds or milliseconds since 1970.
    static func epoch(_ text: UnsafeRawBufferPointer) -> Instant? {
        var cursor = LineCursor(text)
        guard let time = cursor.epoch(), cursor.isAtEnd else { return nil }
        return time
    }
}

/// What a member's name stands for, and its rank among the names for the same thing.
private struct MemberName {
    enum Field { case time, level, component, message }

    let field: Field
    let rank: Int

    init?(_ key: UnsafeRawBufferPointer) {
        // The lengths of the names below. Most members of a line are ruled out by it.
        guard (2...10).contains(key.count) else { return nil }
        switch key.count {
        case 2 where key.holds("ts"): self.init(.time, 2)
        case 3 where key.holds("msg"): self.init(.message, 1)
        case 3 where key.holds("lvl"): self.init(.level, 2)
        case 4 where key.holds("time"): self.init(.time, 1)
        case 4 where key.holds("name"): self.init(.component, 4)
        case 5 where key.holds("level"): self.init(.level, 0)
        case 6 where key.holds("logger"): self.init(.component, 1)
        case 6 where key.holds("module"): self.init(.component, 2)
        case 7 where key.holds("message"): self.init(.message, 0)
        case 7 where key.holds("service"): self.init(.component, 3)
        case 8 where key.holds("severity"): self.init(.level, 1)
        case 9 where key.holds("timestamp"): self.init(.time, 0)
        case 9 where key.holds("component"): self.init(.component, 0)
        case 10 where key.holds("@timestamp"): self.init(.time, 3)
        default: return nil
        }
    }

    private init(_ field: Field, _ rank: Int) {
        self.field = field
        self.rank = rank
    }
}

extension MemberScanner.Value {
    /// Whether it is a text or a number: what a time or a level can be.
    fileprivate var isScalar: Bool { kind == .string || kind == .number }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are these.
    @inline(__always)
    fileprivate func holds(_ text: StaticString) -> Bool {
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return count == text.utf8CodeUnitCount
    }
}

/// The members of a line that are needed, each the one of the best rank so far.
private struct FoundMembers {
    private(set) var time: MemberScanner.Value?
    private(set) var level: MemberScanner.Value?
    private(set) var component: MemberScanner.Value?
    private(set) var message: MemberScanner.Value?
    private var ranks = (time: 9, level: 9, component: 9, message: 9)

    /// Takes a member if it is of a kind that its field can be, and better than what is
    /// there.
    mutating func take(_ value: MemberScanner.Value, for name: MemberName) {
        switch name.field {
        case .time where value.isScalar && name.rank < ranks.time:
            time = value
            ranks.time = name.rank
        case .level where value.isScalar && name.rank < ranks.level:
            level = value
            ranks.level = name.rank
        case .component where value.kind == .string && name.rank < ranks.component:
            component = value
            ranks.component = name.rank
        case .message where value.kind == .string && name.rank < ranks.message:
            message = value
            ranks.message = name.rank
        case .time, .level, .component, .message:
            break
        }
    }
}
