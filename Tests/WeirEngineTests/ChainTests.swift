import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// An operator that passes everything on, and writes down which control messages it saw.
private final class Watcher: KeepsNothing {
    let partName: String
    private(set) var seen: [Control] = []
    private let failsAt: Control?

    init(_ name: String, failsAt: Control? = nil) {
        partName = name
        self.failsAt = failsAt
    }

    func link() -> Link { Link(name: partName, state: self, account: .oneOfOne) { _, _, _ in } }

    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
        seen.append(control)
        if control == failsAt { frame.pointee.fail(Wanted()) }
    }
}

/// Counts what comes to it, and passes nothing on.
private func counting<Element>(
    _ type: Element.Type, _ count: @escaping () -> Void
) -> Link {
    Link(name: "counting") { slice, frame, _ in
        let given = slice.count
        let done = slice.consume(as: Element.self, frame) { _, _ in count() }
        frame.pointee.handled(done, of: given)
    }
}

/// Passes numbers on, and sets a timer of processing time so many seconds behind each.
private func timed(
    _ name: String, after seconds: Int64,
    onTimer:
        @escaping @Sendable (
            Int, inout Int, inout OperatorContext<Int>
        ) throws -> Void = { _, _, _ in }
) -> Link {
    KeyedProcess<Int, Int, Int>(name: name, initial: 0, onTimer: onTimer)
        .link(key: { (number: Int) in number }) { number, _, context in
            context.setTimer(atProcessingTime: context.now + .seconds(seconds))
            context.emit(number)
        }
}

/// The operators of one subtask, one behind the other.
@Suite struct ChainTests {
    private let large = SIMD64<Int64>.zero
    /// As many as are more than half of what one turn's closures may emit.
    private var many: Int {
        EngineBounds.maximumEmittedBytes.count / MemoryLayout<SIMD64<Int64>>.stride * 2 / 3
    }

    @Test func `a failure at a watermark keeps it from the operators behind`() {
        let first = Watcher("first", failsAt: .watermark(.second(5)))
        let second = Watcher("second")
        let chain = DrivenChain<Int, Int>([first.link(), second.link()])
        chain.pass(4)
        chain.pass(5)
        #expect(first.seen == [.watermark(.second(4)), .watermark(.second(5))])
        #expect(second.seen == [.watermark(.second(4))])
        #expect(chain.taken() == "|4" && chain.failure == "Wanted()")
    }

    @Test(arguments: [false, true])
    func `due timers fire operator by operator, up to the first failure`(isFailing: Bool) {
        let fired = Guarded<[String]>([])
        let chain = DrivenChain<Int, Int>([
            timed("first", after: 1) { _, _, _ in
                fired.withLock { $0.append("first") }
                if isFailing { throw Wanted() }
            },
            timed("second", after: 1) { _, _, _ in
                fired.withLock { $0.append("second") }
            },
        ])
        chain.send(7, at: 0)
        chain.subtask.chain.frame.pointee.now = 1_000_000_000
        chain.subtask.chain.fireTimers()
        #expect(fired.withLock { $0 } == (isFailing ? ["first"] : ["first", "second"]))
        // Those behind the failure wait on: nothing was done with them.
        #expect(chain.subtask.counters.dropped(.timer) == 0)
        #expect((chain.subtask.chain.nextDeadline != nil) == isFailing)
    }

    @Test func `the next deadline is the earliest of all operators`() {
        for delays in [[9, 3, 6], [3, 9, 6], [9, 6, 3]] as [[Int64]] {
            let chain = DrivenChain<Int, Int>(
                delays.enumerated().map { timed("timed\($0)", after: $1) })
            #expect(chain.subtask.chain.nextDeadline == nil)
            chain.send(7, at: 0)
            #expect(chain.subtask.chain.nextDeadline == 3_000_000_000)
        }
    }

    @Test func `an operator that fails behind what it passed on is the one that is named`() {
        let many = KeyedProcess<Int, Int, Int>(name: "many", initial: 0, onTimer: nil)
            .link(key: { (number: Int) in number }) { number, _, context in
                // One more than a buffer holds: the first ones have gone on when it fails.
                for _ in 0...ElementSlice.capacity { context.emit(number) }
                throw Wanted()
            }
        let chain = DrivenChain<Int, Int>([
            Watcher("before").link(), many, Watcher("behind").link(),
        ])
        chain.send(1, at: 0)
        #expect(chain.subtask.failure?.operatorIndex == 1)
        #expect(chain.subtask.failure.map { chain.subtask.operatorName(of: $0) } == "many")
    }

