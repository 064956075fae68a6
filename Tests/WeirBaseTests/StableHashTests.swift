import Testing
import WeirBase

@Suite struct StableHashTests {
    private func hash(_ parts: String..., seed: UInt64 = 0) -> UInt64 {
        var hash = StableHash(seed: seed)
        for part in parts { hash.combine(bytes: Array(part.utf8)) }
        return hash.value
    }

    // Traces hold these hashes: a change of any value is a change of the format.
    @Test(
        arguments: [
            ([], 0xC887_15F1_16B0_8ECF),
            ([0], 0xABDE_6C8B_7A58_FECA),
            ([1, 2], 0x516D_58C0_B885_8BA1),
            ([.max], 0x1993_F6C4_7E15_5774),
        ] as [([UInt64], UInt64)])
    func `hashes of words are fixed`(words: [UInt64], expected: UInt64) {
        var hash = StableHash()
        for word in words { hash.combine(word) }
        #expect(hash.value == expected)
    }

    @Test(
        arguments: [
            ("", 0x536A_8851_4153_A123),
            ("a", 0x482D_DA06_5B71_0108),
            ("12345678", 0x58D5_1B9D_A4BF_5A46),
            ("123456789", 0x7ABA_35F5_47C5_4B34),
            ("orders/0>enrich/1", 0x1430_D094_A29C_9EAB),
        ] as [(String, UInt64)])
    func `hashes of bytes are fixed`(text: String, expected: UInt64) {
        #expect(hash(text) == expected)
    }

    @Test func `order, boundaries and seed count`() {
        #expect(hash("a", "b") != hash("b", "a"))
        #expect(hash("ab", "c") != hash("a", "bc"))
        #expect(hash("ab") != hash("a", "b"))
        #expect(hash("", "a") != hash("a", ""))
        #expect(hash("a") != hash("a\0"))
        #expect(hash("a", seed: 1) != hash("a", seed: 2))
    }

    @Test func `bytes hash alike wherever they lie in memory`() {
        let bytes = (0..<64).map { UInt8($0) }
        for start in 0..<8 {
            var shifted = StableHash()
            bytes.withUnsafeBytes { raw in
                shifted.combine(bytes: UnsafeRawBufferPointer(rebasing: raw[start..<start + 19]))
            }
            var plain = StableHash()
            plain.combine(bytes: Array(bytes[start..<start + 19]))
            #expect(shifted.value == plain.value)
        }
    }

    @Test func `reading the value changes nothing`() {
        var read = StableHash()
        read.combine(1)
        _ = read.value
        read.combine(2)
        var unread = StableHash()
        unread.combine(1)
        unread.combine(2)
        #expect(read.value == unread.value)
    }

    @Test func `neighbouring words spread over every group`() {
        var groups = [Int](repeating: 0, count: 128)
        for word in 0..<12_800 as Range<UInt64> {
            var hash = StableHash()
            hash.combine(word)
            groups[Int(hash.value % 128)] += 1
        }
        // 100 each are expected; six standard deviations of the binomial are 60.
        #expect(groups.allSatisfy { (40...160).contains($0) }, "\(groups)")
    }
}
