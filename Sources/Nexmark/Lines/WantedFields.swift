/// What a query needs of an event besides its kind and its time: only that is decoded of a line.
struct WantedFields: OptionSet, Sendable {
    let rawValue: UInt32

    /// The event's own identity, or the auction of a bid.
    static let identity = WantedFields(rawValue: 1)
    /// An auction's seller, a bid's bidder.
    static let party = WantedFields(rawValue: 2)
    static let price = WantedFields(rawValue: 4)
    static let extra = WantedFields(rawValue: 8)
    /// A person's name, city and state.
    static let words = WantedFields(rawValue: 16)
    static let category = WantedFields(rawValue: 32)
    /// When an auction ends.
    static let expires = WantedFields(rawValue: 64)
}

extension AuctionQuery {
    /// What the query needs of an event of each kind; nothing of those that it passes over.
    var wanted: (person: WantedFields, auction: WantedFields, bid: WantedFields) {
        switch self {
        case .q0, .q1, .q1hop: ([], [], [.identity, .party, .price, .extra])
        case .q2: ([], [], [.identity, .price])
        case .q3: ([.identity, .words], [.identity, .party, .category], [])
        case .q4: ([], [.identity, .category, .expires], [.identity, .price])
        case .q5: ([], [], [.identity])
        case .q7: ([], [], [.identity, .price, .party])
        case .q8: ([.identity, .words], [.party], [])
        case .q11: ([], [], [.party])
        }
    }
}
