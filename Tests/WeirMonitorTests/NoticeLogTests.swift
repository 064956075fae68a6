import Testing
import WeirBase

@testable import WeirMonitor

/// Which lines of notices are kept, what they count, and how long a run is said to last.
@Suite struct NoticeLogTests {
    private func violation(_ number: Int, count: Int = 1) -> Notice {
        var notice = Notice(
            severity: .violation, step: 1, time: 0, origin: "v\(number)", text: "broken")
        notice.count = count
        return notice
    }

    @Test func `a new line replaces the one that was silent longest, and not the oldest`() {
        let capacity = NoticeLog.capacity(.violation)
        var log = NoticeLog()
        for number in 0..<capacity { log.append(violation(number), sample: 1) }
        // The oldest line came again, so that the second one is silent longest.
        log.append(violation(0), sample: 2)
        log.append(violation(capacity), sample: 3)
        let origins = log.lines(.all).map(\.notice.origin)
        #expect(origins.count == capacity && log.forgotten == 1)
        #expect(origins.contains("v0") && !origins.contains("v1"))
    }

    @Test func `a notice that came several times in a row counts as often`() {
        var log = NoticeLog()
        log.append(violation(0, count: 3), sample: 1)
        log.append(violation(0, count: 4), sample: 2)
        #expect(log.lines(.upTo(1)).map(\.count) == [3])
        #expect(log.lines(.all).map(\.count) == [7])
        #expect(log.counts.violations == 7)
    }

    @Test(arguments: [
        (0, "00:00:00"), (59_999_999, "00:00:59"), (3_599_999_999, "00:59:59"),
        (3_600_000_000, "01:00:00"), (5_999_000_000, "01:39:59"), (360_000_000_000, "100:00:00"),
        (-1, "00:00:00"),
    ])
    func `time since the start runs over at sixty, and days run into the hours`(
        microseconds: Int64, text: String
    ) {
        #expect(Figures.elapsed(RunTime(microseconds)) == text)
    }
}
