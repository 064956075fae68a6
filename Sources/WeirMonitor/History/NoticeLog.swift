/// How much of a run is known: what was recorded up to a sample, or everything.
package enum Knowledge: Equatable, Sendable {
    /// What came with the samples up to this one, by their number in order.
    case upTo(UInt64)
    case all

    package func holds(_ sample: UInt64) -> Bool {
        switch self {
        case .upTo(let last): sample <= last
        case .all: true
        }
    }
}

/// A line of the news: a notice, and how often it had come by the moment that is looked at.
package struct NoticeLine: Equatable, Sendable {
    /// The same for the same line at all times.
    package var id: UInt64
    /// The first one.
    package var notice: Notice
    package var count: Int
    /// When it came last, microseconds since the run's start.
    package var lastTime: Int64
    /// Where the last one stands among all.
    var rank: UInt64
}

/// The notices of a run as lines, one for each thing that is said however often that is; and what
/// they were at any sample before.
///
/// `Timeline` appends in the order of recording, with the number of the sample that a notice comes
/// with; whoever shows lines asks for those of a moment (`lines`). Time of day plays no part: a
/// notice may be recorded long after it happened, and is known from then on.
///
/// Bounded: each severity has room of its own, in which a new line takes the place of the one that
/// was silent longest. So warnings never push out a violation. What is let go is counted and
/// stays in the trace.
package struct NoticeLog: Sendable {
    /// The lines of a severity that are kept.
    package static func capacity(_ severity: Notice.Severity) -> Int {
        switch severity {
        case .violation, .error: 200
        case .warning: 500
        case .note: 100
        }
    }

    private var rooms: [Room]
    /// All that came, also what was let go.
    package private(set) var counts = NoticeCounts()
    /// Lines that were let go.
    package private(set) var forgotten: UInt64 = 0
    private var appended: UInt64 = 0

    package init() {
        rooms = Notice.Severity.allCases.map { Room(capacity: Self.capacity($0)) }
    }

    /// How many lines are kept.
    package var count: Int { rooms.reduce(0) { $0 + $1.rows.count } }

    /// Takes a notice that comes with a sample, by that sample's number in order. Numbers rise.
    package mutating func append(_ notice: Notice, sample: UInt64) {
        counts.add(notice)
        appended += 1
        let moment = NoticeMoment(
            sample: sample, step: notice.step, time: notice.time, rank: appended,
            count: notice.count)
        if rooms[notice.severity.rawValue].append(notice, moment) { forgotten &+= 1 }
    }

    /// The lines that were known: violations first, each part with the newest on top.
    package func lines(_ knowledge: Knowledge) -> [NoticeLine] {
        let known = rooms.map { room in
            room.rows.compactMap { $0.line(knowledge) }
        }
        let violations = known[Notice.Severity.violation.rawValue]
        let others = known.dropLast().flatMap(\.self)
        return violations.sorted { $0.rank > $1.rank } + others.sorted { $0.rank > $1.rank }
    }

    /// The moments at which something more than a note came, in any order.
    func moments(from severity: Notice.Severity) -> [NoticeMoment] {
        rooms[severity.rawValue...].flatMap { $0.rows.flatMap(\.moments) }
    }
}

/// A moment at which a notice came.
struct NoticeMoment: Equatable, Sendable {
    /// The number of the sample that it came with.
    var sample: UInt64
    var step: UInt64
    var time: Int64
    /// Where it stands among all notices.
    var rank: UInt64
    /// How often its line had come by then, itself included.
    var count: Int
}

/// The lines of one severity.
private struct Room: Sendable {
    let capacity: Int
    private(set) var rows: [NoticeRow] = []
    /// The place of each line's row.
    private var places: [NoticeRow.Identity: Int] = [:]

    init(capacity: Int) { self.capacity = capacity }

    /// True when another line was let go for it.
    mutating func append(_ notice: Notice, _ moment: NoticeMoment) -> Bool {
        let identity = NoticeRow.Identity(notice)
        if let place = places[identity] {
            rows[place].append(moment)
            return false
        }
        let row = NoticeRow(notice, moment)
        guard rows.count == capacity,
            let silent = rows.indices.min(by: { rows[$0].lastRank < rows[$1].lastRank })
        else {
            places[identity] = rows.count
            rows.append(row)
            return false
        }
        places[NoticeRow.Identity(rows[silent].notice)] = nil
        places[identity] = silent
        rows[silent] = row
        return true
    }
}

/// One line, and when it came.
private struct NoticeRow: Sendable {
    /// What makes two notices the same thing said again: the invariant that does not hold, else
    /// the place and the words.
    struct Identity: Hashable, Sendable {
        var place: String
        var text: String

        init(_ notice: Notice) {
            place = notice.place
            text = notice.severity == .violation ? "" : notice.text
        }
    }

    /// The moments that are kept. Of more, every other one of the older half goes: a look at that
    /// time then finds the count of the one before.
    private static let maximumMoments = 256

    let id: UInt64
    let notice: Notice
    private(set) var moments: [NoticeMoment]

    init(_ notice: Notice, _ moment: NoticeMoment) {
        id = moment.rank
        self.notice = notice
        moments = [moment]
    }

    var lastRank: UInt64 { moments[moments.count - 1].rank }

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
