import Weir

/// Reads events of the workload from the members of a line, as far as a query needs them.
struct AuctionReader {
    /// Which member each field of an event is read from, by the kind of the event; its time, which
    /// all have, and a person's words are read besides.
    private static let names:
        (
            person: KeyValuePairs<WantedFields, String>,
            auction: KeyValuePairs<WantedFields, String>, bid: KeyValuePairs<WantedFields, String>
        ) = (
            [.identity: "id"],
            [.identity: "id", .party: "seller", .expires: "expires", .category: "category"],
            [.identity: "auction", .party: "bidder", .price: "price", .extra: "extra"]
        )

    /// The members of one kind of event; nil for those that it has not or the query does not need.
    private struct Members {
        let identity: JSONMember<Int64>?
        let party: JSONMember<Int64>?
        let price: JSONMember<Int64>?
        let expires: JSONMember<Int64>?
        let category: JSONMember<UInt8>?
        let extra: JSONMember<String>?
        let words: Words?

        init(
            _ names: KeyValuePairs<WantedFields, String>, _ wanted: WantedFields,
            in members: inout JSONMembers
        ) {
            func member<Value: JSONReadable>(_ field: WantedFields) -> JSONMember<Value>? {
                guard wanted.contains(field), let name = names.first(where: { $0.key == field })
                else { return nil }
                return members.member(name.value)
            }
            (identity, party, price) = (member(.identity), member(.party), member(.price))
            (expires, category, extra) = (member(.expires), member(.category), member(.extra))
            words = wanted.contains(.words) ? Words(&members) : nil
        }
    }

    /// A person's words as indices of the workload's lists.
    private struct Words {
        let name: JSONMember<String>
        let city: JSONMember<String>
        let state: JSONMember<String>

        init(_ members: inout JSONMembers) {
            name = members.member("name")
            city = members.member("city")
            state = members.member("state")
        }

        func read(
            _ line: borrowing JSONObject
        ) throws -> (small: (UInt8, UInt8, UInt8), wide: UInt32) {
            let words = AuctionText.words(name: try line[name], city: try line[city])
            guard let words, let state = AuctionWords.states.firstIndex(of: try line[state]) else {
                throw MalformedLine("a person's name, city or state is none of the workload's")
            }
            return (words, UInt32(state))
        }
    }

    private let type: JSONMember<String>
    private let dateTime: JSONMember<Int64>
    private let bid: Members
    private let auction: Members
    private let person: Members

    init(_ query: AuctionQuery, _ members: inout JSONMembers) {
        let (names, wanted) = (Self.names, query.wanted)
        type = members.member("type")
        dateTime = members.member("dateTime")
        bid = Members(names.bid, wanted.bid, in: &members)
        auction = Members(names.auction, wanted.auction, in: &members)
        person = Members(names.person, wanted.person, in: &members)
    }

    /// The event of a line.
    @inline(__always)
    func event(_ line: borrowing JSONObject) throws -> AuctionEvent {
        if try line.isText(type, "bid") { return try event(.bid, bid, line) }
        return try other(line)
    }

    /// One event in twelve is no bid: what bids have not is read here.
    @inline(never)
    private func other(_ line: borrowing JSONObject) throws -> AuctionEvent {
        if try line.isText(type, "auction") {
            let category = if let member = auction.category { try line[member] } else { UInt8(0) }
            var event = try event(.auction, auction, line, small: (category, 0, 0))
            event.expires = try number(auction.expires, line)
            return event
        }
        guard try line.isText(type, "person") else {
            throw MalformedLine("member type is none of person, auction and bid")
        }
        guard let words = try person.words?.read(line) else {
            return try event(.person, person, line)
        }
        return try event(.person, person, line, small: words.small, wide: words.wide)
    }

    @inline(__always)
    private func event(
        _ kind: AuctionEvent.Kind, _ members: Members, _ line: borrowing JSONObject,
        small: (UInt8, UInt8, UInt8) = (0, 0, 0), wide: UInt32 = 0
    ) throws -> AuctionEvent {
        AuctionEvent(
            kind: kind, small: small, wide: wide, dateTime: try line[dateTime],
            identity: try number(members.identity, line), party: try number(members.party, line),
            price: try number(members.price, line), extra: try hexadecimal(members.extra, line))
    }

    @inline(__always)
    private func number(
        _ member: JSONMember<Int64>?, _ line: borrowing JSONObject
    ) throws -> Int64 {
        if let member { try line[member] } else { 0 }
    }

    /// The 64 bits that a member writes as 16 hex digits.
    @inline(__always)
    private func hexadecimal(
        _ member: JSONMember<String>?, _ line: borrowing JSONObject
    ) throws -> UInt64 {
        guard let member else { return 0 }
        let value = try line.withBytes(of: member) { bytes in
            bytes.byteCount == 16
                ? AuctionText.hexadecimal(
                    bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self),
                    bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 8, as: UInt64.self)) : nil
        }
        guard let value else { throw MalformedLine("member extra is no 16 hex digits") }
        return value
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
