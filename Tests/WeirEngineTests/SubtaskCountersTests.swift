import Synchronization
import Testing
import WeirBase
import WeirEngine
import WeirTelemetry

/// Each moment of a subtask is in one of its states, and whoever reads sees all of one moment.
@Suite struct SubtaskCountersTests {
    private static let activities: [SubtaskCounters.Activity] = [
        .idle, .busy, .between, .backpressured, .waiting,
    ]

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `the states sum to the time that passed and none falls`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let start: UInt64 = 5_000_000
        let counters = SubtaskCounters(now: start)
        var clock = start
        var last = StateTimes()
        for _ in 0..<500 {
            // Threads read their clocks at one time and say so at another: some lie behind. Then
            // what was read as one state turns out to have been the next one.
            clock += random.next() % 1_000
            let isLate = random.next() % 4 == 0
            let stamp = isLate ? clock - min(700, clock - start) : clock
            let next = Self.activities[Int(random.next() % 5)]
            counters.enter(next, now: stamp)
            let times = try #require(counters.times(now: clock))
            #expect(times.whole == clock - start)
            if !isLate { #expect(Self.fallen(from: last, to: times) == nil) }
            last = times
        }
    }

    @Test func `waiting for a worker and waiting for input are told apart`() throws {
        let counters = SubtaskCounters(now: 100)
        counters.enter(.waiting, now: 110)
        counters.enter(.between, now: 130)
        counters.enter(.busy, now: 131)
        counters.enter(.between, now: 150)
        counters.enter(.backpressured, now: 160)
        counters.enter(.idle, now: 200)
        let times = try #require(counters.times(now: 300))
        #expect(times.idle == 110 && times.waiting == 20)
        #expect(times.busy == 30 && times.backpressured == 40)
    }

    @Test func `a reader beside a writer has all of one moment`() {
        let counters = SubtaskCounters(now: 0)
        let isOver = Atomic<Bool>(false)
        let rounds = Atomic<Int>(0)
        let writer = SystemThread("writer") {
            var now: UInt64 = 0
            while !isOver.load(ordering: .relaxed) {
                for activity in Self.activities {
                    now += 1_000
                    counters.enter(activity, now: now)
                }
                rounds.wrappingAdd(1, ordering: .relaxed)
            }
        }
        // Later than the writer ever gets: every moment until then is in one of the states.
        let end: UInt64 = 1 << 50
        var torn: StateTimes?
        var reads = 0
        // Until both were at it together, however late the machine begins with the writer.
        while reads < 200_000 || rounds.load(ordering: .relaxed) < 200_000 {
            guard let times = counters.times(now: end) else { continue }
            reads += 1
            if times.whole != end { torn = torn ?? times }
        }
        isOver.store(true, ordering: .relaxed)
        writer.join()
        #expect(torn == nil, "\(torn?.whole ?? 0) of \(end)")
    }

    private static func fallen(from old: StateTimes, to new: StateTimes) -> String? {
        let pairs = [
            (old.busy, new.busy), (old.backpressured, new.backpressured),
            (old.waiting, new.waiting), (old.idle, new.idle),
        ]
        return pairs.contains { $0 > $1 } ? "\(old) then \(new)" : nil
    }
}
