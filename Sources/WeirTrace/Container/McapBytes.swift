import WeirBase

extension ByteWriter {
    /// Appends a string as MCAP writes it: a 32-bit byte length, then UTF-8.
    mutating func append(mcap text: String) {
        append(fixed: UInt32(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    /// Appends a map of strings as MCAP writes it: a 32-bit length of the whole in bytes, then
    /// the keys and values in turn. MCAP leaves the order open; ours is that of the array.
    mutating func append(mcap map: [(String, String)]) {
        let start = count
        append(fixed: UInt32(0))
        for (key, value) in map {
            append(mcap: key)
            append(mcap: value)
        }
        // The length does not count its own four bytes.
        patch(fixed: UInt32(count - start - 4), at: start)
    }

    /// Begins a record and leaves its length open.
    ///
    /// Returns where the body begins, to be given to `endRecord`. Records are never nested.
    mutating func beginRecord(_ opcode: Mcap.Opcode) -> Int {
        append(opcode.rawValue)
        append(fixed: UInt64(0))
        return count
    }

    /// Ends the record whose body begins at `start`: fills in its length, the eight bytes before
    /// it.
    mutating func endRecord(_ start: Int) {
        assert(
            start >= Mcap.recordHead && start <= count,
            "a record's body cannot begin at byte \(start) of \(count)")
        // A length is zero for as long as its record is open.
        assert(
            bytes[start - 8..<start].allSatisfy { $0 == 0 },
            "the record whose body begins at byte \(start) was ended before")
        patch(fixed: UInt64(count - start), at: start - 8)
    }
}

extension ByteReader {
    /// Reads a string; throws where it is longer than what is left, or not UTF-8.
    mutating func mcapString() throws(MalformedBytes) -> String {
        let start = offset
        let raw = try slice(Int(try fixed(UInt32.self)))
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw MalformedBytes(offset: start, reason: "text is not UTF-8")
        }
        return text
    }

    /// Reads a map in the order in which it was written. A key may come twice; see who looks it
    /// up.
    mutating func mcapMap() throws(MalformedBytes) -> [(String, String)] {
        // A reader over the map's own bytes, so that no pair can reach behind it.
        var inner = ByteReader(try slice(Int(try fixed(UInt32.self))))
        var pairs: [(String, String)] = []
        while !inner.isAtEnd { pairs.append((try inner.mcapString(), try inner.mcapString())) }
        return pairs
    }
}
