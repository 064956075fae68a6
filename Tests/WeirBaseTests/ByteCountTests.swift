import Foundation
import Testing
import WeirBase

/// Amounts of bytes and counts of turns: what files claim is borne with, what a process counts
/// wrongly is not.
@Suite struct ByteCountTests {
    @Test func `kibibytes and mebibytes are powers of two`() {
        #expect(ByteCount.kibibytes(4) == 4_096)
        #expect(ByteCount.mebibytes(2) == .kibibytes(2_048))
        #expect(ByteCount.mebibytes(1).count == 1 << 20)
    }

    @Test func `values take their strides and not what they point to`() {
        #expect(ByteCount(of: 3, Int64.self) == 24)
        #expect(ByteCount(of: 0, Int64.self) == .zero)
        #expect(ByteCount(of: 2, (Int64, UInt8).self) == 32, "the second begins at its alignment")
        #expect(ByteCount(of: 1, String.self) == ByteCount(MemoryLayout<String>.stride))
    }

    @Test func `amounts are added, taken away, multiplied and shared out`() {
        var amount: ByteCount = 10
        amount += 5
        amount -= 3
        #expect(amount == 12 && amount + 1 == 13 && amount - 12 == .zero)
        #expect(3 * amount == 36 && amount / 5 == 2)
    }

    @Test func `what a file claims adds up to the largest number and no further`() {
        #expect(ByteCount(3).saturatingSum(4) == 7)
        #expect(ByteCount.max.saturatingSum(1) == .max)
    }

    @Test func `any number of 64 bits is an amount, and is read and written bare`() throws {
        for number in [0, 1, UInt64(Int64.max) + 1, .max] {
            let json = try JSONEncoder().encode([ByteCount(number), ByteCount(number)])
            #expect(String(decoding: json, as: UTF8.self) == "[\(number),\(number)]")
            let read = try JSONDecoder().decode([ByteCount].self, from: json)
            #expect(read == [ByteCount(number), ByteCount(number)])
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ByteCount].self, from: Data("[-1]".utf8))
        }
    }

    @Test func `more is not taken away than was there`() async {
        await #expect(processExitsWith: .failure) { _ = ByteCount(1) - 2 }
    }

    @Test func `turns are counted one by one and together`() {
        var turns = TurnCount.zero
        turns += 1
        turns += 63
        #expect(turns == 64 && turns.isMultiple(of: 64) && !(turns + 1).isMultiple(of: 64))
        #expect([TurnCount(2), 3].reduce(.zero, +) == 5)
    }
}
