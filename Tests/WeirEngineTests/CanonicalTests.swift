import Testing
import WeirBase

@testable import WeirEngine

private struct Inner: Codable, Equatable { var small: UInt8, large: Int64 }
private struct Outer: Codable {
    var name: String?
    var inner: [Inner]
    var table: [String: Int]
    var set: Set<Int>
}

@Suite struct CanonicalTests {
    @Test func `tables and sets have one form in any order of insertion`() {
        var random = SeededGenerator(seed: 1)
        let keys = (0..<200).map { "key \($0)" }
        func value() -> Outer {
            var outer = Outer(name: "n", inner: [], table: [:], set: [])
            for key in keys.shuffled(using: &random) {
                outer.table[key] = key.count
                outer.set.insert(key.hash(in: &random))
            }
            outer.set = []
            for key in keys.indices.shuffled(using: &random) { outer.set.insert(key) }
            return outer
        }
        let first = Canonical.bytes(of: value())
        for _ in 0..<10 { #expect(Canonical.bytes(of: value()) == first) }
    }

    @Test(arguments: [0, 1, -1, 63, 64, -64, -65, 127, 128, 1 << 31 - 1, .max, .min] as [Int64])
    func `a number's hash without a copy of its form is that of its form`(number: Int64) {
        func formed(_ value: some Encodable) -> UInt64 {
            var hash = StableHash()
            hash.combine(bytes: Canonical.bytes(of: value))
            return hash.value
        }
        #expect(Canonical.hash(number) == formed(number))
        #expect(Canonical.hash(UInt64(bitPattern: number)) == formed(UInt64(bitPattern: number)))
        let small = Int32(truncatingIfNeeded: number)
        #expect(Canonical.hash(small) == formed(small))
        #expect(Canonical.hash(UInt32(bitPattern: small)) == formed(UInt32(bitPattern: small)))
    }

    @Test(arguments: [0, 1, -1, .min, .max] as [Int64])
    func `a point in time has the form of one member, on which older digests rest`(
        nanoseconds: Int64
    ) {
        struct Point: Encodable { var nanoseconds: Int64 }
        struct Row<Time: Encodable>: Encodable { var at: Time, name: String }
        let (old, new) = (Point(nanoseconds: nanoseconds), Instant(nanoseconds: nanoseconds))
        #expect(Canonical.bytes(of: new) == Canonical.bytes(of: old))
        #expect(
            Canonical.bytes(of: Row(at: new, name: "n"))
                == Canonical.bytes(of: Row(at: old, name: "n")))
        #expect(Canonical.hash(new) == Canonical.hash(old))
    }

    @Test func `absent, empty and nested values have forms of their own`() {
        let forms = [
            Canonical.bytes(of: Outer(name: nil, inner: [], table: [:], set: [])),
            Canonical.bytes(of: Outer(name: "", inner: [], table: [:], set: [])),
            Canonical.bytes(
                of: Outer(name: nil, inner: [Inner(small: 0, large: 0)], table: [:], set: [])),
            Canonical.bytes(
                of: Outer(name: nil, inner: [Inner(small: 1, large: 0)], table: [:], set: [])),
            Canonical.bytes(of: Outer(name: nil, inner: [], table: ["": 0], set: [])),
            Canonical.bytes(of: Outer(name: nil, inner: [], table: [:], set: [0])),
        ]
        #expect(Set(forms).count == forms.count)
    }

    @Test func `a value in the place of members makes them as if they had never been`() {
        /// A type that changes its mind while it is encoded.
        struct Unsteady: Encodable {
            enum Name: CodingKey { case long, short }

            func encode(to encoder: any Encoder) throws {
                var members = encoder.container(keyedBy: Name.self)
                try members.encode("a text that is longer than what comes behind it", forKey: .long)
                var single = encoder.singleValueContainer()
                try single.encode(1)
                try members.encode(2, forKey: .short)
            }
        }
        struct Steady: Encodable { var short = 2 }
        #expect(Canonical.bytes(of: Unsteady()) == Canonical.bytes(of: Steady()))
    }

