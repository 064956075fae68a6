import Synchronization
package import WeirBase

/// Numbers of subtasks that did something since somebody last looked.
///
/// Any thread adds; one thread takes, the one that samples the run. Taking costs one load for every
/// 64 numbers, so that whoever watches a run of thousands of subtasks goes only to those that did
/// something.
package final class TouchedSet: @unchecked Sendable {
    // Unchecked: `words` is only ever reached through atomic operations.

    /// Where whoever takes the numbers rests: rung for each number that was not in the set.
    package let bell = Doorbell()
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many words of 64 numbers each there are.
    package let wordCount: Int

    /// An empty set of numbers below `count`.
    package init(count: Int) {
        wordCount = (count + 63) / 64
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, wordCount))
        // Plain memory bound to atomics: an array of atomics cannot be made, and a class for each
        // word would be a pointer more on every turn.
        memory.initialize(repeating: 0, count: max(1, wordCount))
        words = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    deinit { UnsafeMutableRawPointer(words).deallocate() }

    /// Adds a number. Any thread.
    ///
    /// A number that is there already costs one load and leaves the cache line shared. The price:
    /// what was stored before such a call may reach the one who takes only after it took, so it has
    /// to look once more at what it took last time.
    @inline(__always)
    package func insert(_ number: SubtaskIndex) {
        let word = number.offset >> 6
        assert(word < wordCount, "number \(number) of \(wordCount * 64)")
        let bit = UInt64(1) << UInt64(number.offset & 63)
        if words[word].load(ordering: .relaxed) & bit == 0 {
            // Pairs with the exchange in `take`: whoever takes the number sees what was stored
            // before it was added.
            words[word].bitwiseOr(bit, ordering: .releasing)
            bell.ring()
        }
    }

    /// Takes the numbers of one word out, as bits. One thread at a time.
    package func take(word: Int) -> UInt64 {
        precondition(word < wordCount, "word \(word) of \(wordCount)")
        // Most words are empty most of the time; a load leaves their lines where they are, an
        // exchange would not.
        if words[word].load(ordering: .relaxed) == 0 { return 0 }
        return words[word].exchange(0, ordering: .acquiring)
    }
}
