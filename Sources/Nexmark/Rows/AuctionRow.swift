/// A row that a query gives out.
protocol AuctionRow: Codable, Sendable {
    /// The row's numbers in one, for sinks that count rows and write none: that something reads
    /// every field keeps a compiler from leaving the work out.
    var folded: UInt64 { get }
    /// Adds the row as a line of JSON, without its end.
    func append(to line: inout [UInt8])
}

/// A bid as it came, of q0.
struct PassedBid: AuctionRow {
    var auction: Int64
    var bidder: Int64
    var price: Int64
    var dateTime: Int64
    var extra: UInt64

    init(_ bid: AuctionEvent, _ lap: Lap = .first) {
        auction = bid.identity &+ lap.auctions
        bidder = bid.party &+ lap.people
        price = bid.price
        dateTime = bid.dateTime &+ lap.time
        extra = bid.extra
    }

    var folded: UInt64 {
        UInt64(bitPattern: auction ^ bidder ^ price ^ dateTime) ^ extra
    }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"auction\":", auction)
        line.append(text: ",\"bidder\":", bidder)
        line.append(text: ",\"price\":", price)
        line.append(text: ",\"dateTime\":", dateTime)
        line.append(extra: extra)
    }
}

/// A bid with its price in another currency, in thousandths, of q1.
struct ConvertedBid: AuctionRow {
    var auction: Int64
    var bidder: Int64
    var thousandths: Int64
    var dateTime: Int64
    var extra: UInt64

    init(_ bid: AuctionEvent, _ lap: Lap = .first) {
        auction = bid.identity &+ lap.auctions
        bidder = bid.party &+ lap.people
        thousandths = bid.price * 908
        dateTime = bid.dateTime &+ lap.time
        extra = bid.extra
    }

    var folded: UInt64 {
        UInt64(bitPattern: auction ^ bidder ^ thousandths ^ dateTime) ^ extra
    }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"auction\":", auction)
        line.append(text: ",\"bidder\":", bidder)
        line.append(text: ",\"price\":", thousandths / 1_000)
        line.append(UInt8(ascii: "."))
        for unit in [100, 10, 1] as [Int64] {
            line.append(UInt8(ascii: "0") + UInt8(thousandths / unit % 10))
        }
        line.append(text: ",\"dateTime\":", dateTime)
        line.append(extra: extra)
    }
}

/// A bid on one of a few auctions, of q2.
struct SelectedBid: AuctionRow {
    var auction: Int64
    var price: Int64

    var folded: UInt64 { UInt64(bitPattern: auction ^ price) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"auction\":", auction)
        line.append(text: ",\"price\":", price)
        line.append(text: "}")
    }
}

/// Who sells something of a category in some states, of q3.
struct LocalItem: AuctionRow {
    var seller: PersonWords
    var auction: Int64

    var folded: UInt64 { UInt64(bitPattern: auction) ^ UInt64(seller.packed) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"name\":\"\(seller.name)\",\"city\":\"\(seller.city)\"")
        line.append(text: ",\"state\":\"\(seller.state)\",\"id\":", auction)
        line.append(text: "}")
    }
}

/// The average of the highest bids of a category, of q4.
struct CategoryAverage: AuctionRow {
    var category: Int64
    var average: Int64

    var folded: UInt64 { UInt64(bitPattern: category ^ average) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"category\":", category)
        line.append(text: ",\"avg\":", average)
        line.append(text: "}")
    }
}

/// An auction with the most bids of a window, of q5.
struct HotItem: AuctionRow {
    var auction: Int64
    var bids: Int64
    var windowStart: Int64
    var windowEnd: Int64

    var folded: UInt64 { UInt64(bitPattern: auction ^ bids ^ windowEnd) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"auction\":", auction)
        line.append(text: ",\"num\":", bids)
        line.append(text: ",\"windowStart\":", windowStart)
        line.append(text: ",\"windowEnd\":", windowEnd)
        line.append(text: "}")
    }
}

