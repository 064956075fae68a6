/// The windows that are open, by their starts; there are few.
struct OpenWindows<Contents: ~Copyable>: ~Copyable {
    private var starts: [Int64] = []
    private var contents: [UnsafeMutablePointer<Contents>] = []
    /// The window that was looked for last, which is nearly always the next one too.
    private var lastStart: Int64 = -1
    private var last: UnsafeMutablePointer<Contents>?

    deinit {
        for window in contents {
            window.deinitialize(count: 1)
            window.deallocate()
        }
    }

    /// The window that starts there.
    @inline(__always)
    mutating func find(
        _ start: Int64, _ make: () -> Contents
    ) -> UnsafeMutablePointer<Contents> {
        if start == lastStart, let last { return last }
        return search(start, make)
    }

    @inline(never)
    private mutating func search(
        _ start: Int64, _ make: () -> Contents
    ) -> UnsafeMutablePointer<Contents> {
        lastStart = start
        if let index = starts.firstIndex(of: start) {
            last = contents[index]
            return contents[index]
        }
        let window = UnsafeMutablePointer<Contents>.allocate(capacity: 1)
        window.initialize(to: make())
        let index = starts.firstIndex { $0 > start } ?? starts.count
        starts.insert(start, at: index)
        contents.insert(window, at: index)
        last = window
        return window
    }

    var firstStart: Int64? { starts.first }
    var count: Int { starts.count }
    func start(at index: Int) -> Int64 { starts[index] }
    func contents(at index: Int) -> UnsafeMutablePointer<Contents> { contents[index] }

    mutating func removeFirst() {
        starts.removeFirst()
        let window = contents.removeFirst()
        window.deinitialize(count: 1)
        window.deallocate()
        (lastStart, last) = (-1, nil)
    }
}

/// q5: of ten seconds, every two, the auctions with the most bids. Counted by stretches of two
/// seconds, five of which are a window.
struct HotItemLoop: ~Copyable, BareLoop {
    private static let size: Int64 = 10_000
    private static let slide: Int64 = 2_000
    private var slices = OpenWindows<LoopTable<Int64>>()
    /// When the next window ends; nil before the first bid.
    private var nextEnd: Int64?

    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        guard event.isBid else { return }
        let time = event.dateTime &+ lap.time
        let start = time - time % Self.slide
        let slice = slices.find(start) { LoopTable(capacity: 2_048, initial: 0) }
        if nextEnd.map({ start + Self.slide < $0 }) ?? true { nextEnd = start + Self.slide }
        slice.pointee[event.identity &+ lap.auctions].pointee += 1
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {
        while slices.count > 0, let end = nextEnd, end - 1 <= watermark {
            close(from: end - Self.size, to: end, &rows)
            nextEnd = end + Self.slide
            while let first = slices.firstStart, first + Self.size < end + Self.slide {
                slices.removeFirst()
            }
        }
    }

    private func close(from start: Int64, to end: Int64, _ rows: inout BareRows) {
        var totals = LoopTable<Int64>(capacity: 4_096, initial: 0)
        for index in 0..<slices.count where start..<end ~= slices.start(at: index) {
            slices.contents(at: index).pointee.forEach { totals[$0].pointee += $1.pointee }
        }
        var highest: Int64 = 0
        totals.forEach { highest = max(highest, $1.pointee) }
        totals.forEach { auction, bids in
            guard bids.pointee == highest else { return }
            rows.add(
                HotItem(auction: auction, bids: highest, windowStart: start, windowEnd: end))
        }
    }
}

/// q7: of ten seconds the bids with the highest price.
struct HighestBidLoop: ~Copyable, BareLoop {
    private static let size: Int64 = 10_000
    private var windows = OpenWindows<[HighestBid]>()

    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        guard event.isBid else { return }
        let time = event.dateTime &+ lap.time
        let best = windows.find(time - time % Self.size) { [] }
        if let highest = best.pointee.first?.price {
            if event.price < highest { return }
            if event.price > highest { best.pointee.removeAll(keepingCapacity: true) }
        }
        best.pointee.append(HighestBid(copy event, lap))
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {
        while let start = windows.firstStart, start + Self.size - 1 <= watermark {
            for bid in windows.contents(at: 0).pointee { rows.add(bid) }
            windows.removeFirst()
        }
    }
}

/// q8: of ten seconds those who registered and put something up for auction.
struct NewSellerLoop: ~Copyable, BareLoop {
    private struct Person {
        var words: PersonWords?
        var sells = false
    }
    private static let size: Int64 = 10_000
    private var windows = OpenWindows<LoopTable<Person>>()

    init() {}

    mutating func take(_ event: borrowing AuctionEvent, _ lap: Lap, _ rows: inout BareRows) {
        if event.isBid { return }
        let time = event.dateTime &+ lap.time
        let window = windows.find(time - time % Self.size) {
            LoopTable(capacity: 8_192, initial: Person())
        }
        if event.isPerson {
            window.pointee[event.identity &+ lap.people].pointee.words = PersonWords(copy event)
        } else {
            window.pointee[event.party &+ lap.people].pointee.sells = true
        }
    }

    mutating func advance(to watermark: Int64, _ rows: inout BareRows) {
        while let start = windows.firstStart, start + Self.size - 1 <= watermark {
            windows.contents(at: 0).pointee.forEach { key, person in
                guard person.pointee.sells, let words = person.pointee.words else { return }
                rows.add(NewSeller(person: key, words: words, windowStart: start))
            }
            windows.removeFirst()
        }
    }
}
