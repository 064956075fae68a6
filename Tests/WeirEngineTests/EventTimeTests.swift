import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Sets a timer for each element, so many seconds behind it; a timer that fires emits and may set
/// the next.
private func ticking(
    after delay: Int64, limits: TimerLimits = .standard,
    next: @escaping @Sendable (Int64) -> Int64? = { _ in nil }
) -> Link {
    KeyedProcess<Int, Int, Int>(
        name: "ticks", initial: 0,
        onTimer: { key, _, context in
            context.emit(key)
            let second = context.eventTime.nanoseconds / 1_000_000_000
            if let next = next(second) {
                context.setTimer(atEventTime: Instant(milliseconds: next * 1_000))
            }
        },
        limits: limits
    ).link(key: { (key: Int) in key }) { _, _, context in
        context.setTimer(atEventTime: context.eventTime + .seconds(delay))
    }
}

/// Collects what lies in windows of `width`, in order of arrival.
private func window(_ width: Duration) -> Link {
    TumblingWindow<Int, Int, [Int]>(
        name: "window", width: width, initial: [], late: nil
    ).link(key: { _ in 0 }) { $0.append($1) }
}

@Suite struct EventTimeTests {
    // The window that begins where time does ends a width behind its true beginning, which lies
    // before that: what comes behind it may belong to the next one already.
    @Test(arguments: [false, true])
    func `the first window of all takes nothing of the next one`(isTurned: Bool) {
        let century = Duration.seconds(3_155_760_000)
        let chain = DrivenChain<Int, Pane<Int, [Int]>>([window(century)])
        let panes = Panes(chain)
        // 1700 lies in the window of 1670, which begins in 1677; 1772 in that of 1770.
        let elements: [(Int, Int64)] = [(1, -8_520_336_000), (2, -6_248_000_000)]
        for (element, second) in isTurned ? elements.reversed() : elements {
            chain.send(element, at: second)
        }
        chain.finish()
        #expect(panes.taken() == "[1] [2]")
    }

    @Test func `windows that close may give more than a turn's closures may emit`() {
        /// Eight kilobytes, so that few panes are too many bytes.
        struct Large: Codable {
            struct Part: Codable {
                var (first, second) = (SIMD64<Int64>.zero, SIMD64<Int64>.zero)
                var (third, fourth) = (SIMD64<Int64>.zero, SIMD64<Int64>.zero)
            }
            var (first, second, third, fourth) = (Part(), Part(), Part(), Part())
        }
        var panes = 0
        let counting = Link(name: "counting") { slice, frame, _ in
            let count = slice.count
            let done = slice.consume(as: Pane<Int, Large>.self, frame) { _, _ in panes += 1 }
            frame.pointee.handled(done, of: count)
        }
        let chain = DrivenChain<Int, Int>([
            TumblingWindow<Int, Int, Large>(
                name: "window", width: .seconds(10), initial: Large(), late: nil
            ).link(key: { $0 }) { _, _ in },
            counting,
        ])
        let size = MemoryLayout<Pane<Int, Large>>.stride
        let keys = EngineBounds.maximumEmittedBytes.count / size * 5 / 4
        for key in 0..<keys { chain.send(key, at: 1) }
        chain.pass(10)
        #expect(chain.failure == nil && panes == keys)
    }

    @Test func `windows hold their start and not their end, before the epoch too`() {
        let chain = DrivenChain<Int, Pane<Int, [Int]>>([window(.seconds(10))])
        for second in [-11, -10, -1, 0, 9, 10] as [Int64] {
            chain.send(Int(second), at: second)
        }
        let panes = Panes(chain)
        chain.finish()
        #expect(panes.taken() == "[-11] [-10, -1] [0, 9] [10]")
    }

    @Test func `the last time there is is in a window, also behind a watermark`() {
        let chain = DrivenChain<Int, Pane<Int, [Int]>>([window(.seconds(10))])
        let panes = Panes(chain)
        chain.pass(5)
        chain.send([1], at: .distantFuture)
        chain.finish()
        #expect(panes.taken() == "[1]")
        #expect(chain.subtask.counters.dropped(.late) == 0)
    }

    @Test func `a timer in the past fires when the watermark moves next`() {
        let chain = DrivenChain<Int, Int>([ticking(after: -9)])
        chain.pass(5)
        chain.send(7, at: 10)
        #expect(chain.taken() == "|5")
        chain.pass(6)
        #expect(chain.taken() == "7@1 |6")
    }

    @Test func `a timer that is set twice for a key and time fires once`() {
        let chain = DrivenChain<Int, Int>([ticking(after: 1)])
        chain.send(7, 7, 8, at: 1)
        chain.pass(9)
        #expect(chain.taken() == "7@2 8@2 |9")
    }

    @Test func `a timer fires once all elements of its time are there`() {
        let chain = DrivenChain<Int, Int>([ticking(after: 0)])
        chain.send(7, at: 6)
        chain.pass(6)
        chain.send(7, 7, at: 6)
        #expect(chain.taken() == "|6")
        chain.pass(7)
        #expect(chain.taken() == "7@6 |7")
    }

    @Test func `timers of many keys fire in order of time and key`() {
        let chain = DrivenChain<Int, Int>([ticking(after: 1) { $0 < 4 ? $0 + 2 : nil }])
        chain.send(9, 3, at: 1)
        chain.send(5, at: 0)
        chain.pass(8)
        #expect(chain.taken() == "5@1 3@2 9@2 5@3 3@4 9@4 5@5 |8")
    }

