import Foundation
public import WeirBase
public import WeirEngine

extension Source where Element: Decodable {
    /// JSON Lines: one object a line, decoded as `type`.
    ///
    /// `eventTime` gives an element's time and `watermark` how far out of order they come. A line
    /// that is not such an object ends the run with an error that names it: use `lines(decode:)`
    /// where bad lines are to be counted instead. Dates are RFC 3339 text in fields of type
    /// `String`, or an `Instant` in nanoseconds. Costs what Foundation's decoder costs, some
    /// microseconds a line.
    public static func jsonLines(
        _ path: String? = nil, as type: Element.Type = Element.self,
        eventTime: (@Sendable (Element) -> Instant)? = nil, watermark: WatermarkPolicy? = nil
    ) -> Source {
        .lines(from: path.map { FileSource(path: $0) }, watermark: watermark) { bytes, number in
            let element: Element
            do {
                // A decoder is not shared: it is cheap beside what it does.
                element = try JSONDecoder().decode(Element.self, from: Data(bytes))
            } catch {
                throw JSONLineError(line: number + 1, reason: JSONLineError.words(error))
            }
            return (element, eventTime?(element))
        }
    }
}

/// A line that could not be decoded.
struct JSONLineError: Error, CustomStringConvertible {
    let line: UInt64
    let reason: String

    var description: String { "line \(line) cannot be decoded: \(reason)" }

    static func words(_ error: any Error) -> String {
        guard let decoding = error as? DecodingError else { return "\(error)" }
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch decoding {
        case .keyNotFound(let key, _): return "it has no member \(key.stringValue)"
        case .typeMismatch(let type, let context):
            return "member \(path(context)) is no \(type)"
        case .valueNotFound(_, let context): return "member \(path(context)) is null"
        case .dataCorrupted(let context):
            let place = path(context)
            return place.isEmpty ? "it is not JSON" : "member \(place) is malformed"
        @unknown default: return "\(decoding)"
        }
    }
}

extension DataStream where Element: Encodable {
    /// Writes each element as a JSON object on a line of its own, members in order of their names.
    ///
    /// The sink is a stage of its own with one subtask. Without `to` the rows go where the run's
    /// `--output` says, else nowhere. Costs what Foundation's encoder costs.
    public func write(_ name: String, to sink: (any RowSink)? = nil) {
        write(name, to: sink) { element in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(element), as: UTF8.self)
        }
    }
}

extension RowSink where Self == FileSink {
    /// Rows into a file of JSON Lines; it is replaced.
    public static func jsonLines(_ path: String) -> FileSink { FileSink(path: path) }
}
