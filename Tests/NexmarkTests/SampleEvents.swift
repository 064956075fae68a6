@testable import Nexmark

/// Events that a test makes, and the rows that each query is defined to give for them.
struct SampleEvents {
    /// In the order in which they come, at most 2.5 seconds behind the newest one.
    let events: [AuctionEvent]
    private var people: [AuctionEvent] { events.filter(\.isPerson) }
    private var auctions: [AuctionEvent] { events.filter(\.isAuction) }
    private var bids: [AuctionEvent] { events.filter(\.isBid) }

    init(seed: UInt64, count: Int) {
        events = (0..<count).map { Self.event(seed, $0) }
    }

    /// Of ten events one is a person, two are auctions and seven are bids. Identities are few, so
    /// that bids come before their auctions, and auctions before their sellers.
    private static func event(_ seed: UInt64, _ number: Int) -> AuctionEvent {
        func draw(_ index: UInt64, _ bound: UInt64) -> Int64 {
            Int64(AuctionWorkload.draw(seed, UInt64(number), index) % bound)
        }
        let time = AuctionWorkload.start + (Int64(number) * 130 + draw(0, 2_000)) / 500 * 500
        let extra = AuctionWorkload.draw(seed, UInt64(number), 1)
        let auction = 1_000 + Int64(number) / 10 * 2
        switch number % 10 {
        case 0:
            return AuctionEvent(
                kind: .person,
                small: (UInt8(draw(2, 16)), UInt8(draw(3, 16)), UInt8(draw(4, 10))),
                wide: UInt32(draw(5, 6)), dateTime: time, identity: 1_000 + Int64(number) / 10,
                party: 0, extra: extra)
        case 1, 2:
            return AuctionEvent(
                kind: .auction, small: (UInt8(10 + draw(2, 5)), 0, 0), dateTime: time,
                identity: auction + Int64(number % 10) - 1,
                party: 998 + Int64(number) / 10 + draw(3, 5), expires: time + draw(4, 9) * 1_000,
                extra: extra)
        default:
            return AuctionEvent(
                kind: .bid, dateTime: time, identity: max(1_000, auction + draw(2, 10) - 5),
                party: 1_000 + draw(3, 60), price: 100 + draw(4, 40) * 1_021, extra: extra)
        }
    }

    /// The sorted rows of a query.
    func rows(of query: AuctionQuery) -> [String] {
        let rows: [String]
        switch query {
        case .q0: rows = bids.map { Self.row($0, price: "\($0.price)") }
        case .q1, .q1hop: rows = bids.map { Self.row($0, price: Self.converted($0.price)) }
        case .q2:
            rows = bids.filter { $0.identity % 123 == 0 }
                .map { "{\"auction\":\($0.identity),\"price\":\($0.price)}" }
        case .q3: rows = localItems
        case .q4: rows = averages
        case .q5: rows = hotItems
        case .q7: rows = highestBids
        case .q8: rows = newSellers
        case .q11: rows = sessions
        }
        return rows.sorted()
    }

    private static func row(_ bid: AuctionEvent, price: String) -> String {
        "{\"auction\":\(bid.identity),\"bidder\":\(bid.party),\"price\":\(price),"
            + "\"dateTime\":\(bid.dateTime),\"extra\":\"\(padded(bid.extra, 16, radix: 16))\"}"
    }

    private static func padded(_ number: UInt64, _ digits: Int, radix: Int) -> String {
        let text = String(number, radix: radix)
        return String(repeating: "0", count: digits - text.count) + text
    }

    private static func converted(_ price: Int64) -> String {
        let thousandths = UInt64(price) * 908
        return "\(thousandths / 1_000).\(padded(thousandths % 1_000, 3, radix: 10))"
    }

    private static func name(_ person: AuctionEvent) -> String {
        AuctionWords.firstNames[person.first] + " " + AuctionWords.lastNames[person.last]
    }

    private var localItems: [String] {
        people.flatMap { person in
            auctions.filter { auction in
                auction.party == person.identity && auction.first == 10
                    && ["CA", "ID", "OR"].contains(AuctionWords.states[person.wide])
            }.map { auction in
                "{\"name\":\"\(Self.name(person))\",\"city\":\"\(AuctionWords.cities[person.city])\","
                    + "\"state\":\"\(AuctionWords.states[person.wide])\","
                    + "\"id\":\(auction.identity)}"
            }
        }
    }

    private var averages: [String] {
        (10..<15).compactMap { category in
            let highest = auctions.filter { $0.first == category }.compactMap { auction in
                bids.filter { bid in
                    bid.identity == auction.identity
                        && auction.dateTime...auction.expires ~= bid.dateTime
                }.map(\.price).max()
            }
            guard !highest.isEmpty else { return nil }
            let average = highest.reduce(0, +) / Int64(highest.count)
            return "{\"category\":\(category),\"avg\":\(average)}"
        }
    }

    private var hotItems: [String] {
        let first = AuctionWorkload.start
        return stride(from: first - 8_000, through: first + 90_000, by: 2_000).flatMap { start in
            let inside = bids.filter { start..<start + 10_000 ~= $0.dateTime }
            let counts = Dictionary(grouping: inside, by: \.identity).mapValues(\.count)
            return counts.filter { $0.value == counts.values.max() }.map { auction, count in
                "{\"auction\":\(auction),\"num\":\(count),\"windowStart\":\(start),"
                    + "\"windowEnd\":\(start + 10_000)}"
            }
        }
    }

    private static func window(_ event: AuctionEvent) -> Int64 {
        event.dateTime / 10_000 * 10_000
    }

    private var highestBids: [String] {
        Dictionary(grouping: bids, by: Self.window).values.flatMap { bids in
            bids.filter { $0.price == bids.map(\.price).max() }.map { bid in
                "{\"auction\":\(bid.identity),\"price\":\(bid.price),\"bidder\":\(bid.party),"
                    + "\"dateTime\":\(bid.dateTime)}"
            }
        }
    }

    private var newSellers: [String] {
        people.compactMap { person in
            let start = Self.window(person)
            let sells = auctions.contains {
                $0.party == person.identity && Self.window($0) == start
            }
            return sells
                ? "{\"id\":\(person.identity),\"name\":\"\(Self.name(person))\","
                    + "\"windowStart\":\(start)}" : nil
        }
    }

    private var sessions: [String] {
        Dictionary(grouping: bids, by: \.party).flatMap { bidder, bids in
            var sessions: [[Int64]] = []
            for time in bids.map(\.dateTime).sorted() {
                if let last = sessions.last?.last, time - last <= 10_000 {
                    sessions[sessions.count - 1].append(time)
                } else {
                    sessions.append([time])
                }
            }
            return sessions.map { times in
                "{\"bidder\":\(bidder),\"count\":\(times.count),\"start\":\(times[0]),"
                    + "\"end\":\(times[times.count - 1] + 10_000)}"
            }
        }
    }
}
