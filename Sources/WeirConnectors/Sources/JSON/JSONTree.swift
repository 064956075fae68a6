import WeirBase

/// A line of JSON taken apart, each part with its range in the line.
///
/// Only `JSONProbe` makes one, for a line that the scanner has found to be JSON already. So
/// this may take whatever comes, and its depth is bounded by the scanner's.
struct JSONTree {
    /// What a part is.
    indirect enum Content {
        case null
        case bool(Bool)
        /// A number as it is written.
        case number(String)
        case string(String)
        case array([JSONTree])
        /// Members in their order; of several of one name the first counts.
        case object([(name: String, value: JSONTree)])
    }

    let content: Content
    /// The bytes of the line that it takes.
    let range: Range<Int>

    /// The column of its first byte, counted from 1.
    var column: Int { range.lowerBound + 1 }

    /// What it is, for a sentence: `a number`.
    var noun: String {
        switch content {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Takes a whole line apart, which must be JSON.
    init(_ line: UnsafeRawBufferPointer) throws(JSONScanner.Fault) {
        var scanner = JSONScanner(line)
        self = try Self.next(&scanner, depth: 0)
    }

    private init(_ content: Content, _ range: Range<Int>) {
        self.content = content
        self.range = range
    }

    /// Takes the next value, containers with everything in them.
    private static func next(
        _ scanner: inout JSONScanner, depth: Int
    ) throws(JSONScanner.Fault) -> JSONTree {
        let start = scanner.position
        switch scanner.line[start] {
        case 0x7B: return try object(&scanner, depth: depth + 1)
        case 0x5B: return try array(&scanner, depth: depth + 1)
        default: break
        }
        let value = try scanner.value(depth: depth)
        let text = JSONEscape.text(value, of: scanner.line)
        let content: Content =
            switch value.kind {
            case .string: .string(text)
            case .number: .number(text)
            case .object, .array, .literal: text == "null" ? .null : .bool(text == "true")
            }
        return JSONTree(content, start..<scanner.position)
    }

    /// Takes an object, at whose bracket the scanner is.
    private static func object(
        _ scanner: inout JSONScanner, depth: Int
    ) throws(JSONScanner.Fault) -> JSONTree {
        let start = scanner.position
        var members: [(name: String, value: JSONTree)] = []
        try scanner.open(depth)
        if !scanner.take(0x7D) {
            repeat {
                let name = JSONEscape.text(try scanner.memberName(), of: scanner.line)
                members.append((name, try next(&scanner, depth: depth)))
            } while try scanner.isFollowed(end: 0x7D, "object")
        }
        return JSONTree(.object(members), start..<scanner.position)
    }

    /// Takes an array, at whose bracket the scanner is.
    private static func array(
        _ scanner: inout JSONScanner, depth: Int
    ) throws(JSONScanner.Fault) -> JSONTree {
        let start = scanner.position
        var values: [JSONTree] = []
        try scanner.open(depth)
        if !scanner.take(0x5D) {
            repeat {
                scanner.skipSpace()
                values.append(try next(&scanner, depth: depth))
            } while try scanner.isFollowed(end: 0x5D, "array")
        }
        return JSONTree(.array(values), start..<scanner.position)
    }
}
