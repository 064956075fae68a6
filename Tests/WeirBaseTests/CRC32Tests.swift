import Testing
import WeirBase

@Suite struct CRC32Tests {
    @Test(
        arguments: [
            ("", 0),
            ("a", 0xE8B7_BE43),
            ("abc", 0x3524_41C2),
            ("123456789", 0xCBF4_3926),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)])
    func `known texts have their published values`(text: String, expected: UInt32) {
        #expect(CRC32.of(Array(text.utf8)) == expected)
    }

    @Test func `runs of one byte have their published values`() {
        #expect(CRC32.of([UInt8](repeating: 0, count: 32)) == 0x190A_55AD)
        #expect(CRC32.of([UInt8](repeating: 0xFF, count: 32)) == 0xFF6C_AB0B)
    }

    /// The definition: one bit at a time.
    private func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
        }
        return ~crc
    }

    @Test func `eight bytes at a time agree with the definition on every short length`() {
        var generator = SeededGenerator(seed: 7)
        for count in 0...96 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(CRC32.of(bytes) == bitwise(bytes), "\(count) bytes")
        }
    }

    @Test func `pieces of any length give the value of the whole`() {
        var generator = SeededGenerator(seed: 8)
        let bytes = (0..<500).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        for _ in 0..<100 {
            var crc = CRC32()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(generator.below(40))
                // A lazy sequence has no contiguous storage: the other way in.
                if generator.below(2) == 0 {
                    crc.update(piece)
                } else {
                    crc.update(piece.lazy.map { $0 })
                }
                rest = rest.dropFirst(piece.count)
            }
            #expect(crc.value == bitwise(bytes))
        }
    }
}
