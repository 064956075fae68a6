package import WeirBase

/// How much of a run is known at the moment that is looked at: what was recorded up to a sample, or
/// everything. Samples are numbered in the order in which the timeline took them.
package enum Knowledge: Equatable, Sendable {
    /// What came with the samples up to this one, by their number in order.
    case upTo(UInt64)
    /// Everything that came so far.
    case all

    /// Whether what came together with a sample is known.
    package func holds(_ sample: UInt64) -> Bool {
        switch self {
        case .upTo(let last): sample <= last
        case .all: true
        }
    }
}

/// A line of the list of notices: a notice, and how often it had come by the moment that is looked
/// at.
package struct NoticeLine: Equatable, Sendable {
    /// Identifies the line, and is the same at all moments: a view that chose a line finds it
    /// again.
    package var id: UInt64
    /// The first notice of the line.
    package var notice: Notice
    /// How often it had come.
    package var count: Int
    /// When it came last.
    package var lastTime: RunTime
    /// The position of the last one among all notices of the run; lines are sorted by it.
    var rank: UInt64
}

/// The notices of a run as lines, one for each thing that is said however often it is; and what the
/// lines were at any sample before.
///
/// `Timeline` appends in the order of recording, with the number of the sample that a notice comes
/// with, and whoever shows lines asks for those of a moment (`lines`). The time of day plays no
/// part: a notice may be recorded long after it happened, and is known from then on.
///
/// The log is bounded. Each severity has room of its own, in which a new line replaces the one that
/// was silent longest, so that warnings never push out a violation. What is let go is counted and
/// stays in the trace. Appending finds its line in constant time; a line that replaces another
/// costs a walk over the room, and asking for lines costs a walk over everything that is kept.
package struct NoticeLog: Sendable {
    /// How many lines of a severity are kept; more than a person scrolls through. Warnings have the
    /// most room: their text holds the values of the log's fields, so that they rarely fall into
    /// one line.
    package static func capacity(_ severity: Notice.Severity) -> Int {
        switch severity {
        case .violation, .error: 200
        case .warning: 500
        case .note: 100
        }
    }

    /// By the raw value of the severity.
    private var rooms: [Room]
    /// How many notices came in all, those that were let go included.
    package private(set) var counts = NoticeCounts()
    /// How many lines were let go since the run's start.
    package private(set) var forgotten: UInt64 = 0
    /// How many notices were appended, which is the rank of the last one.
    private var appended: UInt64 = 0

    package init() {
        rooms = Notice.Severity.allCases.map { Room(capacity: Self.capacity($0)) }
    }

    /// How many lines are kept.
    package var count: Int { rooms.reduce(0) { $0 + $1.rows.count } }
    /// How many lines there were since the run's start, those that were let go among them.
    package var lineCount: UInt64 { forgotten &+ UInt64(count) }

    /// Takes a notice that comes with a sample, by that sample's number. The numbers never fall
    /// from one call to the next.
    package mutating func append(_ notice: Notice, sample: UInt64) {
        counts.add(notice)
        appended += 1
        let moment = NoticeMoment(
            sample: sample, step: notice.step, time: notice.time, rank: appended,
            count: notice.count)
        if rooms[notice.severity.rawValue].append(notice, moment) { forgotten &+= 1 }
    }

    /// The lines that were known: violations first, then everything else, each part with the newest
    /// on top. A warning that comes every second would otherwise hide the violation above it.
    package func lines(_ knowledge: Knowledge) -> [NoticeLine] {
        let known = rooms.map { room in
            room.rows.compactMap { $0.line(knowledge) }
        }
        let violations = known[Notice.Severity.violation.rawValue]
        // Violations are the last of the severities.
        let others = known.dropLast().flatMap(\.self)
        return violations.sorted { $0.rank > $1.rank } + others.sorted { $0.rank > $1.rank }
    }

    /// The kept moments at which something of a severity or a worse one came, in any order.
    func moments(from severity: Notice.Severity) -> [NoticeMoment] {
        rooms[severity.rawValue...].flatMap { $0.rows.flatMap(\.moments) }
    }
}

/// A moment at which a notice came, and what its line counted then.
struct NoticeMoment: Equatable, Sendable {
    /// The number of the sample that it came with.
    var sample: UInt64
    var step: Step
    var time: RunTime
    /// Its position among all notices of the run.
    var rank: UInt64
    /// How often its line had come by then, this time included.
    var count: Int
}

/// The lines of one severity, at most `capacity` of them.
private struct Room: Sendable {
    let capacity: Int
    private(set) var rows: [NoticeRow] = []
    /// The index in `rows` of each line. It is only looked up and never gone through, so that the
    /// order of hashing reaches nothing.
    private var indices: [NoticeRow.Identity: Int] = [:]

    init(capacity: Int) { self.capacity = capacity }

    /// Takes a notice into its line, or a line of its own; true when another line was let go for
    /// it.
    mutating func append(_ notice: Notice, _ moment: NoticeMoment) -> Bool {
        let identity = NoticeRow.Identity(notice)
        if let index = indices[identity] {
            rows[index].append(moment)
            return false
        }
        let row = NoticeRow(notice, moment)
        guard rows.count == capacity,
            let silent = rows.indices.min(by: { rows[$0].lastRank < rows[$1].lastRank })
        else {
            indices[identity] = rows.count
            rows.append(row)
            return false
        }
        indices[NoticeRow.Identity(rows[silent].notice)] = nil
        indices[identity] = silent
        rows[silent] = row
        return true
    }
}

/// One line, and the moments at which it came.
private struct NoticeRow: Sendable {
    /// What makes two notices the same thing said again. A violation is the same when its invariant
    /// is, whatever value broke it; anything else is the same when its origin and its words are.
    struct Identity: Hashable, Sendable {
        var origin: String
        var text: String

        init(_ notice: Notice) {
            origin = notice.origin
            text = notice.severity == .violation ? "" : notice.text
        }
    }

    /// The moments that are kept of one line. Of more, every other one of the older half goes; a
    /// look at that time then finds the count of the moment before. So the past becomes coarser the
    /// further back it lies, and a line that came a million times still costs some ten kilobytes.
    private static let maximumMoments = 256

    let id: UInt64
    let notice: Notice
    private(set) var moments: [NoticeMoment]

    init(_ notice: Notice, _ moment: NoticeMoment) {
        id = moment.rank
        self.notice = notice
        moments = [moment]
    }

    /// When the line came last, as its position among all notices.
    var lastRank: UInt64 { moments[moments.count - 1].rank }

    /// The line came once more.
    mutating func append(_ moment: NoticeMoment) {
        var next = moment
        let last = moments[moments.count - 1]
        next.count = last.count &+ moment.count
        if last.sample == next.sample {
            // Between two samples nobody can look: the newest stands for all of them.
            moments[moments.count - 1] = next
            return
        }
        if moments.count == Self.maximumMoments {
            let half = Self.maximumMoments / 2
            let kept = moments[..<half].enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            moments.replaceSubrange(..<half, with: kept)
        }
        moments.append(next)
    }

    /// The line as it was known; nil before it first came.
    func line(_ knowledge: Knowledge) -> NoticeLine? {
        guard let known = moments.last(where: { knowledge.holds($0.sample) }) else { return nil }
        return NoticeLine(
            id: id, notice: notice, count: known.count, lastTime: known.time,
            rank: known.rank)
    }
}
