import Testing
import WeirBase

@Suite struct BytesTests {
    /// One of everything, written and read back in the same order.
    private func sample() -> ByteWriter {
        var writer = ByteWriter(reserving: 16)
        writer.append(UInt8(7))
        writer.append(fixed: UInt16(0x0102))
        writer.append(fixed: Int64(-2))
        writer.append(varint: 300)
        writer.append(varint: .max)
        writer.append(signedVarint: -65)
        writer.append(signedVarint: .min)
        writer.append(string: "Wehr – 堰")
        writer.append(counted: [1, 2, 3])
        return writer
    }

    private func readSample(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> [String] {
        var reader = ByteReader(bytes)
        var read: [String] = []
        read.append("\(try reader.byte())")
        read.append("\(try reader.fixed(UInt16.self))")
        read.append("\(try reader.fixed(Int64.self))")
        read.append("\(try reader.varint(as: UInt16.self))")
        read.append("\(try reader.varint())")
        read.append("\(try reader.signedVarint())")
        read.append("\(try reader.signedVarint())")
        read.append(try reader.string())
        read.append("\(Array(try reader.counted()))")
        guard reader.isAtEnd else { throw reader.failure("goes on") }
        return read
    }

    @Test func `what was written is read back`() throws {
        #expect(
            try readSample(sample().bytes[...]) == [
                "7", "258", "-2", "300", "\(UInt64.max)", "-65", "\(Int64.min)", "Wehr – 堰",
                "[1, 2, 3]",
            ])
    }

    @Test func `fixed numbers are little-endian and varints are least first`() {
        var writer = ByteWriter()
        writer.append(fixed: UInt32(0x0102_0304))
        writer.append(varint: 300)
        writer.append(signedVarint: -1)
        #expect(writer.bytes == [4, 3, 2, 1, 0xAC, 0x02, 0x01])
    }

    @Test func `every cut is refused within its bytes`() {
        let bytes = sample().bytes
        for count in bytes.indices {
            let error = #expect(throws: MalformedBytes.self) { try readSample(bytes[..<count]) }
            #expect(error.map { $0.offset <= count } == true)
        }
    }

    @Test func `every flipped bit is read or refused and never traps`() {
        let bytes = sample().bytes
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                do {
                    #expect(try readSample(changed[...]).count == 9)
                } catch {
                    #expect((0...bytes.count).contains(error.offset))
                }
            }
        }
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 32, 1 << 63, UInt64.max])
    func `a varint and its neighbours survive the way there and back`(value: UInt64) throws {
        for number in [value &- 1, value, value &+ 1] {
            var writer = ByteWriter()
            writer.append(varint: number)
            writer.append(signedVarint: Int64(bitPattern: number))
            var reader = ByteReader(writer.bytes)
            #expect(try reader.varint() == number)
            #expect(try reader.signedVarint() == Int64(bitPattern: number))
            #expect(reader.isAtEnd)
        }
    }

    @Test func `a varint of more than 64 bits is refused`() {
        let full = [UInt8](repeating: 0xFF, count: 9)
        var widest = ByteReader(full + [0x01])
        #expect(throws: Never.self) { try widest.varint() }
        for bytes in [full + [0x02], full + [0x81, 0x00], [UInt8](repeating: 0x80, count: 30)] {
            var reader = ByteReader(bytes)
            #expect(throws: MalformedBytes.self) { try reader.varint() }
        }
    }

    @Test func `a bound is part of a number's type`() throws {
        var writer = ByteWriter()
        for number: UInt64 in [255, 256, 10, 11] { writer.append(varint: number) }
        var reader = ByteReader(writer.bytes)
        #expect(try reader.varint(as: UInt8.self) == 255)
        #expect(throws: MalformedBytes(offset: 2, reason: "256 is more than 255")) {
            try reader.varint(as: UInt8.self)
        }
        #expect(try reader.varint(as: Int.self, atMost: 10) == 10)
        #expect(throws: MalformedBytes(offset: 5, reason: "11 is more than 10")) {
            try reader.varint(as: Int.self, atMost: 10)
        }
    }

    @Test func `a length beyond the bytes left is refused before anything is taken`() {
        var writer = ByteWriter()
        writer.append(varint: UInt64(Int.max))
        writer.append(contentsOf: [1, 2])
        var counted = ByteReader(writer.bytes)
        #expect(throws: MalformedBytes.self) { try counted.counted() }
        var sliced = ByteReader(writer.bytes)
        #expect(throws: MalformedBytes.self) { try sliced.slice(-1) }
        #expect(throws: MalformedBytes.self) { try sliced.slice(writer.count + 1) }
        #expect(sliced.offset == 0)
    }

    @Test func `text that is not UTF-8 is refused at its start`() {
        var reader = ByteReader([9, 2, 0xC3, 0x28][1...])
        #expect(throws: MalformedBytes(offset: 0, reason: "text is not UTF-8")) {
            try reader.string()
        }
    }

    @Test func `offsets count from the reader's first byte, also in a slice`() throws {
        var reader = ByteReader([0, 0, 1, 2, 3][2...])
        _ = try reader.slice(2)
        #expect(reader.offset == 2)
        #expect(reader.remaining == 1)
        #expect(throws: MalformedBytes(offset: 2, reason: "ends early")) {
            try reader.fixed(UInt16.self)
        }
    }

    @Test func `a patched length lies where it was left open`() throws {
        var writer = ByteWriter()
        writer.append(UInt8(1))
        writer.append(fixed: UInt32(0))
        writer.append(fixed: UInt64(0))
        writer.patch(fixed: UInt32.max - 1, at: 1)
        writer.patch(fixed: UInt64.max - 2, at: 5)
        var reader = ByteReader(writer.bytes[1...])
        #expect(try reader.fixed(UInt32.self) == .max - 1)
        #expect(try reader.fixed(UInt64.self) == .max - 2)
    }
}
