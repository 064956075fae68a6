import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// The words of the books, one by one.
@Suite struct BookWordsTests {
    private func books(_ drops: (DropReason, UInt64)..., change: (inout Books) -> Void = { _ in })
        -> String
    {
        var books = Books()
        books.isDrained = true
        books.drops = drops.map { Books.Drop(stage: "a", reason: $0, count: $1) }
        change(&books)
        return books.guarantee
    }

    @Test(arguments: [(1, "1 lies"), (2, "2 lie")] as [(UInt64, String)])
    func `what never closed is told in its number`(held: UInt64, words: String) {
        let said = books {
            ($0.isDrained, $0.held) = (false, held)
        }
        #expect(
            said == "\(words) in windows or calls that never closed: "
                + "stopped before the drain ended")
    }

    @Test func `a stop without any loss is no guarantee`() {
        #expect(books { $0.isDrained = false } == "none: stopped before the drain ended")
    }

    @Test func `what was read in vain of a drained run is told as such`() {
        #expect(
            books((.stopped, 2))
                == "2 elements that were read were not processed: "
                + "the input ended before they were taken")
    }

    @Test func `books that were not held against each other say at least`() {
        let said = books((.stopped, 1)) { ($0.isDrained, $0.isPartial) = (false, true) }
        #expect(said.hasPrefix("at least 1 element that was read was not processed: stopped"))
    }

    @Test func `rows that were not written come before other drops`() {
        #expect(
            books((.late, 2), (.unwritten, 1))
                == "1 row was not written; 2 late elements were dropped")
        #expect(
            books((.late, 1), (.policy, 1))
                == "each input once, but 1 late element was dropped, "
                + "1 element found no room on an edge")
    }

    @Test func `an operator's drops are elements, and its timers and open lines are none`() {
        var book = OperatorBook()
        let drops: [(UInt64, DropReason)] = [
            (5, .timer), (3, .late), (2, .incomplete), (4, .stopped), (1, .late),
        ]
        for (count, reason) in drops { book.drop(count, reason) }
        #expect(book.dropped == 8)
        #expect(book.dropped(.late) == 4 && book.dropped(.timer) == 5)
    }

    @Test func `given-up books have what edges dropped beside what still waits`() throws {
        let hand = try HandExecution(
            Pipeline("narrow", parallelism: 1) { flow in
                flow.read("in", from: secondsOfTime)
                    .over(EdgeOptions(bounds: ChannelBounds(messages: 2), policy: .dropNewest))
                    .write("rows") { "\($0)" }
            })
        hand.take("in/0", count: 7)
        let drops = hand.execution.partialBooks().drops.map { "\($0.reason) \($0.count)" }
        #expect(drops.sorted() == ["policy 5", "stopped 2"])
    }
}

@Suite struct RunClockTests {
    @Test func `a clock of a drawn run goes on where it is told to and never back`() {
        let clock = RunClock(.virtual)
        #expect(clock.now == 0)
        clock.advance(to: 500)
        clock.advance(to: 300)
        #expect(clock.now == 500)
    }

    @Test func `what is left until a time is nothing once it has passed`() {
        let clock = RunClock(.virtual)
        clock.advance(to: 500)
        #expect(clock.nanoseconds(until: 502) == 2_000)
        #expect(clock.nanoseconds(until: 500) == 0 && clock.nanoseconds(until: 499) == 0)
    }
}
