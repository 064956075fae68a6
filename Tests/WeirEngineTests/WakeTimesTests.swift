import Testing
import WeirBase

@testable import WeirEngine

@Suite struct WakeTimesTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func `wake times are a table with a bound on what is passed over`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x3A7E)
        // Few subtasks that often have one time, or many that seldom have.
        let (subtasks, times) = seed % 2 == 0 ? (9, 50) : (50, 1_000)
        var wakes = WakeTimes()
        var model: [SubtaskIndex: RunTime] = [:]
        for _ in 0..<1_000 {
            let now = RunTime(random.below(times))
            if random.below(4) > 0 {
                let subtask = SubtaskIndex(random.below(subtasks))
                wakes.set(now, of: subtask)
                model[subtask] = now
            } else {
                let due = model.filter { $0.value <= now }
                    .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
                #expect(wakes.take(dueAt: now) == due)
                for subtask in due { model[subtask] = nil }
            }
            wakes.checkInvariants()
            #expect(wakes.earliest == model.values.min())
        }
    }

    @Test func `those that are due come in the order of their times`() {
        var wakes = WakeTimes()
        for (subtask, time) in [(3, 30), (1, 10), (2, 20), (4, 40)] {
            wakes.set(RunTime(time), of: SubtaskIndex(subtask))
        }
        wakes.set(5, of: 3)
        #expect(wakes.take(dueAt: 20) == [3, 1, 2])
        #expect(wakes.earliest == 40)
    }

    @Test func `a subtask whose time is set again and again takes no more room`() {
        var wakes = WakeTimes()
        for time in 0..<10_000 as Range<Int64> {
            wakes.set(.microseconds(10_000 - time), of: 1)
        }
        #expect(wakes.entryCount <= 2 + EngineBounds.maximumOutdatedWakes)
        #expect(wakes.take(dueAt: 10_000) == [1])
    }
}

extension WakeTimes {
    /// Takes out the subtasks whose time has come, in the order in which they come up.
    mutating func take(dueAt now: RunTime) -> [SubtaskIndex] {
        var due: [SubtaskIndex] = []
        while let subtask = popDue(at: now) { due.append(subtask) }
        return due
    }
}
