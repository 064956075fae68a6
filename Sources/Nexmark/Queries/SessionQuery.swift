import Weir

/// q11: each bidder's sessions; bids at most ten seconds apart belong to one.
enum SessionQuery {
    static func sessions(_ events: DataStream<AuctionEvent>) -> DataStream<BidderSession> {
        events.filter("bids") { $0.isBid }
            .keyed(by: \.party)
            .process(
                "sessions", state: Sessions(), emitting: BidderSession.self,
                onTimer: { bidder, sessions, context in sessions.close(bidder, &context) }
            ) { event, sessions, context in
                sessions.take(event.dateTime, &context)
            }
    }

    struct Session: Codable, Equatable, Sendable {
        var first: Int64
        var last: Int64
        var bids: Int64

        /// Whether the times from one to another one are at most a gap away.
        func touches(_ other: Session) -> Bool {
            other.first <= last + SessionQuery.gap && first <= other.last + SessionQuery.gap
        }
    }

    /// The longest pause within a session, in milliseconds.
    private static let gap: Int64 = 10_000

    /// The open sessions of one bidder, by their first bids. Mostly there is one.
    struct Sessions: Codable, Equatable, Sendable {
        var open: [Session] = []

        mutating func take(_ time: Int64, _ context: inout OperatorContext<BidderSession>) {
            var joined = Session(first: time, last: time, bids: 1)
            if open.count == 1, open[0].touches(joined) {
                open[0].first = min(open[0].first, time)
                open[0].last = max(open[0].last, time)
                open[0].bids += 1
                return
            }
            for session in open where session.touches(joined) {
                joined = Session(
                    first: min(session.first, joined.first), last: max(session.last, joined.last),
                    bids: session.bids + joined.bids)
            }
            if joined.bids == 1 { setTimer(behind: joined, &context) }
            open.removeAll { joined.first <= $0.first && $0.last <= joined.last }
            open.append(joined)
            open.sort { $0.first < $1.first }
        }

        /// Gives out the sessions that are over, and asks to be called again for the next one.
        mutating func close(_ bidder: Int64, _ context: inout OperatorContext<BidderSession>) {
            let time = context.eventTime
            while let session = open.first, Self.end(of: session) <= time {
                open.removeFirst()
                context.emit(
                    BidderSession(
                        bidder: bidder, bids: session.bids, first: session.first,
                        end: session.last + SessionQuery.gap))
            }
            if let next = open.first { setTimer(behind: next, &context) }
        }

        private func setTimer(
            behind session: Session, _ context: inout OperatorContext<BidderSession>
        ) {
            context.setTimer(atEventTime: Self.end(of: session))
        }

        /// The last instant at which a bid may still belong to it.
        private static func end(of session: Session) -> Instant {
            Instant(milliseconds: session.last + SessionQuery.gap - 1)
        }
    }
}
