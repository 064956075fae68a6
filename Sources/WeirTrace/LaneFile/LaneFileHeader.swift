import WeirBase
import WeirTelemetry

/// The first page of a lane file: whose lanes they are, and where each of them is.
///
/// `MappedLanes` writes it when a run begins and reads it when a run has died. It never changes
/// in between. All numbers are little-endian.
///
///     0   magic `WEIRLANE`            48  offset of the lanes' block, a multiple of 4096
///     8   format version, 32 bits     56  bytes of the block
///     12  CRC-32 of the page, this    64  number of lanes, 32 bits
///         field as zero               72  16 bytes a lane: role, 0, index (16 bits),
///     16  run, 32 hex digits              slots (32 bits), bytes of data (64 bits)
struct LaneFileHeader: Equatable {
    /// One page, so that the lanes behind it begin on a page too.
    static let size = 4096
    /// The first eight bytes, by which a lane file is known.
    static let magic = Array("WEIRLANE".utf8)
    /// The form of the header and of the lanes; another one is refused.
    static let version: UInt32 = 1
    /// The length of a run's id, which is in hex digits.
    static let runDigits = 32
    /// As many lanes as the page has room for: 251.
    static let maximumLanes = (size - 72) / 16
    /// The maximum number of slots of a lane, half a gigabyte of them. A larger claim is taken
    /// for damage.
    static let maximumSlots = 1 << 24
    /// The maximum number of bytes of a data ring. A larger claim is taken for damage. A block
    /// takes half a ring at most, and so fits a chunk of the trace with other blocks beside it.
    static let maximumData = Mcap.maximumChunk

    /// The maximum bytes of all lanes together. A larger claim is taken for damage, as
    /// they are copied into memory to be read.
    static let maximumBytes = ByteCount.mebibytes(1_024)

    /// The run that the lanes belong to, which must be that of the trace beside them.
    var run: String
    /// The lanes in the order in which they lie in the block.
    var layout: LaneLayout

    /// The page as it is written; nil when the run's id is not of 32 bytes or there are too many
    /// lanes.
    var page: [UInt8]? {
        guard run.utf8.count == Self.runDigits, layout.lanes.count <= Self.maximumLanes else {
            return nil
        }
        var writer = ByteWriter(reserving: Self.size)
        writer.append(contentsOf: Self.magic)
        writer.append(fixed: Self.version)
        writer.append(fixed: UInt32(0))
        writer.append(contentsOf: run.utf8)
        writer.append(fixed: UInt64(Self.size))
        writer.append(fixed: UInt64(layout.byteCount))
        writer.append(fixed: UInt32(layout.lanes.count))
        writer.append(fixed: UInt32(0))
        for lane in layout.lanes {
            writer.append(lane.role.rawValue)
            writer.append(0)
            writer.append(fixed: lane.index)
            writer.append(fixed: UInt32(lane.slots))
            writer.append(fixed: lane.dataBytes.rawValue)
        }
        assert(
            writer.count == 72 + 16 * layout.lanes.count,
            "\(layout.lanes.count) lanes are described in \(writer.count) bytes")
        // The sum covers the whole page, with zero in its own field.
        writer.append(contentsOf: [UInt8](repeating: 0, count: Self.size - writer.count))
        writer.patch(fixed: CRC32.of(writer.bytes), at: 12)
        return writer.bytes
    }

    init(run: String, layout: LaneLayout) {
        self.run = run
        self.layout = layout
    }

    /// Reads a page that nobody vouches for.
    ///
    /// `fileSize` is what the whole file has. Everything that mapping the lanes relies on is
    /// checked here: their sizes are powers of two within bounds, and they lie within the file.
    init(page: [UInt8], fileSize: UInt64) throws(MalformedBytes) {
        var reader = ByteReader(page)
        guard page.count == Self.size, Array(try reader.slice(8)) == Self.magic else {
            throw MalformedBytes(offset: 0, reason: "this is no lane file")
        }
        let version = try reader.fixed(UInt32.self)
        guard version == Self.version else {
            throw reader.failure("lanes of version \(version)")
        }
        let expected = try reader.fixed(UInt32.self)
        var blank = page
        // The sum was taken with zero in its own field.
        for index in 12..<16 { blank[index] = 0 }
        guard CRC32.of(blank) == expected else {
            throw reader.failure("the checksum of the lanes' header does not fit")
        }
        run = String(decoding: try reader.slice(Self.runDigits), as: UTF8.self)
        let offset = try reader.fixed(UInt64.self)
        let byteCount = try reader.fixed(UInt64.self)
        let count = Int(try reader.fixed(UInt32.self))
        _ = try reader.fixed(UInt32.self)
        guard offset == UInt64(Self.size), count <= Self.maximumLanes else {
            throw reader.failure("the lanes lie outside the file")
        }
        var lanes: [LaneSpec] = []
        for _ in 0..<count { lanes.append(try Self.lane(&reader)) }
        assert(
            reader.offset == 72 + 16 * count,
            "\(count) lanes were read out of \(reader.offset) bytes")
        // A `LaneSet` traps without it.
        guard lanes.filter({ $0.role == .rest }).count == 1 else {
            throw reader.failure("there must be one lane of rest points")
        }
        // The offsets of the lanes follow from their sizes. What the page says of the block
        // must agree with that, or writer and reader mean different layouts.
        layout = LaneLayout(lanes: lanes)
        guard layout.byteCount <= Self.maximumBytes.count else {
            throw reader.failure("lanes of \(layout.byteCount) bytes")
        }
        guard byteCount == UInt64(layout.byteCount), fileSize >= offset + byteCount else {
            throw reader.failure("the file is shorter than its lanes")
        }
    }

    /// Reads one lane's 16 bytes.
    private static func lane(_ reader: inout ByteReader) throws(MalformedBytes) -> LaneSpec {
        let raw = try reader.byte()
        guard let role = LaneRole(rawValue: raw) else {
            throw reader.failure("a lane of role \(raw)")
        }
        _ = try reader.byte()
        let index = try reader.fixed(UInt16.self)
        let slots = Int(try reader.fixed(UInt32.self))
        let data = try reader.fixed(UInt64.self)
        // Exactly what `NoteLane` traps on.
        guard slots >= TelemetryBounds.minimumLaneSlots, slots <= maximumSlots,
            slots & (slots - 1) == 0
        else { throw reader.failure("a lane of \(slots) slots") }
        guard data <= UInt64(maximumData), data == 0 || data & (data - 1) == 0 else {
            throw reader.failure("a lane with \(data) bytes of data")
        }
        return LaneSpec(role: role, index: index, slots: slots, dataBytes: ByteCount(data))
    }
}
