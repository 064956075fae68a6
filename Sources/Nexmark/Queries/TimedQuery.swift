import Weir
import WeirApp

/// The queries whose latency is measured: one in a single stage, the same behind an exchange, and
/// one of windows.
enum TimedQuery: String, CaseIterable {
    case q1, q1hop, q5

    /// Adds the query to a flow that reads `events`, with a sink that tells when each row came.
    func add(
        to flow: Flow, _ events: DataStream<AuctionEvent>, _ causes: AuctionCauses,
        _ arrivals: ArrivalTimes
    ) {
        switch self {
        case .q1:
            StatelessQueries.converted(events).tally("rows") {
                if let cause = causes.event(of: $0) { arrivals.arrived(cause) }
                return $0.folded
            }
        case .q1hop:
            StatelessQueries.exchanged(events).tally("rows") {
                if let cause = causes.event(of: $0) { arrivals.arrived(cause) }
                return $0.folded
            }
        case .q5:
            WindowQueries.hotItems(events).tally("rows") {
                if let cause = causes.event(closing: $0) { arrivals.arrived(cause) }
                return $0.folded
            }
        }
    }
}

/// Which event let a row come, of events that lie in memory in the order of their times.
struct AuctionCauses: Sendable {
    let memory: AuctionMemory
    /// How many milliseconds of event time one lap is later than the one before.
    private let span: Int64

    init(_ memory: AuctionMemory) {
        self.memory = memory
        span = Lap(1, events: memory.count).time
    }

    /// The number of the bid that became this row, over all laps; nil where it is none of them.
    func event(of row: ConvertedBid) -> Int? {
        let (lap, first) = firstEvent(at: row.dateTime)
        let sameTime = first..<first + Int(AuctionWorkload.eventsPerMillisecond)
        return sameTime.clamped(to: 0..<memory.count)
            .first { memory.events[$0].extra == row.extra }
            .map { lap * memory.count + $0 }
    }

    /// The number of the event that let the watermark come to the end of this row's window.
    func event(closing row: HotItem) -> Int? {
        let (lap, first) = firstEvent(at: row.windowEnd + BareWatermark.delay)
        // Between two laps no event happens.
        return lap * memory.count + min(first, memory.count)
    }

    /// The lap of a time of event time, and the first event of that lap that happens at it.
    private func firstEvent(at time: Int64) -> (lap: Int, index: Int) {
        let (lap, offset) = (time - AuctionWorkload.start).quotientAndRemainder(dividingBy: span)
        return (Int(lap), Int(offset) * Int(AuctionWorkload.eventsPerMillisecond))
    }
}
