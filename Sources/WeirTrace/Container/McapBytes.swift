import WeirBase

extension ByteWriter {
    /// A string as MCAP writes it: 32-bit byte length, then UTF-8.
    mutating func append(mcap text: String) {
        append(fixed: UInt32(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    /// A map of strings: 32-bit byte length, then pairs.
    mutating func append(mcap map: [(String, String)]) {
        let start = count
        append(fixed: UInt32(0))
        for (key, value) in map {
            append(mcap: key)
            append(mcap: value)
        }
        patch(fixed: UInt32(count - start - 4), at: start)
    }

    /// Begins a record; returns the place where `endRecord` puts its length.
    mutating func beginRecord(_ opcode: Mcap.Opcode) -> Int {
        append(opcode.rawValue)
        append(fixed: UInt64(0))
        return count
    }

    mutating func endRecord(_ start: Int) { patch(fixed: UInt64(count - start), at: start - 8) }
}

extension ByteReader {
    mutating func mcapString() throws(MalformedBytes) -> String {
        let start = offset
        let raw = try slice(Int(try fixed(UInt32.self)))
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw MalformedBytes(offset: start, reason: "text is not UTF-8")
        }
        return text
    }

    mutating func mcapMap() throws(MalformedBytes) -> [(String, String)] {
        var inner = ByteReader(try slice(Int(try fixed(UInt32.self))))
        var pairs: [(String, String)] = []
        while !inner.isAtEnd { pairs.append((try inner.mcapString(), try inner.mcapString())) }
        return pairs
    }
}
