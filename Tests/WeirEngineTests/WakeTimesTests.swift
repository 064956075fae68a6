import Testing
import WeirBase

@testable import WeirEngine

@Suite struct WakeTimesTests {
    @Test func `wake times are those of a plain table, whatever is set and taken`() {
        var random = SeededGenerator(seed: 9)
        var wakes = WakeTimes()
        var table: [SubtaskIndex: RunTime] = [:]
        for _ in 0..<5_000 {
            let now = RunTime(random.below(1_000))
            if random.below(5) == 0 {
                let due = table.filter { $0.value <= now }.map(\.key)
                #expect(Set(wakes.take(dueAt: now)) == Set(due))
                for subtask in due { table[subtask] = nil }
            } else {
                let subtask = SubtaskIndex(random.below(50))
                wakes.set(now, of: subtask)
                table[subtask] = now
            }
            #expect(wakes.earliest == table.values.min())
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
