/// Walks over the outermost members of a line that is a JSON object, without taking it apart.
///
/// The protocol is: call `next` until nil, and then look at `isWhole`. Only then is it known
/// that the line is JSON, and what the members said may count. What is JSON is for
/// `JSONScanner` to say: values that are passed over are checked as strictly as those that
/// are looked at. The walk allocates nothing.
package struct MemberScanner {
    package typealias Value = JSONScanner.Value

    /// Whether the object came to its end, and the line with it.
    package private(set) var isWhole = false
    private var scanner: JSONScanner
    /// Whether no member was asked for yet, so that none must be followed by a comma.
    private var isFirst = true

    /// A scanner of a line; nil when the line does not begin with a brace.
    package init?(_ line: UnsafeRawBufferPointer) {
        scanner = JSONScanner(line)
        guard scanner.take(0x7B) else { return nil }
        scanner.skipSpace()
    }

    package var line: UnsafeRawBufferPointer { scanner.line }

    /// The next member, or nil at the object's end or where it is no JSON; `isWhole` tells which.
    package mutating func next() -> (key: Value, value: Value)? {
        do throws(JSONScanner.Fault) {
            if isFirst {
                isFirst = false
                if scanner.take(0x7D) { return finish() }
            } else if try !scanner.isFollowed(end: 0x7D, "object") {
                return finish()
            }
            let key = try scanner.memberName()
            return (key, try scanner.value(depth: 1))
        } catch {
            return nil
        }
    }

    /// The object has come to its end; whether the line has, too, is `isWhole`.
    private mutating func finish() -> (key: Value, value: Value)? {
        isWhole = scanner.isAtEnd()
        return nil
    }

    /// Calls `body` with the bytes of a string, its escapes resolved.
    package func withBytes<Result>(
        of value: Value, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let raw = UnsafeRawBufferPointer(rebasing: line[value.range])
        return value.hasEscapes ? JSONEscape.resolved(raw).withUnsafeBytes(body) : body(raw)
    }

    /// A string's text with its escapes resolved, or another value's own bytes; what is not UTF-8
    /// or no escape is U+FFFD.
    package static func text(_ value: Value, of line: UnsafeRawBufferPointer) -> String {
        JSONEscape.text(value, of: line)
    }
}
