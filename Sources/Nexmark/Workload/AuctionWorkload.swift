/// The auction workload: which event has which number, for a seed.
///
/// Each event is computed from the seed and its number alone, in whole numbers, so that any of them
/// can be made again by itself and answers can be held against those of other engines. The rules
/// are those of Nexmark with returning visitors, who make sessions end and begin again.
struct AuctionWorkload: Sendable {
    let seed: UInt64

    /// When event 0 happens, in milliseconds since 1970: a whole number of ten seconds.
    static let start: Int64 = 1_700_000_000_000
    /// Events of one millisecond of event time.
    static let eventsPerMillisecond: UInt64 = 10
    /// Of so many events the first is a person and the next three are auctions.
    static let epochEvents: UInt64 = 50
    /// The identity of the first person and of the first auction.
    static let firstIdentity: Int64 = 1_000
    /// In the shuffled order an event comes less than so many milliseconds behind its time.
    static let maximumDelay: UInt64 = 4_000

    /// The draw `index` of event `number`: what SplitMix64 gives out at that place.
    static func draw(_ seed: UInt64, _ number: UInt64, _ index: UInt64) -> UInt64 {
        var mixed = seed &+ (number &* 32 &+ index &+ 1) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// The event with this number.
    func event(_ number: UInt64) -> AuctionEvent {
        let draws = EventDraws(seed: seed, number: number)
        let offset = number % Self.epochEvents
        if offset == 0 { return draws.person() }
        return offset <= 3 ? draws.auction() : draws.bid()
    }

    /// When event `number` happens, in milliseconds since 1970.
    static func time(of number: UInt64) -> Int64 {
        start + Int64(number / eventsPerMillisecond)
    }

    /// By how many milliseconds event `number` comes late in the shuffled order.
    func delay(of number: UInt64) -> UInt64 { Self.draw(seed, number, 31) % Self.maximumDelay }
}

/// What is drawn for one event, and what is known at its time.
private struct EventDraws {
    let seed: UInt64
    let number: UInt64

    /// How many of the latest persons are looked at, and of the latest auctions.
    private static let activePeople: Int64 = 1_000
    private static let openAuctions: Int64 = 100
    /// Identities up to so far ahead of the newest may be named.
    private static let lead: Int64 = 10
    /// One in so many persons or auctions is the one that most look at.
    private static let hotGroup: Int64 = 100

    private func draw(_ index: UInt64) -> UInt64 { AuctionWorkload.draw(seed, number, index) }

    private var epoch: Int64 { Int64(number / AuctionWorkload.epochEvents) }
    private var offset: Int64 { Int64(number % AuctionWorkload.epochEvents) }
    private var dateTime: Int64 { AuctionWorkload.time(of: number) }
    private var extra: UInt64 { draw(0) }

    /// The newest auction at this event, counted from 0.
    private var lastAuction: Int64 {
        max(3 * epoch + min(offset, 3) - 1, 0)
    }

    /// From 100 to 99,999,900, as many in each decade.
    private func price(_ digits: UInt64, _ decade: UInt64) -> Int64 {
        let powers: [Int64] = [1, 10, 100, 1_000, 10_000, 100_000]
        return Int64(100_000 + digits % 900_000) * powers[Int(decade % 6)] / 1_000
    }

    /// One of the active persons, or one who is about to come.
    private func someone(_ index: UInt64) -> Int64 {
        let people = epoch + 1
        let active = min(people, Self.activePeople)
        let drawn = Int64(draw(index) % UInt64(active + Self.lead))
        return AuctionWorkload.firstIdentity + people - active + drawn
    }

    /// The person that most auctions and bids are of at this time.
    private var hotPerson: Int64 {
        AuctionWorkload.firstIdentity + epoch / Self.hotGroup * Self.hotGroup
    }

    func person() -> AuctionEvent {
        AuctionEvent(
            kind: .person,
            small: (UInt8(draw(1) % 16), UInt8(draw(2) % 16), UInt8(draw(3) % 10)),
            wide: UInt32(draw(4) % 6), dateTime: dateTime,
            identity: AuctionWorkload.firstIdentity + epoch,
            party: Int64(draw(5) % 10_000_000_000_000_000), extra: extra)
    }

    func auction() -> AuctionEvent {
        let initial = price(draw(4), draw(5))
        return AuctionEvent(
            kind: .auction, small: (UInt8(10 + draw(3) % 5), 0, 0), dateTime: dateTime,
            identity: AuctionWorkload.firstIdentity + 3 * epoch + offset - 1,
            party: draw(1) % 4 > 0 ? hotPerson : someone(2), price: initial,
            second: initial + price(draw(6), draw(7)),
            expires: dateTime + 20 + Int64(draw(8) % 300), extra: extra)
    }

    func bid() -> AuctionEvent {
        let channel = draw(7)
        let isNamed = channel.isMultiple(of: 2)
        return AuctionEvent(
            kind: .bid, small: (isNamed ? UInt8((channel >> 1) % 4) : 4, 0, 0),
            wide: isNamed ? 0 : UInt32((channel >> 1) % 10_000), dateTime: dateTime,
            identity: bidAuction, party: bidder, price: price(draw(5), draw(6)),
            second: Int64(draw(8) & 0xFFFF_FFFF), extra: extra)
    }

    private var bidAuction: Int64 {
        if draw(1) % 2 > 0 {
            return AuctionWorkload.firstIdentity + lastAuction / Self.hotGroup * Self.hotGroup
        }
        let oldest = max(lastAuction - Self.openAuctions, 0)
        let drawn = Int64(draw(2) % UInt64(lastAuction - oldest + 1 + Self.lead))
        return AuctionWorkload.firstIdentity + oldest + drawn
    }

    private var bidder: Int64 {
        // A visitor who was here at any time before.
        if draw(9) % 32 == 0 {
            return AuctionWorkload.firstIdentity + Int64(draw(10) % UInt64(epoch + 1))
        }
        return draw(3) % 4 > 0 ? hotPerson + 1 : someone(4)
    }
}
