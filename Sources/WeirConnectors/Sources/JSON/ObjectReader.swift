import WeirBase
import WeirEngine

/// Reads lines as objects, outside of a run: what `Source.jsonObjects` reads with.
///
/// One owner. A line costs no allocation beyond what the closure makes.
public final class JSONObjectReader<Element> {
    @usableFromInline let objects: ObjectReader
    @usableFromInline let make: (borrowing JSONObject) throws -> Element

    /// A reader of the members that `reading` asks for.
    @inlinable
    public init(
        _ reading: (inout JSONMembers) -> (borrowing JSONObject) throws -> Element
    ) {
        var members = JSONMembers()
        make = reading(&members)
        objects = ObjectReader(members)
    }

    /// What the closure makes of the line's members.
    ///
    /// - Throws: `BlankLine`; `MalformedLine` for what is no JSON or no object, with the reason;
    ///   and what the closure throws.
    @inlinable
    public func read(_ line: RawSpan) throws -> Element {
        let object = try objects.begin(line)
        defer { objects.end() }
        return try make(object)
    }
}

/// Finds the members that were asked for. Belongs to one reader.
@usableFromInline
final class ObjectReader {
    private let index = UnsafeMutablePointer<JSONObjectIndex>.allocate(capacity: 1)

    @usableFromInline
    init(_ members: JSONMembers) { index.initialize(to: JSONObjectIndex(members.names)) }

    deinit {
        index.deinitialize(count: 1)
        index.deallocate()
    }

    /// The members of a line, until `end`.
    ///
    /// - Throws: `BlankLine`; `MalformedLine` for what is no JSON or no object.
    @usableFromInline
    func begin(_ line: RawSpan) throws -> JSONObject {
        try line.withUnsafeBytes { line in
            if !index.pointee.read(line) { throw refusal(line) }
        }
        return JSONObject(index: UnsafePointer(index))
    }

    /// Gives the line back.
    @usableFromInline
    func end() { index.pointee.clear() }

    /// Why a line is none that can be read.
    private func refusal(_ line: UnsafeRawBufferPointer) -> any Error {
        defer { index.pointee.clear() }
        if let entry = index.pointee.other {
            let kind = entry.kind == .null ? "null" : "\(entry.noun), not an object"
            return MalformedLine("it is \(kind)", column: entry.column)
        }
        var scanner = JSONScanner(line)
        if scanner.isAtEnd() { return BlankLine() }
        do throws(JSONScanner.Fault) {
            _ = try scanner.wholeValue()
        } catch {
            return MalformedLine(error.reason, column: error.offset + 1)
        }
        preconditionFailure("a line is JSON to one reader and none to the other")
    }
}
