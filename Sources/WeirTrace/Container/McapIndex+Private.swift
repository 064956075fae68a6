import WeirBase

// MCAP leaves kinds of records from 0x80 on to whoever wants them, and has readers pass over those
// that they do not know. Weir writes none; another tool may have added some to a trace.

extension McapIndex {
    /// Passes over a record of a kind that MCAP does not have; false where the file's end cuts it.
    ///
    /// - Throws: `.damaged` where the kind is not a private one, or where the record is one of
    ///   MCAP's own in everything but its kind. The two differ in one bit, and a chunk that is
    ///   passed over would be lost without a word.
    mutating func passOver(
        _ kind: UInt8, length: UInt64, _ file: InputFile, size: UInt64
    ) throws(TraceError) -> Bool {
        guard kind >= Mcap.firstPrivate else {
            throw .damaged(dataEnd, "there is no record of kind \(kind)")
        }
        guard length <= UInt64(Mcap.maximumRecord) else {
            throw .damaged(dataEnd, "a record of \(length) bytes, more than \(Mcap.maximumRecord)")
        }
        let body = dataEnd + UInt64(Mcap.recordHead)
        guard body <= size, length <= size - body else { return false }
        if let own = Mcap.Opcode(rawValue: kind - Mcap.firstPrivate),
            try holds(own, length: Int(length), file, size)
        {
            throw .damaged(dataEnd, "a record of kind \(kind) holds what \(own) does")
        }
        dataEnd = body + length
        return true
    }

    /// Whether the record at the data's end holds what one of MCAP's own kinds does. Only of
    /// kinds that a trace is the poorer without.
    private func holds(
        _ opcode: Mcap.Opcode, length: Int, _ file: InputFile, _ size: UInt64
    ) throws(TraceError) -> Bool {
        if McapSalvage.isSought(opcode) {
            let head = try file.read(at: dataEnd, count: McapSalvage.headBytes)
            return McapSalvage.isRecord(opcode, head, room: size - dataEnd)
        }
        guard opcode == .channel else { return false }
        let body = try file.read(at: dataEnd + UInt64(Mcap.recordHead), count: length)
        return Self.isChannel(body)
    }

    /// Whether these bytes are the body of a channel: two numbers, a topic, an encoding and a map.
    private static func isChannel(_ body: [UInt8]) -> Bool {
        var reader = ByteReader(body)
        do throws(MalformedBytes) {
            _ = try reader.fixed(UInt32.self)
            _ = try reader.mcapString()
            _ = try reader.mcapString()
            _ = try reader.mcapMap()
            return reader.isAtEnd
        } catch {
            // Whatever else it is, it is no channel.
            return false
        }
    }
}
