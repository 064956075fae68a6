import WeirBase

/// What happens on a stream second by second, as a line of text.
///
/// A character is a frame: one second of event time and of processing time, the first of them the
/// second 0 of 1970. The language is that of Rx with marbles for what Weir has beside elements:
///
///     -      a second passes
///     a      an element; letters but `W`, and digits
///     W      a watermark at the frame's own second
///     ~ ^    the stream falls silent, and comes back
///     |      the end: of an output the last watermark and the end behind it
///     !      an error, of the source or of an operator
///     (ab)   both in one frame, in this order; takes as many frames as it has characters
///
/// Spaces are for lining diagrams up. A legend gives what a character cannot: the text of a value
/// that has more than one letter, the event time of an element that is not its frame's, and the
/// time of a watermark that is not its frame's, which is then written with a letter of its own.
struct MarbleDiagram: Equatable, CustomStringConvertible {
    /// One marble.
    enum Event: Equatable {
        case element(String, at: Instant)
        case watermark(Instant)
        case idle
        case active
        case end
        /// An end that no last watermark came before, which no operator may let happen.
        case bareEnd
        case failure
    }

    /// What characters stand for beyond themselves.
    struct Legend {
        /// The values of output elements, by character.
        var values: [Character: String] = [:]
        /// Event times of elements that are not their frames'.
        var times: [Character: Instant] = [:]
        /// Watermarks that are not at their frames' seconds.
        var watermarks: [Character: Instant] = [:]

        /// This one, with what another says in place of what it says.
        func overridden(by other: Legend) -> Legend {
            Legend(
                values: values.merging(other.values) { $1 },
                times: times.merging(other.times) { $1 },
                watermarks: watermarks.merging(other.watermarks) { $1 })
        }
    }

    /// What happens in each frame, in order. Frames behind the last event are left out.
    private(set) var frames: [[Event]] = []

    init() {}

    init(_ text: String, _ legend: Legend = Legend()) {
        var frame = 0
        var group: Int?
        for character in text where character != " " {
            switch character {
            case "-": break
            case "(":
                precondition(group == nil, "a group in a group of \(text)")
                group = frame
            case ")":
                precondition(group != nil, "a group of \(text) ends and has not begun")
                group = nil
            default:
                let here = group ?? frame
                add(Self.event(character, .second(Int64(here)), legend), frame: here)
            }
            frame += 1
        }
        precondition(group == nil, "a group of \(text) does not end")
    }

    private static func event(
        _ character: Character, _ second: Instant, _ legend: Legend
    ) -> Event {
        if let watermark = legend.watermarks[character] { return .watermark(watermark) }
        switch character {
        case "W": return .watermark(second)
        case "~": return .idle
        case "^": return .active
        case "|": return .end
        case "!": return .failure
        default:
            precondition(character.isLetter || character.isNumber, "no marble is \(character)")
            return .element(
                legend.values[character] ?? String(character),
                at: legend.times[character] ?? second)
        }
    }

    mutating func add(_ event: Event, frame: Int) {
        while frames.count <= frame { frames.append([]) }
        frames[frame].append(event)
    }

    // MARK: Drawing

    var description: String { drawn(Legend()) }

    /// The diagram, and below it what its characters do not say.
    ///
    /// Values and times that the legend does not have a character for are numbered with the letters
    /// from `A` on. A group that has more characters than there are frames before the next event
    /// pushes what follows to the right.
    func drawn(_ legend: Legend) -> String {
        var drawing = Drawing(legend)
        for (frame, events) in frames.enumerated() { drawing.add(events, frame: frame) }
        return ([drawing.line] + drawing.notes).joined(separator: "\n")
    }

    private struct Drawing {
        private(set) var line = ""
        private(set) var notes: [String] = []
        private let legend: Legend
        private var spare = "ABCDEFGHIJKLMNOPQRSTUVXYZ".makeIterator()

        init(_ legend: Legend) { self.legend = legend }

        mutating func add(_ events: [Event], frame: Int) {
            if frame < line.count, events.isEmpty { return }
            let characters = events.map { character(for: $0, frame: .second(Int64(frame))) }
            switch characters.count {
            case 0: line += "-"
            case 1: line.append(characters[0])
            default: line += "(" + String(characters) + ")"
            }
        }

        private mutating func character(for event: Event, frame: Instant) -> Character {
            switch event {
            case .idle: return "~"
            case .active: return "^"
            case .end: return "|"
            case .bareEnd: return "]"
            case .failure: return "!"
            case .watermark(frame): return "W"
            case .watermark(let instant):
                if let known = legend.watermarks.first(where: { $0.value == instant }) {
                    return known.key
                }
                return named("the watermark \(instant)")
            case .element(let value, let time):
                let known = legend.values.first { $0.value == value }?.key
                let letter = known ?? (value.count == 1 ? Character(value) : nil)
                if let letter, time == legend.times[letter] ?? frame { return letter }
                return named("\(value) at \(time)")
            }
        }

        private mutating func named(_ what: String) -> Character {
            let letter = spare.next() ?? "?"
            notes.append("    \(letter) = \(what)")
            return letter
        }
    }
}

extension Instant {
    /// A second of 1970: where a frame of a marble diagram lies.
    static func second(_ second: Int64) -> Instant { Instant(milliseconds: second * 1_000) }
    /// The last nanosecond before it.
    var before: Instant { Instant(nanoseconds: nanoseconds - 1) }
    /// The first nanosecond behind it.
    var after: Instant { Instant(nanoseconds: nanoseconds + 1) }
}
