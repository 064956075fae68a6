import Weir

/// Reads events of the workload from the members of a line, as far as a query needs them.
struct AuctionReader {
    private let wanted: (person: WantedFields, auction: WantedFields, bid: WantedFields)
    private let type: JSONMember<String>
    private let dateTime: JSONMember<Int64>
    private let id: JSONMember<Int64>
    private let auction: JSONMember<Int64>
    private let bidder: JSONMember<Int64>
    private let seller: JSONMember<Int64>
    private let price: JSONMember<Int64>
    private let expires: JSONMember<Int64>
    private let category: JSONMember<UInt8>
    private let extra: JSONMember<String>
    private let name: JSONMember<String>
    private let city: JSONMember<String>
    private let state: JSONMember<String>

    init(_ query: AuctionQuery, _ members: inout JSONMembers) {
        wanted = query.wanted
        type = members.member("type")
        auction = members.member("auction")
        bidder = members.member("bidder")
        price = members.member("price")
        dateTime = members.member("dateTime")
        extra = members.member("extra")
        id = members.member("id")
        seller = members.member("seller")
        expires = members.member("expires")
        category = members.member("category")
        name = members.member("name")
        city = members.member("city")
        state = members.member("state")
    }

    /// The event of a line.
    @inline(__always)
    func event(_ line: borrowing JSONObject) throws -> AuctionEvent {
        if try line.isText(type, "bid") { return try bid(line) }
        return try other(line)
    }

    @inline(__always)
    private func bid(_ line: borrowing JSONObject) throws -> AuctionEvent {
        let wanted = wanted.bid
        return AuctionEvent(
            kind: .bid, dateTime: try line[dateTime],
            identity: wanted.contains(.identity) ? try line[auction] : 0,
            party: wanted.contains(.party) ? try line[bidder] : 0,
            price: wanted.contains(.price) ? try line[price] : 0,
            extra: wanted.contains(.extra) ? try hexadecimal(line) : 0)
    }

    /// One event in twelve is no bid.
    @inline(never)
    private func other(_ line: borrowing JSONObject) throws -> AuctionEvent {
        if try line.isText(type, "auction") {
            let wanted = wanted.auction
            return AuctionEvent(
                kind: .auction,
                small: (wanted.contains(.category) ? try line[category] : 0, 0, 0),
                dateTime: try line[dateTime],
                identity: wanted.contains(.identity) ? try line[id] : 0,
                party: wanted.contains(.party) ? try line[seller] : 0,
                expires: wanted.contains(.expires) ? try line[expires] : 0, extra: 0)
        }
        guard try line.isText(type, "person") else {
            throw MalformedLine("member type is none of person, auction and bid")
        }
        let wanted = wanted.person
        let words = wanted.contains(.words) ? try words(line) : ((0, 0, 0), 0)
        return AuctionEvent(
            kind: .person, small: words.0, wide: words.1, dateTime: try line[dateTime],
            identity: wanted.contains(.identity) ? try line[id] : 0, party: 0, extra: 0)
    }

    /// The 64 bits that `extra` writes as 16 hex digits.
    @inline(__always)
    private func hexadecimal(_ line: borrowing JSONObject) throws -> UInt64 {
        let value = try line.withBytes(of: extra) { bytes in
            bytes.byteCount == 16
                ? AuctionText.hexadecimal(
                    bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self),
                    bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 8, as: UInt64.self)) : nil
        }
        guard let value else { throw MalformedLine("member extra is no 16 hex digits") }
        return value
    }

    /// A person's words as indices of the workload's lists.
    private func words(
        _ line: borrowing JSONObject
    ) throws -> (small: (UInt8, UInt8, UInt8), wide: UInt32) {
        let words = AuctionText.words(name: try line[name], city: try line[city])
        guard let words, let state = AuctionWords.states.firstIndex(of: try line[state]) else {
            throw MalformedLine("a person's name, city or state is none of the workload's")
        }
        return (words, UInt32(state))
    }
}

/// What the texts of the workload's lines stand for.
enum AuctionText {
    /// Sixteen hex digits in small letters, as they lie in two words; nil for anything else.
    @inline(__always)
    static func hexadecimal(_ high: UInt64, _ low: UInt64) -> UInt64? {
        guard let high = half(UInt64(littleEndian: high)),
            let low = half(UInt64(littleEndian: low))
        else { return nil }
        return high << 32 | low
    }

    /// Eight digits, the first lowest: each becomes four bits, then they are moved together.
    @inline(__always)
    private static func half(_ text: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // Above '9' are the letters, which lie at 0x61 and have 9 added to their lower bits.
        let letters = (text >> 6) & ones
        let values = (text & (ones &* 0x0F)) &+ letters &* 9
        // Written again it has to be the same text, or it was none; letters behind 'f' would be,
        // and are more than four bits.
        let above = ((values &+ ones &* 6) >> 4) & ones
        guard values &+ ones &* 0x30 &+ above &* 0x27 == text, values & (ones &* 0xF0) == 0
        else { return nil }
        var packed = (values << 4 | values >> 8) & 0x00FF_00FF_00FF_00FF
        packed = (packed << 8 | packed >> 16) & 0x0000_FFFF_0000_FFFF
        return (packed << 16 | packed >> 32) & 0xFFFF_FFFF
    }

    /// First name, last name and city as indices of the workload's lists.
    static func words(name: String, city: String) -> (UInt8, UInt8, UInt8)? {
        let names = name.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, let first = AuctionWords.firstNames.firstIndex(of: names[0]),
            let last = AuctionWords.lastNames.firstIndex(of: names[1]),
            let city = AuctionWords.cities.firstIndex(of: city)
        else { return nil }
        return (UInt8(first), UInt8(last), UInt8(city))
    }
}

extension AuctionQuery {
    /// The events of a file of JSON Lines, as far as the query needs them.
    func lines(_ path: String? = nil) -> Source<AuctionEvent> {
        .jsonObjects(
            path, eventTime: { Instant(milliseconds: $0.dateTime) },
            watermark: .boundedDisorder(.milliseconds(4_000))
        ) { members in
            let reader = AuctionReader(self, &members)
            return { line in try reader.event(line) }
        }
    }
}
