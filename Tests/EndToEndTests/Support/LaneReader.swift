import Testing

/// Reads what is left in a lane file, knowing nothing but its documented layout.
///
/// The point is not to share code with the reader that is tested.
struct LaneReader {
    /// The highest step noted in any lane, and the run's lanes by role.
    let highestStep: UInt64
    let roles: [UInt8]

    private static let header = 4_096
    private static let alignment = 128
    private static let slot = 32
    /// Beginnings of turns, accesses, publishes, rest points, voids.
    private static let steps = 1...11

    init(_ bytes: [UInt8]) throws {
        func word(_ offset: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
        }
        func half(_ offset: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << ($1 * 8) }
        }
        try #require(bytes.count >= Self.header)
        try #require(bytes.starts(with: Array("WEIRLANE".utf8)))
        let block = Int(word(48))
        let count = half(64)
        var (highest, roles) = (UInt64(0), [UInt8]())
        var start = block + count * Self.alignment
        for lane in 0..<count {
            let entry = 72 + 16 * lane
            let slots = half(entry + 4)
            roles.append(bytes[entry])
            var position = word(block + lane * Self.alignment)
            while true {
                let offset = start + Int(position % UInt64(slots)) * Self.slot
                guard word(offset) == position + 1 else { break }
                let second = word(offset + 8)
                if Self.steps.contains(Int(second & 0xFF)) { highest = max(highest, second >> 16) }
                position += max(1, second >> 8 & 0xFF)
            }
            start += (slots * Self.slot + Self.alignment - 1) / Self.alignment * Self.alignment
        }
        (highestStep, self.roles) = (highest, roles)
    }
}
