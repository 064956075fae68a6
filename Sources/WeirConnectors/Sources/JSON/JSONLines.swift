import Foundation
public import WeirBase
public import WeirEngine

extension Source where Element: Decodable {
    /// JSON Lines: one value a line, decoded as `type`.
    ///
    /// `eventTime` gives an element's time and `watermark` how far out of order they come. The
    /// table *How JSON is read* says what is JSON; blank lines are passed over. What becomes of a
    /// line that is no such value is for `malformed` to say: by default the run ends with an error
    /// that names file, line, column and reason. After `idleAfter` without a line the source does
    /// not hold back the watermark of what reads it.
    ///
    /// A member of type `Instant` is RFC 3339 text. Nothing is made of members that the type does
    /// not ask for. A source that reads its members itself costs a third: see the one with
    /// `JSONMembers`.
    public static func jsonLines(
        _ path: String? = nil, as type: Element.Type = Element.self,
        eventTime: (@Sendable (Element) -> Instant)? = nil, watermark: WatermarkPolicy? = nil,
        idleAfter: Duration? = nil, malformed: MalformedPolicy<Element> = .fail
    ) -> Source {
        .lines(
            from: path.map { FileSource(path: $0) }, watermark: watermark, idleAfter: idleAfter,
            malformed: malformed
        ) { _ in
            let decoder = LineDecoder<Element>()
            return { line, _ in
                let element = try line.withUnsafeBytes { try decoder.decode($0) }
                return (element, eventTime?(element))
            }
        }
    }
}

/// Decodes a line that `LineDecoder` could not, in three steps: `JSONScanner` says whether it is
/// JSON; Foundation's decoder makes the value; where that fails, `JSONProbe` finds out why.
///
/// The scanner goes first because Foundation's decoder is less strict and says less of what
/// is wrong. What `LineDecoder` gives is what this gives, as tests hold, but for whole numbers of
/// which Foundation's decoder drops a fraction, or which it refuses, and for each `Float` that it
/// refuses because it is nearly 0.
enum JSONLine {
    /// Decodes a line as a value of the type.
    ///
    /// - Throws: `BlankLine` for a line without anything; `MalformedLine` for what is no JSON
    ///   or no such value; and what the type's own decoding throws.
    static func decode<Element: Decodable>(
        _ type: Element.Type, from line: UnsafeRawBufferPointer
    ) throws -> Element {
        var scanner = JSONScanner(line, collectsOddities: true)
        if scanner.isAtEnd() { throw BlankLine() }
        let start = scanner.position
        do throws(JSONScanner.Fault) {
            _ = try scanner.wholeValue()
        } catch {
            throw MalformedLine(error.reason, column: error.offset + 1)
        }
        do {
            // A decoder is not shared between lines: making one is cheap beside what it does.
            return try JSONDecoder().decode(type, from: plain(line, from: start, scanner))
        } catch {
            // The decoder does not say of a number what is wrong with it, so that is found
            // out once more.
            try JSONProbe.explain(type, line, decoderSays: error)
        }
    }

    /// The line as every reader of JSON understands it: what the table *How JSON is read*
    /// reads in its own way is replaced by what it reads.
    private static func plain(
        _ line: UnsafeRawBufferPointer, from start: Int, _ scanner: JSONScanner
    ) -> Data {
        // Nearly every line: nothing is copied but the line itself.
        if scanner.oddities.isEmpty, !scanner.hasHighBytes {
            return Data(line[start...])
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.count)
        var end = start
        for oddity in scanner.oddities {
            bytes.append(contentsOf: line[end..<oddity.range.lowerBound])
            bytes.append(contentsOf: oddity.isNumber ? "0".utf8 : "\u{FFFD}".utf8)
            end = oddity.range.upperBound
        }
        bytes.append(contentsOf: line[end...])
        // The way through a string makes U+FFFD of bytes that are not UTF-8.
        return Data(String(decoding: bytes, as: UTF8.self).utf8)
    }
}

extension DataStream where Element: Encodable {
    /// Writes each element as a JSON object on a line of its own, members in order of their names.
    ///
    /// A number that JSON cannot hold (not-a-number, also as a `Decimal`, the infinities) ends the
    /// run with an error that names its member. The sink is a stage of its own with one subtask.
    /// Without `to` the rows go where the run's `--output` says, else nowhere. A closure that
    /// writes the row's bytes costs less: see the `write` with one.
    public func write(_ name: String, to sink: (any RowSink)? = nil) {
        let encoder = RowEncoder<Element>()
        write(name, to: sink) { element, row in
            do {
                try encoder.encode(element, to: &row)
            } catch let EncodingError.invalidValue(value, context) {
                throw UnwritableValue(value, context)
            }
        }
    }
}

/// A row holds a value that JSON has no form for; the sentence names the member.
struct UnwritableValue: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ value: Any, _ context: EncodingError.Context) {
        let path = PrintableText.escaped(context.codingPath.memberPath)
        let name = path.isEmpty ? "the row" : "member \(path)"
        let shown = PrintableText.escaped("\(value)", limit: ConnectorBounds.maximumShownValue)
        description =
            "\(name) is \(shown), which JSON cannot hold. Write an optional without a value, or "
            + "give the sink a closure that writes it"
    }
}

extension [any CodingKey] {
    /// The path of a member as a person writes it: `items[2].price`.
    var memberPath: String {
        var path = ""
        for key in self {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path
    }
}

extension RowSink where Self == FileSink {
    /// Rows into a file of JSON Lines; it is replaced.
    public static func jsonLines(_ path: String) -> FileSink { FileSink(path: path) }
}
