import Testing

@testable import WeirBase

/// The table against a list of pairs, through growth, removal and copies.
@Suite struct KeyedTableTests {
    /// A table and what it has to hold, in the order in which its visits go.
    private struct Pair {
        let table = KeyedTable<Int, Int>()
        /// The entries by their numbers; nil where one was removed.
        var entries: [(key: Int, value: Int)?] = []
        var free: [Int] = []

        /// Few different hashes, so that keys have to be told apart.
        static func hash(_ key: Int) -> UInt64 { UInt64(key % 50) }
        static func digest(_ key: Int, _ value: Int) -> UInt64 {
            UInt64(truncatingIfNeeded: key &* 0x9E37_79B9 &+ value &* 31)
        }

        mutating func set(_ key: Int, to value: Int) {
            table.value(of: key, hash: Self.hash(key)) { -1 }.pointee = value
            if let index = entries.firstIndex(where: { $0?.key == key }) {
                entries[index]?.value = value
            } else if let index = free.popLast() {
                entries[index] = (key, value)
            } else {
                entries.append((key, value))
            }
        }

        mutating func remove(_ key: Int) {
            let index = entries.firstIndex { $0?.key == key }
            #expect(table.remove(key, hash: Self.hash(key)) == index.flatMap { entries[$0]?.value })
            if let index {
                entries[index] = nil
                free.append(index)
            }
        }

        /// That a table holds these entries in their order, finds each, and sums them.
        func check(_ table: KeyedTable<Int, Int>) {
            let expected = entries.compactMap(\.self)
            var visited: [(Int, Int)] = []
            table.forEach { visited.append(($0, $1)) }
            #expect(visited.map(\.0) == expected.map(\.key))
            #expect(visited.map(\.1) == expected.map(\.value))
            #expect(table.count == expected.count)
            for (key, value) in expected {
                #expect(table.existing(key, hash: Self.hash(key))?.pointee == value)
            }
            let sum = expected.reduce(0) { $0 &+ Self.digest($1.key, $1.value) }
            #expect(table.sum(Self.digest) == sum)
            table.checkInvariants()
        }
    }

    @Test(arguments: [0, 1, 63, 64, 65, 128, 129, 500])
    func `entries stay where they are when the table grows`(count: Int) {
        var pair = Pair()
        for key in 0..<count { pair.set(key, to: 3 * key) }
        pair.check(pair.table)
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `what is set and removed is as in a list of pairs`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x7AB1)
        var pair = Pair()
        for round in 0..<900 {
            let key = random.below(200)
            if random.below(3) == 0 { pair.remove(key) } else { pair.set(key, to: round) }
            if round % 90 == 0 { pair.check(pair.table) }
        }
        pair.check(pair.table)
    }

    @Test(arguments: [10, 64, 150])
    func `a copy has the same entries and is changed by itself`(count: Int) {
        var pair = Pair()
        for key in 0..<count { pair.set(key, to: key) }
        pair.remove(3)
        pair.check(pair.table)
        let copy = pair.table.copy()
        let before = pair
        pair.set(5, to: 1_000)
        pair.set(count, to: 7)
        pair.check(pair.table)
        before.check(copy)
    }

    @Test func `a key that is not there has no value and is not removed`() {
        var pair = Pair()
        pair.set(1, to: 1)
        #expect(pair.table.existing(51, hash: Pair.hash(51)) == nil, "a key of the same hash")
        #expect(pair.table.remove(51, hash: Pair.hash(51)) == nil)
        pair.check(pair.table)
    }

    @Test func `keys that are the same without being equal have one entry`() {
        let table = KeyedTable<Double, Int> { $0.isNaN && $1.isNaN }
        table.value(of: .nan, hash: 1) { 1 }.pointee += 1
        table.value(of: .nan, hash: 1) { 1 }.pointee += 1
        #expect(table.count == 1 && table.existing(.nan, hash: 1)?.pointee == 3)
    }
}
