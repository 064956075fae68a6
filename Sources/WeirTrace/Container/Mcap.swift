/// The parts of the MCAP format that Weir uses (mcap.dev/spec).
///
/// A record is an opcode, a 64-bit length and a body; everything is little-endian; strings and
/// maps carry 32-bit byte lengths.
enum Mcap {
    static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
    /// Where the format's version stands in the magic.
    static let versionByte = 5
    /// Opcode and length before each body.
    static let recordHead = 9
    /// Body of a footer.
    static let footerBody = 20
    static let profile = "weir"

    /// A chunk may unpack to so much; larger claims are damage.
    static let maximumChunk = 64 << 20
    /// Bodies of records other than chunks; larger claims are damage.
    static let maximumRecord = 16 << 20
    /// The summary of a trace of about 500 GB.
    static let maximumSummary = 1 << 30

    enum Opcode: UInt8 {
        case header = 0x01
        case footer = 0x02
        case schema = 0x03
        case channel = 0x04
        case message = 0x05
        case chunk = 0x06
        case messageIndex = 0x07
        case chunkIndex = 0x08
        case attachment = 0x09
        case attachmentIndex = 0x0A
        case statistics = 0x0B
        case metadata = 0x0C
        case metadataIndex = 0x0D
        case summaryOffset = 0x0E
        case dataEnd = 0x0F
    }
}

/// One message for a chunk.
struct McapMessage {
    var channel: UInt16
    var sequence: UInt32
    var logTime: UInt64
    var data: [UInt8]
}

/// A chunk of the file, as far as it is known without unpacking it.
struct McapChunkEntry: Equatable, Sendable {
    /// Where its record begins.
    var offset: UInt64
    /// Bytes of the record, head included.
    var length: UInt64
    var startTime: UInt64
    var endTime: UInt64
    var compressedSize: UInt64
    var uncompressedSize: UInt64
    /// Bit n: it holds messages of channel n (n < 64).
    var channels: UInt64

    func holds(channel: UInt16) -> Bool { channel < 64 && channels >> UInt64(channel) & 1 == 1 }
}

/// Where a metadata record lies.
struct McapMetadataEntry: Equatable, Sendable {
    var offset: UInt64
    var length: UInt64
    var name: String
}