/// A bid with the highest price of a window, of q7.
struct HighestBid: AuctionRow {
    var auction: Int64
    var price: Int64
    var bidder: Int64
    var dateTime: Int64

    init(_ bid: AuctionEvent, _ lap: Lap = .first) {
        auction = bid.identity &+ lap.auctions
        price = bid.price
        bidder = bid.party &+ lap.people
        dateTime = bid.dateTime &+ lap.time
    }

    var folded: UInt64 { UInt64(bitPattern: auction ^ price ^ bidder ^ dateTime) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"auction\":", auction)
        line.append(text: ",\"price\":", price)
        line.append(text: ",\"bidder\":", bidder)
        line.append(text: ",\"dateTime\":", dateTime)
        line.append(text: "}")
    }
}

/// Somebody who registered and sold something in one window, of q8.
struct NewSeller: AuctionRow {
    var person: Int64
    var words: PersonWords
    var windowStart: Int64

    var folded: UInt64 { UInt64(bitPattern: person ^ windowStart) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"id\":", person)
        line.append(text: ",\"name\":\"\(words.name)\",\"windowStart\":", windowStart)
        line.append(text: "}")
    }
}

/// A bidder's session, of q11.
struct BidderSession: AuctionRow {
    var bidder: Int64
    var bids: Int64
    var first: Int64
    /// Ten seconds behind the last bid.
    var end: Int64

    var folded: UInt64 { UInt64(bitPattern: bidder ^ bids ^ first ^ end) }

    func append(to line: inout [UInt8]) {
        line.append(text: "{\"bidder\":", bidder)
        line.append(text: ",\"count\":", bids)
        line.append(text: ",\"start\":", first)
        line.append(text: ",\"end\":", end)
        line.append(text: "}")
    }
}

/// What a query keeps of a person: name, city and state, as indices of the workload's lists.
struct PersonWords: Equatable, Sendable, Codable {
    private(set) var packed: UInt32

    init(_ person: AuctionEvent) {
        packed =
            UInt32(person.first) | UInt32(person.last) << 8 | UInt32(person.city) << 16
            | UInt32(person.wide) << 24
    }

    var name: String {
        AuctionWords.firstNames[Int(packed & 0xFF)] + " "
            + AuctionWords.lastNames[Int(packed >> 8 & 0xFF)]
    }
    var city: String { AuctionWords.cities[Int(packed >> 16 & 0xFF)] }
    var state: String { AuctionWords.states[Int(packed >> 24)] }
}

extension [UInt8] {
    mutating func append(text: StaticString) {
        append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(text: String) { append(contentsOf: text.utf8) }

    mutating func append(text: StaticString, _ number: Int64) {
        append(text: text)
        append(decimal: number)
    }

    mutating func append(text: String, _ number: Int64) {
        append(text: text)
        append(decimal: number)
    }

    /// Adds a number that is not negative.
    mutating func append(decimal number: Int64) {
        assert(number >= 0, "\(number) is negative")
        // Written from the end, and added at once: each addition looks whether there is room.
        var rest = number.magnitude
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var start = 20
        repeat {
            start &-= 1
            digits[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        digits.span.withUnsafeBufferPointer { append(contentsOf: $0[start...]) }
    }

    /// Adds the last member of a bid's row, and the row's end.
    mutating func append(extra: UInt64) {
        append(text: ",\"extra\":\"")
        append(hexadecimal: extra, digits: 16)
        append(text: "\"}")
    }

    mutating func append(hexadecimal number: UInt64, digits count: Int) {
        var digits: InlineArray<16, UInt8> = .init(repeating: 0)
        var rest = number
        var start = 16
        while start > 16 - count {
            start &-= 1
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            digits[start] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
            rest >>= 4
        }
        digits.span.withUnsafeBufferPointer { append(contentsOf: $0[start...]) }
    }
}
