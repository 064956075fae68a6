import Testing
import WeirBase

@testable import WeirEngine

/// The set of subtasks that changed since somebody looked.
@Suite struct TouchedSetTests {
    @Test func `what is inserted is in its word until it is taken, and once`() {
        let set = TouchedSet(count: 131)
        #expect(set.wordCount == 3)
        for number in [0, 63, 64, 130, 130] { set.insert(SubtaskIndex(number)) }
        #expect((0..<3).map { set.take(word: $0) } == [1 | 1 << 63, 1, 1 << 2])
        #expect((0..<3).map { set.take(word: $0) } == [0, 0, 0])
        set.insert(63)
        #expect((0..<3).map { set.take(word: $0) } == [1 << 63, 0, 0])
    }
}
