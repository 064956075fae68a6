/// The parts of the MCAP format that Weir uses (mcap.dev/spec).
///
/// A file is a magic, records, and the magic again. A record is an opcode, a 64-bit length and a
/// body. Everything is little-endian, and strings and maps carry 32-bit byte lengths. The order
/// of the records is: a header; schemas, channels, metadata and chunks, each chunk followed by
/// its message indexes; the end of the data; a summary that repeats where everything is; a
/// footer that says where the summary begins.
///
/// A recording that was cut off lacks everything from the end of the data on, and is read by
/// scanning its records from the front.
enum Mcap {
    /// The first and the last eight bytes of a whole file: `\x89MCAP0\r\n`.
    static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
    /// The index of the format's version in the magic, a digit.
    static let versionByte = 5
    /// The bytes before each body: an opcode of one byte and a length of eight.
    static let recordHead = 9
    /// The bytes of a footer's body: two offsets of eight bytes and a checksum of four.
    static let footerBody = 20
    /// What the header of Weir's files gives as its profile, by which a trace is known.
    static let profile = "weir"

    /// The maximum number of bytes that a chunk may unpack to. A larger claim is taken for
    /// damage, so that no file can make a reader allocate more. Weir's own chunks are far
    /// smaller, see `TraceWriter`.
    static let maximumChunk = 64 << 20
    /// The bytes of a message in its chunk besides its own: the record's head, the channel, the
    /// sequence number and two times.
    static let messageHead = recordHead + 2 + 4 + 8 + 8
    /// The maximum number of bytes of a message, which has at most a chunk to itself.
    static let maximumMessage = maximumChunk - messageHead
    /// The maximum number of bytes of a record that is no chunk. A larger claim is taken for
    /// damage.
    static let maximumRecord = 16 << 20
    /// The maximum number of bytes of a summary. At about 110 bytes for each chunk this is room
    /// for nearly ten million chunks, a trace of about 500 GB.
    static let maximumSummary = 1 << 30

    /// The first of the kinds that MCAP leaves to other programs; readers pass over those that
    /// they do not know.
    static let firstPrivate: UInt8 = 0x80

    /// The kinds of records. Weir writes no attachments and passes over those of others.
    enum Opcode: UInt8 {
        /// The first record: the profile and the program that wrote the file.
        case header = 0x01
        /// The last record: where the summary begins, and its checksum.
        case footer = 0x02
        /// How the messages of some channels are to be read.
        case schema = 0x03
        /// Gives a topic the number that its messages carry.
        case channel = 0x04
        /// A message; only ever within a chunk.
        case message = 0x05
        /// Messages of any channels, packed together.
        case chunk = 0x06
        /// Where in the chunk before it the messages of one channel are.
        case messageIndex = 0x07
        /// In the summary: where a chunk is, and which channels it holds messages of.
        case chunkIndex = 0x08
        case attachment = 0x09
        case attachmentIndex = 0x0A
        /// In the summary: how many of everything there are.
        case statistics = 0x0B
        /// A name and pairs of strings.
        case metadata = 0x0C
        /// In the summary: where a metadata record is.
        case metadataIndex = 0x0D
        /// In the summary: where the records of one kind begin in it.
        case summaryOffset = 0x0E
        /// Behind it only the summary follows; it carries a checksum over all data.
        case dataEnd = 0x0F
    }
}

/// A message on its way into a chunk.
struct McapMessage {
    /// The number of its channel, which stands for a topic.
    var channel: UInt16
    /// Counts the messages of its channel from 0 without gaps, so that a missing one shows.
    var sequence: UInt32
    /// Nanoseconds since 1970; must not fall within a file.
    var logTime: UInt64
    var data: [UInt8]
}

/// A chunk of the file as far as it is known without unpacking it: an entry of the index.
struct McapChunkEntry: Equatable, Sendable {
    /// The byte of the file at which the chunk's record begins.
    var offset: UInt64
    /// The bytes of the record, its head included.
    var length: UInt64
    /// The least log time of its messages, nanoseconds since 1970.
    var startTime: UInt64
    /// The greatest log time of its messages, nanoseconds since 1970.
    var endTime: UInt64
    /// The bytes of its messages as they are in the file.
    var compressedSize: UInt64
    /// The bytes of its messages once they are unpacked.
    var uncompressedSize: UInt64
    /// Bit n is set when the chunk holds messages of channel n. Channels from 64 on have no bit;
    /// Weir numbers its few topics from 1.
    var channels: UInt64

    /// Whether it holds messages of a channel, as far as that is known: the message indexes
    /// behind the last chunk of a growing file may still be missing.
    func holds(channel: UInt16) -> Bool { channel < 64 && channels >> UInt64(channel) & 1 == 1 }
}

/// A metadata record as the index knows it: where it is and what it is called.
struct McapMetadataEntry: Equatable, Sendable {
    var offset: UInt64
    var length: UInt64
    var name: String
}