    @Test func `members lie by name, whatever order and containers they were written in`() {
        struct Nested: Encodable {
            enum Key: String, CodingKey { case outer, alpha, beta }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                var list = container.nestedUnkeyedContainer(forKey: .outer)
                try container.encode(Int8(-1), forKey: .beta)
                // Filled after what follows it was written.
                try list.encode("x")
                try list.encodeNil()
                var inner = list.nestedContainer(keyedBy: Key.self)
                try container.encodeNil(forKey: .alpha)
                try inner.encode([UInt16(300)], forKey: .beta)
            }
        }
        #expect(
            Canonical.bytes(of: Inner(small: 3, large: 4))
                == [2, 5] + Array("large".utf8) + [8, 5] + Array("small".utf8) + [3])
        let inner = [1, 4] + Array("beta".utf8) + [1, 0xAC, 2]
        #expect(
            Canonical.bytes(of: Nested())
                == [3, 5] + Array("alpha".utf8) + [0, 4] + Array("beta".utf8) + [1, 5]
                + Array("outer".utf8) + [3, 1] + Array("x".utf8) + [0] + inner)
        #expect(Canonical.bytes(of: [Inner]()) == [0])
    }

    @Test func `padding is in no form`() {
        func form(over byte: UInt8) -> [UInt8] {
            withUnsafeTemporaryAllocation(of: Inner.self, capacity: 1) { room in
                UnsafeMutableRawPointer(room.baseAddress)?.initializeMemory(
                    as: UInt8.self, repeating: byte, count: MemoryLayout<Inner>.size)
                room[0] = Inner(small: 3, large: 4)
                return Canonical.bytes(of: room[0])
            }
        }
        #expect(form(over: 0) == form(over: 0xFF))
    }

    @Test func `both zeros have one form, and so has everything that is no number`() {
        #expect(Canonical.bytes(of: -0.0) == Canonical.bytes(of: 0.0))
        let other = Double(nan: 5, signaling: false)
        #expect(Canonical.bytes(of: -other) == Canonical.bytes(of: Double.nan))
        #expect(Canonical.bytes(of: 1.0) != Canonical.bytes(of: -1.0))
    }

    @Test func `key groups spread over any number of subtasks, each whole and in their order`() {
        for width in 1...KeyGroups.count {
            var subtasks: [Int] = []
            for group in 0..<UInt64(KeyGroups.count) {
                // The first and the last hash of the group.
                let ends = [group << 57, group << 57 | (1 << 57 - 1)]
                let found = Set(ends.map { KeyGroups.subtask(of: $0, among: width) })
                #expect(found.count == 1, "group \(group) of \(width) subtasks")
                subtasks.append(contentsOf: found)
            }
            #expect(subtasks == subtasks.sorted())
            #expect(Set(subtasks) == Set(0..<width))
        }
    }

    @Test func `a keyed table agrees with a dictionary`() {
        var random = SeededGenerator(seed: 2)
        let table = KeyedTable<Int, String>()
        var model: [Int: String] = [:]
        for step in 0..<20_000 {
            let key = random.below(300)
            // Few hashes on purpose: keys collide.
            let hash = UInt64(key % 16)
            switch random.below(3) {
            case 0:
                #expect(table.remove(key, hash: hash) == model.removeValue(forKey: key))
            case 1:
                #expect(table.existing(key, hash: hash)?.pointee == model[key])
            default:
                table.value(of: key, hash: hash) { "" }.pointee = "\(step)"
                model[key] = "\(step)"
            }
            #expect(table.count == model.count)
        }
        table.copy().checkInvariants()
        var all: [Int: String] = [:]
        table.forEach { all[$0] = $1 }
        #expect(all == model)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `a keyed table finds every key through growth and removal`(seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 0x7AB1)
        var table = KeyedTable<Int, Int>()
        var model: [Int: Int] = [:]
        // Hashes that meet at the end of the slots, so that runs of entries go round it.
        let hashes = 1 + random.below(9)
        for step in 0..<500 {
            let key = random.below(40)
            let hash = UInt64(14 + key % hashes)
            switch random.below(4) {
            case 0: #expect(table.remove(key, hash: hash) == model.removeValue(forKey: key))
            case 1: table = table.copy()
            default:
                table.value(of: key, hash: hash) { 0 }.pointee = step
                model[key] = step
            }
            table.checkInvariants()
            #expect(table.count == model.count)
            #expect(table.existing(key, hash: hash)?.pointee == model[key])
        }
    }
}

@Suite struct KeyedTableSumTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func `the sum is that over all entries, and all that were touched are asked`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed, stream: 0x7AB2)
        var table = KeyedTable<Int, Int>()
        var touched: Set<Int> = []
        for step in 0..<600 {
            let key = random.below(200)
            let hash = UInt64(key)
            switch random.below(8) {
            case 0:
                _ = table.remove(key, hash: hash)
                touched.remove(key)
            case 1: table = table.copy()
            case 2:
                var asked: Set<Int> = []
                let sum = table.sum { key, value in
                    asked.insert(key)
                    return UInt64(key * 1_000 + value)
                }
                var expected: UInt64 = 0
                table.forEach { expected += UInt64($0 * 1_000 + $1) }
                #expect(sum == expected)
                #expect(asked.isSuperset(of: touched))
                touched = []
            case 3: _ = table.existing(key, hash: hash)
            default:
                table.value(of: key, hash: hash) { 0 }.pointee = step
                touched.insert(key)
            }
            table.checkInvariants()
        }
    }
}

@Suite struct NumberHashTests {
    @Test func `the hash of a number is that of its canonical bytes`() {
        for shift in UInt64(0)..<64 {
            for offset in [-1, 0, 1] as [Int64] {
                let number = UInt64(bitPattern: Int64(bitPattern: 1 << shift) &+ offset)
                var writer = ByteWriter()
                writer.append(varint: number)
                var hash = StableHash()
                hash.combine(bytes: writer.bytes)
                #expect(Canonical.hash(number) == hash.value, "\(number)")
            }
        }
    }
}

extension String {
    fileprivate func hash(in random: inout SeededGenerator) -> Int { random.below(count + 1) }
}
