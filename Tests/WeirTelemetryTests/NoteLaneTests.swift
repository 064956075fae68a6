import Glibc
import Synchronization
import Testing
import WeirBase
import WeirTelemetry

@Suite struct NoteLaneTests {
    @Test func `notes come out as they went in, over many laps`() {
        let test = TestLane()
        var next: Step = 1
        for _ in 0..<20 {
            let first = next
            for _ in 0..<40 {
                test.noteAccess(next)
                next = next.next
            }
            #expect(test.drain().map(\.step) == Array(first..<next))
        }
        #expect(test.lane.peek() == nil)
    }

    @Test func `rule 2: room is set aside until it is used or given back`() {
        let test = TestLane()
        defer { withExtendedLifetime(test) {} }
        let lane = test.lane
        #expect(lane.tryReserve(60))
        #expect(!lane.tryReserve(5))
        #expect(lane.tryReserve(4))
        lane.release(10)
        #expect(!lane.tryReserve(11))
        #expect(lane.tryReserve(10))
    }

    @Test func `rule 23: room comes back when the recorder gives it back, not when it takes`()
        throws
    {
        let test = TestLane()
        for step in 1...64 as ClosedRange<Step> { test.noteAccess(step) }
        #expect(!test.lane.tryReserve(1))
        let note = try #require(test.lane.peek())
        test.lane.advance(past: note)
        #expect(!test.lane.tryReserve(1))
        #expect(test.lane.backlog == 1)
        test.lane.askForRoom()
        #expect(test.lane.isRoomWanted)
        test.lane.free()
        // Whoever waits finds it by itself, and the recorder need not hurry any more.
        #expect(!test.lane.isRoomWanted)
        #expect(test.lane.backlog == 0)
        #expect(test.lane.tryReserve(1))
        #expect(!test.lane.tryReserve(1))
    }

    @Test func `a waiting producer goes on when a consumer drains`() {
        let test = TestLane()
        defer { withExtendedLifetime(test) {} }
        let count: UInt64 = 20_000
        let lane = test.lane
        let noted = Counter()
        let producer = SystemThread("producer") {
            for step in 1...count {
                lane.reserve(1)
                lane.noteAccess(step: Step(step), turn: 0, subtask: 0, cell: 0)
                _ = noted.next()
            }
        }
        // The ring is full before anything is taken.
        while noted.value < UInt64(lane.capacity) { sched_yield() }
        var expected: UInt64 = 1
        while expected <= count {
            let numbers = test.drain().map(\.number)
            if numbers.isEmpty { sched_yield() }
            for number in numbers {
                if number != expected { Issue.record("\(number) in place of \(expected)") }
                expected += 1
            }
        }
        producer.join()
        #expect(lane.peek() == nil)
    }

    /// Every number of further words, beginning at every slot of the ring.
    @Test func `a note of several slots may lie over the ring's end`() {
        let maximum = (NoteLane.maximumNoteSlots - 1) * 3
        for start in 40..<64 {
            let test = TestLane()
            for step in 0..<Step(start) { test.noteAccess(step) }
            test.drain()
            for count in [1, 3, 4, 20, maximum] {
                let words = (0..<UInt64(count)).map { $0 &* 0x0123_4567_89AB }
                let slots = 1 + NoteLane.extraSlots(words: count)
                test.lane.reserve(slots)
                let taken = words.withUnsafeBufferPointer {
                    test.lane.note(kind: 8, number: 77, 5, 6, more: $0)
                }
                #expect(taken == slots)
                let notes = test.drain()
                #expect(notes.count == 1)
                #expect(notes.first.map { Array($0.more.prefix(count)) } == words)
                #expect(notes.first?.slots == slots)
            }
        }
    }

    @Test func `a number of 48 bits comes back whole`() {
        let test = TestLane()
        test.noteAccess(Step(1 << 48 - 1))
        #expect(test.drain().first?.step == Step(1 << 48 - 1))
    }

    @Test func `rule 3: what an earlier lap left is not read`() {
        let test = TestLane()
        for step in 1...64 as ClosedRange<Step> { test.noteAccess(step) }
        test.drain()
        // The slot at position 64 still holds the note of position 0, committed and whole.
        #expect(test.lane.peek() == nil)
        test.noteAccess(65)
        #expect(test.drain().map(\.number) == [65])
        #expect(test.lane.peek() == nil)
    }

    @Test func `rule 3: no word that a note carries passes for a commit`() {
        let test = TestLane()
        // Words chosen so that each would be the commit of the slot that it lies in.
        let words = (0..<9 as Range<UInt64>).map { $0 + 1 }
        test.lane.reserve(4)
        _ = words.withUnsafeBufferPointer { test.lane.note(kind: 8, number: 1, 1, 1, more: $0) }
        #expect(test.drain().count == 1)
        #expect(test.lane.peek() == nil)
    }

    @Test func `a note whose first slot is not committed is not there`() {
        let test = TestLane()
        test.lane.reserve(3)
        _ = [UInt64](repeating: 9, count: 6).withUnsafeBufferPointer {
            test.lane.note(kind: 8, number: 1, 2, 3, more: $0)
        }
        test.setWord(0, to: 0)
        #expect(test.lane.peek() == nil)
        test.setWord(0, to: 1)
        #expect(test.lane.peek() != nil)
        // A further slot of another lap: the file lost a page.
        test.setWord(4, to: 2 + 64)
        #expect(test.lane.peek() == nil)
    }

    @Test(arguments: [0, 25, 255] as [UInt64])
    func `an impossible number of slots is not followed`(slots: UInt64) {
        let test = TestLane()
        test.noteAccess(1)
        test.setWord(1, to: 8 | slots << 8 | 1 << 16)
        #expect(test.lane.peek() == nil)
    }

    @Test func `a reader of what was left behind starts at the tail`() throws {
        let test = TestLane()
        for step in 1...70 as ClosedRange<Step> {
            if step == 60 { test.drain() }
            test.noteAccess(step)
        }
        // Taken, but not in the file when the process died.
        let taken = try #require(test.lane.peek())
        test.lane.advance(past: taken)
        let reader = test.reopened()
        defer {
            reader.deallocate()
            withExtendedLifetime(test) {}
        }
        reader.rewindToTail()
        var numbers: [UInt64] = []
        while let note = reader.peek() {
            numbers.append(note.number)
            reader.advance(past: note)
        }
        #expect(numbers == Array(60...70))
    }

    @Test func `random memory is read or refused and never traps`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let test = TestLane()
            for slot in 0..<64 {
                test.setWord(slot * 4, to: UInt64(slot + 1))
                for word in 1..<4 { test.setWord(slot * 4 + word, to: generator.next()) }
                // Small kinds and slot counts, so that many of them are followed.
                let head = UInt64(generator.below(40)) | UInt64(generator.below(26)) << 8
                test.setWord(slot * 4 + 1, to: head | UInt64(slot) << 16)
            }
            let batch = ScheduleBatch(test.drain())
            #expect(batch.steps.count + batch.ends.count <= 64)
        }
    }
}