    @Test func `a sample has what every operator of the chain wrote last`() {
        func adding(_ step: Int) -> Link {
            SubtaskProcess<Int, Int>(name: "add\(step)", state: 0, onEnd: nil)
                .link { (number: Int, sum: inout Int, context) in
                    sum += number * step
                    context.emit(number)
                }
        }
        let chain = DrivenChain<Int, Int>([adding(1), adding(1_000)])
        chain.send(1, 2, 3, at: 0)
        var (sample, expected) = (SampleHash(.current), SampleHash(.current))
        let bytes = chain.subtask.chain.sample(into: &sample)
        let coded = expected.combine(value: 6) + expected.combine(value: 6_000)
        #expect(sample.value == expected.value && bytes == coded)
    }

    @Test func `each turn's closures may emit as much as those of the turn before`() {
        var count = 0
        let (large, many) = (large, many)
        let chain = DrivenChain<Int, Int>([
            KeyedProcess<Int, Int, SIMD64<Int64>>(name: "many", initial: 0, onTimer: nil)
                .link(key: { (number: Int) in number }) { _, _, context in
                    for _ in 0..<many { context.emit(large) }
                },
            counting(SIMD64<Int64>.self) { count += 1 },
        ])
        for turn in 1...2 {
            chain.send(1, at: 0)
            #expect(chain.failure == nil && count == turn * many)
        }
    }

    @Test func `each timer's closure may emit as much as that of the timer before`() {
        var count = 0
        let (large, many) = (large, many)
        let chain = DrivenChain<Int, Int>([
            KeyedProcess<Int, Int, SIMD64<Int64>>(
                name: "many", initial: 0,
                onTimer: { _, _, context in for _ in 0..<many { context.emit(large) } }
            ).link(key: { (number: Int) in number }) { _, _, context in
                context.setTimer(atEventTime: context.eventTime)
            },
            counting(SIMD64<Int64>.self) { count += 1 },
        ])
        chain.send(1, 2, at: 1)
        chain.pass(2)
        #expect(chain.failure == nil && count == 2 * many)
    }

    @Test func `behind a failure what is made is given up and counted where it was to go`() {
        let failing = Link(name: "failing") { slice, frame, _ in
            let count = slice.count
            let done = slice.consume(as: Int.self, frame) { _, _ in throw Wanted() }
            frame.pointee.handled(done, of: count)
        }
        let many = KeyedProcess<Int, Int, Int>(name: "many", initial: 0, onTimer: nil)
            .link(key: { (number: Int) in number }) { number, _, context in
                for _ in 0..<ElementSlice.capacity + 3 { context.emit(number) }
            }
        let chain = DrivenChain<Int, Int>([many, failing])
        chain.send(1, at: 0)
        // The full buffer came to the failing operator, and the rest would have.
        let book = chain.subtask.chain.books[1]
        #expect(book.taken == UInt64(ElementSlice.capacity + 3) && book.handled == 0)
        #expect(book.dropped(.stopped) == book.taken)
        #expect(chain.subtask.counters.dropped(.stopped) == book.taken)
    }

    @Test func `what a closure emits beyond the bound is given up, and all of it is counted`() {
        var count = 0
        let (large, many) = (large, 2 * many)
        let chain = DrivenChain<Int, Int>([
            KeyedProcess<Int, Int, SIMD64<Int64>>(name: "many", initial: 0, onTimer: nil)
                .link(key: { (number: Int) in number }) { _, _, context in
                    for _ in 0..<many { context.emit(large) }
                },
            counting(SIMD64<Int64>.self) { count += 1 },
        ])
        chain.send(1, at: 0)
        #expect(chain.failure != nil && count < many)
        let book = chain.subtask.chain.books[1]
        #expect(book.taken == UInt64(many) && book.handled == UInt64(count))
        #expect(book.dropped(.stopped) == UInt64(many - count))
    }
}
