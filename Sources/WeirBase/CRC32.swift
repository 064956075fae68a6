/// The cyclic redundancy check of zlib, PNG and MCAP (polynomial 0xEDB88320, reflected).
///
/// It finds damage, and nothing that somebody changed on purpose. Eight bytes are taken at a
/// time with eight tables (“slicing-by-8”: Kounavis and Berry, A Systematic Approach to
/// Building High Performance Software-Based CRC Generators, ISCC 2005). A value with one
/// owner.
package struct CRC32: Sendable {
    /// The sum so far, inverted as the definition wants it.
    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    /// The sum of everything so far; updating may go on afterwards.
    package var value: UInt32 { ~state }

    /// Takes bytes into the sum.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        Self.tables.withUnsafeBufferPointer { tables in
            var crc = state
            var index = 0
            // The sum so far goes into the first four bytes; each of the eight then has a
            // table of its own.
            while index + 8 <= bytes.count {
                let low =
                    bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self).littleEndian ^ crc
                let high = bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self)
                    .littleEndian
                crc =
                    tables[7 * 256 + Int(low & 0xFF)]
                    ^ tables[6 * 256 + Int((low >> 8) & 0xFF)]
                    ^ tables[5 * 256 + Int((low >> 16) & 0xFF)]
                    ^ tables[4 * 256 + Int(low >> 24)]
                    ^ tables[3 * 256 + Int(high & 0xFF)]
                    ^ tables[2 * 256 + Int((high >> 8) & 0xFF)]
                    ^ tables[1 * 256 + Int((high >> 16) & 0xFF)]
                    ^ tables[Int(high >> 24)]
                index += 8
            }
            // What is left of the last eight, one by one with the first table.
            while index < bytes.count {
                crc = tables[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ (crc >> 8)
                index += 1
            }
            state = crc
        }
    }

    /// The same for bytes that somebody else owns. Only bytes that do not lie together are
    /// copied.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let contiguous: Void? = bytes.withContiguousStorageIfAvailable {
            update(UnsafeRawBufferPointer($0))
        }
        if contiguous == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    /// The sum of some bytes.
    package static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc = CRC32()
        crc.update(bytes)
        return crc.value
    }

    /// Table n tells what a byte does to the sum that n more bytes follow. 8 KiB, made at the
    /// first use.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var crc = UInt32(index)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
            tables[index] = crc
        }
        for index in 0..<256 {
            for slice in 1..<8 {
                let previous = tables[(slice - 1) * 256 + index]
                // One zero byte further than in the table before.
                tables[slice * 256 + index] = tables[Int(previous & 0xFF)] ^ (previous >> 8)
            }
        }
        return tables
    }()
}
