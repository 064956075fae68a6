import Weir

/// A query's bare loop over the lines of a file, with its rows written into another one.
enum LineLoop {
    /// Rows are written by so many bytes at once.
    private static let rowBytes = 1 << 16
    /// So many events are parsed before the loop takes them; 16 KiB.
    private static let batch = 256

    /// Runs the loop of a query, and tells how many rows it wrote.
    static func run<Parser: EventParser & ~Copyable>(
        _ query: AuctionQuery, _ input: String, _ output: String, by parser: Parser.Type
    ) throws -> UInt64 {
        switch query {
        case .q0: try run(PassLoop.self, parser, query, input, output)
        case .q1, .q1hop: try run(ConvertLoop.self, parser, query, input, output)
        case .q2: try run(SelectLoop.self, parser, query, input, output)
        case .q3: try run(LocalItemLoop.self, parser, query, input, output)
        case .q4: try run(AveragePriceLoop.self, parser, query, input, output)
        case .q5: try run(HotItemLoop.self, parser, query, input, output)
        case .q7: try run(HighestBidLoop.self, parser, query, input, output)
        case .q8: try run(NewSellerLoop.self, parser, query, input, output)
        case .q11: try run(SessionLoop.self, parser, query, input, output)
        }
    }

    private static func run<Loop: BareLoop & ~Copyable, Parser: EventParser & ~Copyable>(
        _ type: Loop.Type, _ parserType: Parser.Type, _ query: AuctionQuery, _ input: String,
        _ output: String
    ) throws -> UInt64 {
        var file = try LineFile(input)
        var parser = Parser(query)
        do {
            return try rows(Loop(), &file, &parser, RowFile(output))
        } catch let error as ConnectorError {
            throw error
        } catch {
            // A line that is too long was not taken by the parser.
            guard let taken = parser.takenLines else { throw error }
            throw UnreadableLine(file.hasRefused ? taken + 1 : taken, of: input, error)
        }
    }

    private static func rows<Loop: BareLoop & ~Copyable, Parser: EventParser & ~Copyable>(
        _ loop: consuming Loop, _ file: inout LineFile, _ parser: inout Parser,
        _ rowFile: borrowing RowFile
    ) throws -> UInt64 {
        var loop = loop
        var rows = BareRows(isWriting: true)
        var watermark = BareWatermark()
        let events = UnsafeMutableBufferPointer<AuctionEvent>.allocate(capacity: batch)
        defer { events.deallocate() }
        while true {
            let lines = try file.next()
            if lines.isEmpty { break }
            try parser.begin(lines)
            while case let count = try parser.next(events), count > 0 {
                for index in 0..<count {
                    loop.take(events[index], .first, &rows)
                    if let time = watermark.behind(events[index].dateTime) {
                        loop.advance(to: time, &rows)
                    }
                }
                if rows.text.count >= rowBytes {
                    try rowFile.write(rows.text)
                    rows.removeText()
                }
            }
        }
        loop.advance(to: .max, &rows)
        try rowFile.write(rows.text)
        return rows.count
    }
}
