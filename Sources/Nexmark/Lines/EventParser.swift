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
    /// How many lines were taken from the beginning of the file on, the one that could not be read
    /// among them; nil where they are not counted.
    var takenLines: Int? { get }
    /// The next events, as many as there is room for; none behind the last line.
    mutating func next(_ events: UnsafeMutableBufferPointer<AuctionEvent>) throws -> Int
}

/// A line that a bare loop cannot read.
struct UnreadableLine: Error, CustomStringConvertible {
    let description: String

    /// The parser's own words.
    init(_ reason: String) { description = reason }

    /// A line of a file by its number, from 1, and what a reader of lines says of it.
    init(_ line: Int, of path: String, _ error: any Error) {
        let location = "line \(line) of \(path)"
        guard let malformed = error as? MalformedLine else {
            description = "\(location): \(error)"
            return
        }
        let column = malformed.column.map { ", column \($0)" } ?? ""
        description = "\(location)\(column): \(malformed.reason)"
    }
}

/// The reader that sources use.
struct ScannerParser: ~Copyable, EventParser {
    static let name = "scanner"
    private let reader: JSONObjectReader<AuctionEvent>
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
    private var taken = 0
    var takenLines: Int? { taken }

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
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
            taken += 1
            do {
                events.initializeElement(at: count, to: try reader.read(line.bytes))
                count += 1
            } catch  where Self.isBlank(line) {
                // Passed over, as the source does.
            }
        }
        return count
    }

    /// Whether a line holds nothing but what JSON takes for space.
    private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}

#if WEIR_SIMDJSON
    /// simdjson's reader of many documents, for the queries of bids.
    struct SimdjsonParser: ~Copyable, EventParser {
        static let name = "simdjson"
        private let reader: OpaquePointer
        private let wanted: UInt32
        var takenLines: Int? { nil }

        init(_ query: AuctionQuery) {
            reader = weir_simdjson_create()
            wanted = query.wanted.bid.rawValue
        }

        deinit { weir_simdjson_destroy(reader) }

        mutating func begin(_ lines: UnsafeRawBufferPointer) throws {
            let isRead = weir_simdjson_begin(
                reader, lines.baseAddress, lines.count, lines.count + LineFile.paddingBytes)
            guard isRead else { throw UnreadableLine("simdjson refuses the file") }
        }

        mutating func next(_ events: UnsafeMutableBufferPointer<AuctionEvent>) throws -> Int {
            let count = weir_simdjson_next(reader, wanted, events.baseAddress, events.count)
            guard count >= 0 else { throw UnreadableLine("simdjson refuses a line") }
            return count
        }
    }
#endif
