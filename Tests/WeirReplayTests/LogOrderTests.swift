import Testing
import WeirBase
import WeirTelemetry

@testable import WeirReplay

/// Log records of a replay in the order of the run, and the hash over them.
@Suite struct LogOrderTests {
    private static let site = LogSite(
        level: .info, message: "taken", file: "a.swift", line: 1, fields: ["n"])

    private static func record(
        _ step: Step, index: UInt32 = 1, site: UInt32 = 0, values: [LogValue] = [1]
    ) -> LogRecord {
        LogRecord(
            step: step, index: index, operatorIndex: 0, ordinal: 0, subtask: 0, time: 0,
            site: site, values: values)
    }

    /// An order and what it has handed on.
    private final class Listener {
        var steps: [Step] = []
        var messages: [String] = []
    }

    private static func order() -> (LogOrder, Listener) {
        let listener = Listener()
        let order = LogOrder { record, site in
            listener.steps.append(record.step)
            listener.messages.append(site.message)
        }
        return (order, listener)
    }

    @Test func `records that came in pieces are handed on in the order of their turns`() {
        let (order, listener) = Self.order()
        let sites = LogSites()
        _ = sites.number(of: Self.site)
        order.take([Self.record(5), Self.record(9)], sites)
        order.take([Self.record(2), Self.record(7)], sites)
        #expect(listener.steps.isEmpty)
        order.finish()
        #expect(listener.steps == [2, 5, 7, 9])
        order.finish()
        #expect(listener.steps.count == 4, "each is handed on once")
    }

    @Test func `a record of a turn that may be open still waits`() {
        let (order, listener) = Self.order()
        let sites = LogSites()
        _ = sites.number(of: Self.site)
        // More than wait before they are sorted.
        let records = (0..<5_000).map { Self.record(Step(1 + $0 % 10)) }
        order.take(records, sites)
        order.settle(before: 5)
        #expect(listener.steps.count == 2_000 && listener.steps.last == 4)
        // The others are fewer than are worth sorting.
        order.settle(before: 6)
        #expect(listener.steps.count == 2_000)
        order.finish()
        #expect(listener.steps.count == 5_000 && listener.steps == listener.steps.sorted())
    }

    @Test func `a record has the statement of its number, whenever that became known`() {
        let (order, listener) = Self.order()
        let sites = LogSites()
        _ = sites.number(of: Self.site)
        order.take([Self.record(1)], sites)
        var other = Self.site
        other.message = "given"
        let number = sites.number(of: other)
        order.take([Self.record(2, site: number), Self.record(3)], sites)
        order.finish()
        #expect(listener.messages == ["taken", "given", "taken"])
    }

    private static func digest(_ record: LogRecord, _ site: LogSite = site) -> UInt64 {
        let digest = LogDigest()
        digest.add(record, site)
        return digest.value
    }

    @Test func `a digest of logs covers what they say`() {
        let values: [[LogValue]] = [
            [], [1], [2], [.double(1)], [.double(2)], [true], [false], ["a"], ["b"], [1, 1],
        ]
        var digests = values.map { Self.digest(Self.record(4, values: $0)) }
        digests.append(Self.digest(Self.record(5)))
        digests.append(Self.digest(Self.record(4, index: 2)))
        var other = Self.site
        other.message = "given"
        digests.append(Self.digest(Self.record(4), other))
        // A flag is hashed as the number that it is.
        #expect(Set(digests).count == digests.count - 1)
    }

    @Test func `a digest of logs does not cover where their statements stand`() {
        var moved = Self.site
        (moved.file, moved.line) = ("b.swift", 9)
        #expect(
            Self.digest(Self.record(4, site: 3), moved) == Self.digest(Self.record(4)))
    }
}
