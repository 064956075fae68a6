import Foundation
import WeirBase
import WeirEngine

/// Decodes a line a second time to find out which member the type could not take, and why.
///
/// It is used only for lines that Foundation's decoder refused: of a number that does not
/// fit, that one says nothing but that “the given data was not valid JSON”. Slow, and never
/// the source of a value. It is a `Decoder`, so that the type itself says what it wants of
/// which member, and the first wish that cannot be met is the answer.
struct JSONProbe: Decoder {
    /// The value that is asked for now.
    let tree: JSONTree
    /// The whole line, for types that have forms of their own.
    let line: UnsafeRawBufferPointer
    /// The way to the value from the whole line.
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Says why `type` cannot be decoded from the line.
    ///
    /// - Throws: always: a `MalformedLine`, or what the type's own decoding threw.
    static func explain<Element: Decodable>(
        _ type: Element.Type, _ line: UnsafeRawBufferPointer, decoderSays error: any Error
    ) throws -> Never {
        let tree: JSONTree
        do throws(JSONScanner.Fault) {
            tree = try JSONTree(line)
        } catch {
            throw MalformedLine(error.reason, column: error.offset + 1)
        }
        // If the probe can decode it, the two decoders differ, and what the first one said
        // has to do.
        _ = try JSONProbe(tree: tree, line: line, codingPath: []).decode(type)
        throw MalformedLine(PrintableText.escaped(words(error)))
    }

    /// Whether the type finds in the line, which is JSON, what it wants.
    ///
    /// - Throws: what is wrong with it, as `explain` does.
    static func check<Element: Decodable>(
        _ type: Element.Type, _ line: UnsafeRawBufferPointer
    ) throws {
        _ = try JSONProbe(tree: try JSONTree(line), line: line, codingPath: []).decode(type)
    }

    /// What is left to say where the probe finds nothing wrong.
    private static func words(_ error: any Error) -> String {
        guard let decoding = error as? DecodingError else { return "\(error)" }
        switch decoding {
        case .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context), .dataCorrupted(let context):
            let path = context.codingPath.memberPath
            return (path.isEmpty ? "it" : "member \(path)") + " is malformed: "
                + context.debugDescription
        @unknown default: return "\(decoding)"
        }
    }

    // MARK: Sentences

    /// What a sentence is about: `member d`, or `it` for the whole line.
    var subject: String { Self.subject(codingPath) }

    /// Names come from the line, and are as long as they like.
    private static func subject(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "it" : "member \(PrintableText.escaped(path.memberPath))"
    }

    /// A refusal of the type itself, which may name a member inside the value.
    private func refusal(_ context: DecodingError.Context) -> MalformedLine {
        let path = context.codingPath.count > codingPath.count ? context.codingPath : codingPath
        let reason = PrintableText.escaped(context.debugDescription)
        return refusal("\(Self.subject(path)) is malformed: \(reason)")
    }

    /// A refusal of a number that the type cannot hold.
    private func unfitting(_ text: String, _ type: any Any.Type) -> MalformedLine {
        let shown = PrintableText.escaped(text, limit: ConnectorBounds.maximumShownValue)
        return refusal("\(subject): \(shown) does not fit \(type)")
    }

    /// A refusal with the column of the value.
    func refusal(_ reason: String) -> MalformedLine { MalformedLine(reason, column: tree.column) }

    /// A refusal because the value is of another kind than `noun`.
    func mismatch(_ noun: String) -> MalformedLine {
        if case .null = tree.content { return refusal("\(subject) is null") }
        return refusal("\(subject) is \(tree.noun), not \(noun)")
    }

    // MARK: Values

    /// Decodes a value of any type, of which some are known by name.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        switch type {
        case is Date.Type, is Data.Type, is URL.Type, is Decimal.Type:
            // These have forms of their own, which Foundation's decoder alone knows.
            let bytes = Data(line[tree.range])
            guard let value = try? JSONDecoder().decode(type, from: bytes) else {
                throw refusal("\(subject) is no \(type)")
            }
            return value
        case is Instant.Type:
            // Its own decoding would ask for text, and say of a number that it is none.
            let noun = "a time in RFC 3339, such as 2026-11-24T12:04:31.2Z"
            guard case .string(let text) = tree.content else { throw mismatch(noun) }
            guard let value = Instant(text) as? Value else {
                let shown = PrintableText.escaped(text, limit: ConnectorBounds.maximumShownValue)
                throw refusal("\(subject): \(shown) is not \(noun)")
            }
            return value
        default:
            break
        }
        do {
            return try type.init(from: self)
        } catch let DecodingError.dataCorrupted(context) {
            throw refusal(context)
        } catch let DecodingError.typeMismatch(_, context) {
            throw refusal(context)
        } catch let DecodingError.valueNotFound(_, context) {
            throw refusal(context)
        } catch let DecodingError.keyNotFound(key, _) {
            throw refusal("\(subject) has no member \(key.stringValue)")
        }
    }

    /// A whole number, however it is written, that fits the type.
    func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        guard case .number(let text) = tree.content else { throw mismatch("\(type)") }
        // `1e3` and `1.0` are whole numbers as well.
        if let number = Array(text.utf8).withUnsafeBytes({ JSONNumber.integral($0) }),
            let value = Value(number)
        {
            return value
        }
        throw unfitting(text, type)
    }

    /// A number that the type can hold; one beyond its range is refused.
    func floating<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Value.Type
    ) throws -> Value {
        guard case .number(let text) = tree.content else { throw mismatch("\(type)") }
        guard let value = Value(text), value.isFinite else { throw unfitting(text, type) }
        return value
    }

    func text() throws -> String {
        guard case .string(let text) = tree.content else { throw mismatch("String") }
        return text
    }

    func truth() throws -> Bool {
        guard case .bool(let value) = tree.content else { throw mismatch("Bool") }
        return value
    }

    var isNull: Bool { if case .null = tree.content { true } else { false } }

    /// The probe of a value within this one.
    func at(_ tree: JSONTree, _ key: any CodingKey) -> JSONProbe {
        JSONProbe(tree: tree, line: line, codingPath: codingPath + [key])
    }

    // MARK: Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = tree.content else { throw mismatch("an object") }
        var values: [String: JSONTree] = [:]
        // The first of several members of one name counts.
        for member in members where values[member.name] == nil {
            values[member.name] = member.value
        }
        return KeyedDecodingContainer(
            ProbedMembers(probe: self, names: members.map(\.name), values: values))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let values) = tree.content else { throw mismatch("an array") }
        return ProbedElements(probe: self, values: values)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { ProbedValue(probe: self) }
}