    @Test func `a chain of timers fires as far as the watermark goes, and whole at the end`() {
        let chain = DrivenChain<Int, Int>([ticking(after: 1) { $0 < 8 ? $0 + 1 : nil }])
        chain.send(7, at: 0)
        chain.pass(5)
        #expect(chain.taken() == "7@1 7@2 7@3 7@4 |5")
        chain.finish()
        #expect(chain.taken() == "7@5 7@6 7@7 7@8 |end ]")
    }

    @Test func `what timers emit is on time in a window of the same subtask`() {
        let chain = DrivenChain<Int, Pane<Int, [Int]>>([
            ticking(after: 1) { $0 < 6 ? $0 + 1 : nil },
            KeyedProcess<Int, Int, Int>(name: "second", initial: 0, onTimer: nil)
                .link(key: { (key: Int) in key }) { _, _, context in
                    // The watermark that makes the tick due has not come this far yet.
                    context.emit(
                        context.watermark <= context.eventTime
                            ? Int(context.eventTime.nanoseconds / 1_000_000_000) : -1)
                },
            window(.seconds(10)),
        ])
        let panes = Panes(chain)
        chain.send(7, at: 0)
        chain.pass(2)
        chain.pass(20)
        #expect(panes.taken() == "[1, 2, 3, 4, 5, 6]")
    }

    @Test(arguments: [1, 0, -1] as [Int64])
    func `a chain of timers without an end is an error that names the key`(step: Int64) {
        var limits = TimerLimits()
        limits.chain = 100
        let chain = DrivenChain<Int, Int>([ticking(after: 1, limits: limits) { $0 + step }])
        chain.send(7, at: 0)
        if step == 1 { chain.finish() } else { chain.pass(5) }
        let end =
            step == 1
            ? "at the end of input" : "before the watermark 1970-01-01T00:00:05.000000000Z"
        #expect(
            chain.failure?.hasPrefix("the timers of key 7 set each other 100 times \(end), ")
                == true)
    }

    // The first timer is the element's, and only those that timers set are counted.
    @Test(arguments: [(5, true), (6, false)] as [(Int64, Bool)])
    func `timers may set each other as often as the bound says and not once more`(
        last: Int64, passes: Bool
    ) {
        var limits = TimerLimits()
        limits.chain = 4
        let chain = DrivenChain<Int, Int>([
            ticking(after: 1, limits: limits) { $0 < last ? $0 + 1 : nil }
        ])
        chain.send(7, at: 0)
        chain.finish()
        #expect((chain.failure == nil) == passes)
    }

    @Test func `a chain without an end fires as far as each watermark goes`() {
        var limits = TimerLimits()
        limits.chain = 100
        let chain = DrivenChain<Int, Int>([ticking(after: 1, limits: limits) { $0 + 1 }])
        chain.send(7, at: 0)
        for second in stride(from: Int64(0), through: 1_000, by: 100) { chain.pass(second) }
        #expect(chain.failure == nil)
        #expect(chain.taken().hasSuffix("7@998 7@999 |1000"))
    }

    @Test func `a timer beyond the bound is an error that says what to do`() {
        var limits = TimerLimits()
        limits.count = 3
        let chain = DrivenChain<Int, Int>([ticking(after: 1, limits: limits)])
        for key in 0..<4 { chain.send(key, at: 0) }
        #expect(
            chain.failure
                == "it has 3 timers in one subtask, and no room for another; set one timer for a "
                + "key and set it again when it fires, or raise the parallelism")
        #expect(TimerLimits.standard.count == 4_194_304)
    }
}

/// The values of the panes that came out, in order.
private struct Panes {
    private let chain: DrivenChain<Int, Pane<Int, [Int]>>
    init(_ chain: DrivenChain<Int, Pane<Int, [Int]>>) { self.chain = chain }

    func taken() -> String {
        chain.taken().split(separator: "value: ").dropFirst()
            .compactMap { $0.firstIndex(of: "]").map($0.prefix(through:)) }
            .joined(separator: " ")
    }
}

@Suite struct CombinedWatermarkTests {
    private let silent = Link(name: "none") { _, _, _ in }

    private func joined() -> DrivenChain<Int, Int> { DrivenChain(inlets: 2, [silent]) }

    @Test func `an input that says nothing holds the watermark`() {
        let chain = joined()
        chain.pass(9, port: 0)
        #expect(chain.taken() == "")
    }

    @Test func `an input that is idle is left out`() {
        let chain = joined()
        chain.pass(9, port: 0)
        chain.pass(.idle, port: 1)
        #expect(chain.taken() == "|9")
    }

    @Test func `an input that has ended is left out`() {
        let chain = joined()
        chain.pass(9, port: 0)
        chain.finish(port: 1)
        #expect(chain.taken() == "|9")
    }

    @Test func `all inputs idle move no watermark`() {
        let chain = joined()
        chain.pass(100, port: 0)
        chain.pass(6, port: 1)
        chain.pass(.idle, port: 0)
        chain.pass(.idle, port: 1)
        chain.pass(.active, port: 1)
        chain.pass(50, port: 1)
        #expect(chain.taken() == "|6 ~ ^ |50")
    }

    @Test func `an input that is back from idle holds the watermark where it is`() {
        let chain = joined()
        chain.pass(60, port: 0)
        chain.pass(.idle, port: 0)
        chain.pass(300, port: 1)
        chain.pass(.active, port: 0)
        chain.pass(400, port: 1)
        #expect(chain.taken() == "|300")
        chain.pass(350, port: 0)
        #expect(chain.taken() == "|350")
    }
}
