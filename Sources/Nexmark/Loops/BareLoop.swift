/// A query written by hand: what its answer costs without an engine.
///
/// One thread, one event at a time in the order in which they come, windows that the watermark
/// closes, and nothing looks ahead. It is what a query's cost is divided by, so that it is written
/// to be fast and not to be read; the same query as a user writes it stands in `Queries`.
protocol BareLoop: ~Copyable {
    init()
    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows)
    /// No event at or before `watermark` comes any more.
    mutating func advance(to watermark: Int64, _ rows: inout BareRows)
}

/// What is added to the events of one lap: the same events are read several times, later and with
/// other identities each time, as if the stream were longer.
struct Lap: Sendable {
    /// Milliseconds that are added to each time.
    var time: Int64
    /// What is added to the identity of each person.
    var people: Int64
    /// What is added to the identity of each auction.
    var auctions: Int64

    /// The events as they are.
    static let first = Lap(0, events: 0)

    /// Lap `number`, from 0, of so many events. Times go on at a whole number of ten seconds.
    init(_ number: Int, events: Int) {
        let span = (events / Int(AuctionWorkload.eventsPerMillisecond) + 9_999) / 10_000 * 10_000
        let epochs = events / Int(AuctionWorkload.epochEvents)
        time = Int64(number * span)
        people = Int64(number * epochs)
        auctions = Int64(number * epochs * 3)
    }
}

/// The rows of a bare loop: counted and folded, or written as text.
struct BareRows {
    private(set) var count: UInt64 = 0
    private(set) var folded: UInt64 = 0
    private(set) var text: [UInt8] = []
    /// Whether the rows are written besides.
    let isWriting: Bool

    init(isWriting: Bool = false) { self.isWriting = isWriting }

    /// Empties the text, which was written, and keeps its room.
    mutating func removeText() { text.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func add(_ row: some AuctionRow) {
        count &+= 1
        folded ^= row.folded
        if isWriting {
            row.append(to: &text)
            text.append(UInt8(ascii: "\n"))
        }
    }
}

/// When the watermark of the workload moves: it stays `delay` behind the greatest time that was
/// seen, and moves once that has grown by `interval` or more.
struct BareWatermark {
    static let delay: Int64 = 4_000
    static let interval: Int64 = 100

    private var greatest = Int64.min
    /// The greatest time at the last emission.
    private var emitted = -interval

    /// The watermark behind an event at this time; nil where it does not move.
    @inline(__always)
    mutating func behind(_ time: Int64) -> Int64? {
        guard time > greatest else { return nil }
        greatest = time
        guard time &- emitted >= Self.interval else { return nil }
        emitted = time
        return time &- Self.delay &- 1
    }
}

extension BareLoop where Self: ~Copyable {
    /// Runs the loop over so many laps of events, with the closing watermark.
    static func run(
        over events: UnsafeBufferPointer<AuctionEvent>, laps: Int, _ rows: inout BareRows
    ) {
        var loop = Self()
        var watermark = BareWatermark()
        for number in 0..<laps {
            let lap = Lap(number, events: events.count)
            var index = 0
            while index < events.count {
                loop.take(events[index], lap, &rows)
                if let time = watermark.behind(events[index].dateTime &+ lap.time) {
                    loop.advance(to: time, &rows)
                }
                index &+= 1
            }
        }
        loop.advance(to: .max, &rows)
    }
}
