import FoundationEssentials
import WeirBase
import WeirMonitor
import WeirTelemetry

/// What a screen and the process of its replay write to each other: one JSON object a line.
///
/// Both are the same program, so that nothing has to stand between versions. Each command is
/// answered by any number of replies without an answer and then one with it.
enum ReplayWire {
    /// A command for the debugger.
    struct Command: Codable, Equatable {
        var text: String
        /// How many steps around the one that it comes to are wanted.
        var columns: Int
    }

    /// What came of it so far.
    struct Reply: Codable, Equatable {
        struct Progress: Codable, Equatable {
            var done: Int
            var total: Int
        }

        var progress: Progress?
        var picture: ReplayPicture?
        /// With it the command is over.
        var answer: ReplayAnswer?

        /// As the screen takes it. A picture comes before the answer that it belongs to.
        var events: [ReplayEvent] {
            var events: [ReplayEvent] = []
            if let progress {
                events.append(.progress(done: progress.done, total: progress.total))
            }
            if let picture { events.append(.picture(picture)) }
            if let answer { events.append(.answer(answer)) }
            return events
        }
    }

    /// A value as a line.
    static func line(_ value: some Encodable) -> [UInt8] {
        // Nothing in these types can fail to be written.
        let data = (try? JSONEncoder().encode(value)) ?? Data("{}".utf8)
        return Array(data) + [0x0A]
    }

    /// The value of a line; nil where it is none.
    static func value<Value: Decodable>(_ type: Value.Type, of line: some Collection<UInt8>)
        -> Value?
    {
        try? JSONDecoder().decode(type, from: Data(line))
    }
}

/// Lines out of what a pipe gives in pieces.
struct WireLines {
    /// What came behind the last whole line.
    private var rest: [UInt8] = []

    /// Whether a line has become longer than any that is written: whoever writes it is out of its
    /// mind.
    var isTooLong: Bool { rest.count > AppBounds.maximumWireLineBytes.count }

    /// Takes what came, and gives the lines that it ended.
    mutating func take(_ bytes: some Collection<UInt8>) -> [ArraySlice<UInt8>] {
        rest.append(contentsOf: bytes)
        guard let last = rest.lastIndex(of: 0x0A) else { return [] }
        let lines = rest[..<last].split(separator: 0x0A)
        rest.removeFirst(last + 1)
        return lines
    }
}
