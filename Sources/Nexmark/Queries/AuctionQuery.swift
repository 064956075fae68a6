import Weir

/// A query of the auction workload, by the name that it has in Nexmark.
enum AuctionQuery: String, CaseIterable, Sendable {
    /// Every bid as it came.
    case q0
    /// Every bid with its price in another currency.
    case q1
    /// The rows of q1, each in the subtask of its auction.
    case q1hop
    /// The bids on one in 123 auctions.
    case q2
    /// Auctions of one category with their sellers from three states.
    case q3
    /// For each category the average of its auctions' highest bids.
    case q4
    /// Of ten seconds, every two, the auctions with the most bids.
    case q5
    /// Of ten seconds the bids with the highest price.
    case q7
    /// Of ten seconds those who registered and put something up for auction.
    case q8
    /// Each bidder's sessions.
    case q11

    /// Adds the query to a flow that reads `events`; its rows go to the sink `rows`.
    func add(to flow: Flow, _ events: DataStream<AuctionEvent>, _ output: AuctionOutput) {
        switch self {
        case .q0: output.take(StatelessQueries.passed(events))
        case .q1: output.take(StatelessQueries.converted(events))
        case .q1hop: output.take(StatelessQueries.exchanged(events))
        case .q2: output.take(StatelessQueries.selected(events))
        case .q3: output.take(JoinQueries.localItems(events))
        case .q4: output.take(JoinQueries.averagePrices(events))
        case .q5: output.take(WindowQueries.hotItems(events))
        case .q7: output.take(WindowQueries.highestBids(events))
        case .q8: output.take(WindowQueries.newSellers(events))
        case .q11: output.take(SessionQuery.sessions(events))
        }
    }
}

/// What becomes of the rows of a query.
enum AuctionOutput: String, CaseIterable, Sendable {
    /// They are counted and folded, and not written.
    case count
    /// They are written as lines of JSON.
    case lines

    func take(_ rows: DataStream<some AuctionRow>) {
        switch self {
        case .count: rows.tally("rows") { $0.folded }
        case .lines: rows.write("rows", to: DiscardSink()) { row, line in row.append(to: &line) }
        }
    }
}
