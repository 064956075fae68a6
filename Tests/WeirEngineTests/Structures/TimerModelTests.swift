import Testing
import WeirBase

@testable import WeirEngine

/// Timers beside a sorted list.
@Suite struct TimerModelTests {
    private struct Timer: Hashable {
        var deadline: Int64
        var key: UInt8
        static func precedes(_ left: Timer, _ right: Timer) -> Bool {
            (left.deadline, left.key) < (right.deadline, right.key)
        }
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func `a timer queue is a sorted set with a bound`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x71AE)
        let limit = 1 + random.below(40)
        var queue = TimerQueue<UInt8>(limit: limit)
        var model: [Timer] = []
        for _ in 0..<500 {
            switch random.below(5) {
            case 0, 1, 2:
                let timer = Timer(
                    deadline: Int64(random.below(60)), key: UInt8(random.below(6)))
                let became = queue.register(
                    timer.key, keyBytes: [timer.key], deadline: timer.deadline)
                if model.contains(timer) {
                    #expect(became == .merged)
                } else if model.count == limit {
                    #expect(became == .refused)
                } else {
                    #expect(became == .added)
                    model.append(timer)
                    model.sort(by: Timer.precedes)
                }
            case 3:
                let now = Int64(random.below(60))
                let due = queue.takeDue(at: now).map { Timer(deadline: $0.deadline, key: $0.key) }
                #expect(due == model.filter { $0.deadline <= now })
                model.removeAll { $0.deadline <= now }
            default:
                let watermark = Int64(random.below(60))
                let first = queue.takeTimer(passedBy: Instant(nanoseconds: watermark))
                let expected = model.first { $0.deadline < watermark }
                #expect(
                    first.map { Timer(deadline: $0.deadline, key: queue.takeKey(of: $0)) }
                        == expected)
                if expected != nil { model.removeFirst() }
            }
            queue.checkInvariants()
            #expect(queue.count == model.count && queue.earliest == model.first?.deadline)
        }
        #expect(queue.removeAll() == model.count)
        queue.checkInvariants()
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func `two queues with the same timers have one digest, however they came to them`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed, stream: 0x71AF)
        let timers = (0..<20).map { index in
            Timer(deadline: Int64(random.below(9)), key: UInt8(index))
        }
        func digest(_ taking: Bool) -> UInt64 {
            var queue = TimerQueue<UInt8>()
            for timer in timers {
                _ = queue.register(timer.key, keyBytes: [timer.key], deadline: timer.deadline)
            }
            if taking { _ = queue.takeDue(at: 0) }
            var hash = StableHash()
            queue.digest(into: &hash)
            return hash.value
        }
        let hasDue = timers.contains { $0.deadline == 0 }
        #expect((digest(false) == digest(true)) == !hasDue)
    }
}
