import Testing

@testable import Nexmark

/// The bare loops from file to file, and what they say of lines that they cannot read.
@Suite struct LineLoopTests {
    @Test func `sixteen hex digits are a number, and no other byte is one of them`() {
        let digits = Array("0123456789abcdef".utf8)
        for position in 0..<16 {
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: digits[(position + 3) % 16], count: 16)
                text[position] = byte
                let value = text.withUnsafeBytes {
                    AuctionText.hexadecimal(
                        $0.loadUnaligned(as: UInt64.self),
                        $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                }
                let expected =
                    digits.contains(byte)
                    ? UInt64(String(decoding: text, as: UTF8.self), radix: 16) : nil
                #expect(value == expected, "\(byte) at \(position)")
            }
        }
    }
}
