/// An event of the auction workload: somebody registered, put something up for auction, or bid.
///
/// It is a record of 64 bytes without pointers, as the workload's binary file has it: names and
/// words are indices of lists (`AuctionWords`). The first word is packed, since a record that
/// begins with several small fields is copied field by field.
struct AuctionEvent: Codable, Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        case person = 0
        case auction = 1
        case bid = 2
    }

    /// The kind in the lowest byte, three small numbers in the next ones, and one of 32 bits above.
    private(set) var head: UInt64
    /// When it happened, in milliseconds since 1970.
    var dateTime: Int64
    /// A person's or an auction's identity; the auction of a bid.
    var identity: Int64
    /// A person's card number, an auction's seller, a bid's bidder.
    var party: Int64
    /// An auction's first bid, or what a bid offers.
    var price: Int64
    /// An auction's reserve; the number in a bid's address.
    var second: Int64
    /// When an auction ends, in milliseconds since 1970.
    var expires: Int64
    /// 64 bits that are carried along.
    var extra: UInt64

    init(
        kind: Kind, small: (UInt8, UInt8, UInt8) = (0, 0, 0), wide: UInt32 = 0, dateTime: Int64,
        identity: Int64, party: Int64, price: Int64 = 0, second: Int64 = 0, expires: Int64 = 0,
        extra: UInt64
    ) {
        head =
            UInt64(kind.rawValue) | UInt64(small.0) << 8 | UInt64(small.1) << 16
            | UInt64(small.2) << 24 | UInt64(wide) << 32
        self.dateTime = dateTime
        self.identity = identity
        self.party = party
        self.price = price
        self.second = second
        self.expires = expires
        self.extra = extra
    }

    var isPerson: Bool { head & 0xFF == 0 }
    var isAuction: Bool { head & 0xFF == 1 }
    var isBid: Bool { head & 0xFF == 2 }
    /// A person's first name, or an auction's category.
    var first: Int { Int(head >> 8 & 0xFF) }
    /// A person's last name.
    var last: Int { Int(head >> 16 & 0xFF) }
    /// A person's city.
    var city: Int { Int(head >> 24 & 0xFF) }
    /// A person's state, or the number of a bid's channel that has no name.
    var wide: Int { Int(head >> 32) }
}
