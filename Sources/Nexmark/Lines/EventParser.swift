import Weir

#if WEIR_SIMDJSON
    import CSimdjson
#endif

/// What makes events of lines for the bare loops from file to file.
protocol EventParser: ~Copyable {
    /// What it is called in the output.
    static var name: String { get }
    init(_ query: AuctionQuery)
    /// Behind the lines there are `LineFile.paddingBytes` more that may be read.
    mutating func begin(_ lines: UnsafeRawBufferPointer) throws
    /// The next events, as many as there is room for; none behind the last line.
    mutating func next(_ events: UnsafeMutableBufferPointer<AuctionEvent>) throws -> Int
}

/// A line that the parser of a bare loop cannot read.
struct UnreadableLine: Error, CustomStringConvertible {
    let description: String
}

/// The reader that sources use.
struct ScannerParser: ~Copyable, EventParser {
    static let name = "scanner"
    private let reader: JSONObjectReader<AuctionEvent>
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ query: AuctionQuery) {
        reader = JSONObjectReader { members in
            let reader = AuctionReader(query, &members)
            return { line in try reader.event(line) }
        }
    }

    mutating func begin(_ lines: UnsafeRawBufferPointer) { rest = lines }

    mutating func next(_ events: UnsafeMutableBufferPointer<AuctionEvent>) throws -> Int {
        var count = 0
        while count < events.count, let end = LineFile.lineEnd(in: rest) {
            let line = UnsafeRawBufferPointer(rebasing: rest[..<end])
            events.initializeElement(at: count, to: try reader.read(line.bytes))
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
            count += 1
        }
        return count
    }
}

#if WEIR_SIMDJSON
    /// simdjson's reader of many documents, for the queries of bids.
    struct SimdjsonParser: ~Copyable, EventParser {
        static let name = "simdjson"
        private let reader: OpaquePointer
        private let wanted: UInt32

        init(_ query: AuctionQuery) {
            reader = weir_simdjson_create()
            wanted = query.wanted.bid.rawValue
        }

        deinit { weir_simdjson_destroy(reader) }

        mutating func begin(_ lines: UnsafeRawBufferPointer) throws {
            let isRead = weir_simdjson_begin(
                reader, lines.baseAddress, lines.count, lines.count + LineFile.paddingBytes)
            guard isRead else { throw UnreadableLine(description: "simdjson refuses the file") }
        }

        mutating func next(_ events: UnsafeMutableBufferPointer<AuctionEvent>) throws -> Int {
            let count = weir_simdjson_next(reader, wanted, events.baseAddress, events.count)
            guard count >= 0 else { throw UnreadableLine(description: "simdjson refuses a line") }
            return count
        }
    }
#endif
