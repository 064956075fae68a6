import Testing
import Weir
import WeirTesting

/// Times in milliseconds, with watermarks in steps of `granularity`.
private func times(_ milliseconds: [Int64], granularity: Duration) -> Source<Int64> {
    .generator(watermark: .boundedDisorder(.zero, granularity: granularity)) { index, _ in
        let time = milliseconds[Int(index)]
        return (time, Instant(milliseconds: time))
    }
}

extension DataStream<Int64> {
    /// Emits its time on every full second from the first element on, up to `last`.
    fileprivate func ticks(through last: Int64) -> DataStream<Int64> {
        keyed { _ in 0 }
            .process(
                "ticks", state: false, emitting: Int64.self,
                onTimer: { _, _, context in
                    let time = context.eventTime.nanoseconds / 1_000_000
                    context.emit(time)
                    let next = context.eventTime + .seconds(1)
                    if time < last { context.setTimer(atEventTime: next) }
                }
            ) { _, isStarted, context in
                let next = context.eventTime + .seconds(1)
                if !isStarted { context.setTimer(atEventTime: next) }
                isStarted = true
            }
    }
}

@Suite struct TimerTests {
    @Test func `a timer for the distant future waits until the end`() throws {
        let pipeline = Pipeline("patient") { flow in
            flow.read("times", from: times([0, 1], granularity: .seconds(1)))
                .keyed { _ in 0 }
                .process(
                    "wait", state: 0, emitting: Int64.self,
                    onTimer: { _, _, context in context.emit(-1) }
                ) { time, _, context in
                    context.setTimer(atProcessingTime: .distantFuture)
                    context.emit(time)
                }
                .write("rows") { "\($0)" }
        }
        #expect(try pipeline.simulate(seed: 1, limit: 2).rows["rows"] == ["0", "1"])
    }

    @Test(arguments: [1, 1_000, 5_000], [10, 5_000] as [Int64])
    func `a chain of timers fires alike, however fine watermarks are`(
        granularity: Int, spacing: Int64
    ) throws {
        let elements = Array(stride(from: Int64(0), through: 5_000, by: Int(spacing)))
        let pipeline = Pipeline("chain") { flow in
            flow.read(
                "times", from: times(elements, granularity: .milliseconds(granularity))
            )
            .ticks(through: 8_000)
            .write("rows") { "\($0)" }
        }
        let rows = try pipeline.simulate(seed: 1, limit: UInt64(elements.count)).rows["rows"]
        #expect(rows == (1...8).map { "\($0)000" })
    }

    @Test(arguments: 0..<10)
    func `ticks of a chain are on time in a window behind it`(seed: UInt64) throws {
        let pipeline = Pipeline("windowed") { flow in
            flow.read("times", from: times([0, 9_000, 20_000], granularity: .seconds(1)))
                .ticks(through: 6_000)
                .keyed { _ in 0 }
                .window(.tumbling(.seconds(10)))
                .aggregate("seconds", from: [Int64]()) { $0.append($1 / 1_000) }
                .write("rows") { "\($0.value)" }
        }
        #expect(
            try pipeline.simulate(seed: seed, limit: 3).rows["rows"] == ["[1, 2, 3, 4, 5, 6]"])
    }

    @Test(arguments: 0..<20)
    func `a processing-time timer that is due fires before the end`(seed: UInt64) throws {
        let pipeline = Pipeline("due") { flow in
            flow.read("times", from: times([1_000, 2_000], granularity: .seconds(1)))
                .keyed { _ in 0 }
                .process(
                    "later", state: 0, emitting: Int.self,
                    onTimer: { _, _, context in context.emit(7, at: Instant(milliseconds: 2_500)) }
                ) { _, _, context in context.setTimer(atProcessingTime: context.started) }
                .keyed { _ in 0 }
                .window(.tumbling(.seconds(10)))
                .aggregate("sum", from: 0) { $0 += $1 }
                .write("rows") { "\($0.value)" }
        }
        // One timer where both elements came in one turn, else one or two.
        let rows = try pipeline.simulate(seed: seed, limit: 2).rows["rows"]
        #expect(rows == ["7"] || rows == ["14"])
    }

    @Test func `timers without an end are the operator's error`() throws {
        let pipeline = Pipeline("endless") { flow in
            flow.read("times", from: times([0], granularity: .seconds(1)))
                .ticks(through: .max)
                .filter { _ in false }
                .write("rows") { "\($0)" }
        }
        let failure = try #require(try pipeline.simulate(seed: 1, limit: 1).failure)
        #expect(
            failure.contains(
                "ticks: the timers of key 0 set each other 1,048,576 times at the end of input"))
    }
}
