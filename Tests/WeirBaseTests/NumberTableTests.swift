import Testing

@testable import WeirBase

@Suite struct NumberTableTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func `numbers are found by their hashes through growth and removal`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x4B7A)
        var table = NumberTable()
        var model: [Int: UInt64] = [:]
        // Few hashes, which meet at the end of the slots, so that runs of numbers go round it.
        let hashes = 1 + random.below(9)
        func hash(_ number: Int) -> UInt64 { UInt64(14 + number % hashes) }
        for _ in 0..<600 {
            let number = random.below(60)
            let found = table.find(hash(number)) { $0 == number }
            #expect(found == (model[number] == nil ? nil : number))
            if found == nil {
                table.insert(hash(number), number)
                model[number] = hash(number)
            } else if random.below(2) == 0 {
                table.remove(hash(number), number)
                model[number] = nil
            }
            table.checkInvariants()
            #expect(table.count == model.count)
        }
    }

    @Test func `a copy keeps what its original loses`() {
        var table = NumberTable()
        table.insert(7, 0)
        let copy = table
        table.remove(7, 0)
        #expect(copy.find(7) { _ in true } == 0)
        #expect(table.find(7) { _ in true } == nil)
    }

    @Test(arguments: [(12_000, false), (30_000, true)])
    func `memory is asked for by the number that each search will ask about first`(
        count: Int, isLarge: Bool
    ) {
        var table = NumberTable()
        func hash(_ number: Int) -> UInt64 {
            UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15 >> 16
        }
        for number in 0..<count { table.insert(hash(number), number) }
        #expect(table.isLarge == isLarge)
        // As many again that are not there.
        for start in stride(from: 0, to: 2 * count, by: 6_000) {
            let wanted = (start..<start + 64).map(hash)
            var asked: [Int] = []
            wanted.withUnsafeBufferPointer { table.prefetch($0) { asked.append($0) } }
            // A search ends at the first number, or goes on behind one of another hash.
            let found = wanted.enumerated().filter { table.find($1) { _ in true } != nil }
            #expect(asked.count >= found.count && asked.allSatisfy { $0 < count })
            #expect(asked.filter { wanted.contains(hash($0)) }.count * 2 >= found.count)
        }
    }
}
