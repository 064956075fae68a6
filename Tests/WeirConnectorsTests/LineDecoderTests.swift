import Foundation
import Testing
import WeirBase

@testable import WeirConnectors

/// Any value, by trying one form after the other.
private enum AnyValue: Decodable, Equatable {
    case null
    case truth(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case text(String)
    case array([AnyValue])
    case object([String: AnyValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let unsigned = try? value.decode(UInt64.self) {
            self = .unsigned(unsigned)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let array = try? value.decode([AnyValue].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: AnyValue].self))
        }
    }
}

/// A type with members of many kinds.
private struct Item: Decodable, Equatable {
    enum Kind: String, Decodable { case plain, odd }
    enum Shape: Decodable, Equatable {
        case circle(radius: Double)
        case none
    }
    struct Part: Decodable, Equatable {
        var id: Int8
        var weight: Float?
    }
    var id: UInt64?
    var small: Int8?
    var count: Int?
    var price: Double?
    var name: String?
    var kind: Kind?
    var shape: Shape?
    var parts: [Part]?
    var tags: [String: Int16]?
    var at: Instant?
    var flag: Bool?
    var amount: Decimal?
    var link: URL?
    var bytes: Data?
    var date: Date?
}

/// The decoder over the tape against Foundation's: the same value, or none of both.
@Suite struct LineDecoderTests {
    private func compare<Value: Decodable & Equatable>(
        _ type: Value.Type, _ line: [UInt8], _ decoder: LineDecoder<Value>
    ) {
        line.withUnsafeBytes { bytes in
            let expected = try? JSONLine.decode(type, from: bytes)
            let text = String(decoding: line, as: UTF8.self)
            #expect((try? decoder.decode(bytes)) == expected, "\(text)")
            // What it leaves to Foundation's decoder it does not guess.
            if let value = decoder.value(bytes) { #expect(value == expected, "\(text)") }
        }
    }

    private static let lines = [
        #"{"id":18446744073709551615,"small":-128,"count":-9223372036854775808,"price":1.5e3}"#,
        #"{"name":"a\u00e9\ud83d\ude00\ud800\q\n","kind":"odd","shape":{"circle":{"radius":2}}}"#,
        #"{"parts":[{"id":1,"weight":0.1},{"id":2.0},{"id":3e1}],"tags":{"a":1,"b":-2,"a":3}}"#,
        #"{"at":"2026-11-24T14:04:31.2+02:00","flag":true,"amount":0.10000000000000000001}"#,
        #"{"link":"https://a.example/?q=1","bytes":"aGVsbG8=","date":700000000.5,"x":[{}]}"#,
        #"{"id":1,"id":"twice","na\u006de":"b","small":null,"unknown":{"deep":[[[1]]]}}"#,
        #"{"é":1,"e\u0301":2,"K":3,"price":-0.0,"count":1e-400,"small":1e-999}"#,
        #"[9007199254740993.0,1.0000000000000001,1e18,9223372036854775807.0,1E400,-1e-400]"#,
        "null", "[]", "\"\"", "5", "[null,[true,false],{}]",
    ]

    @Test(arguments: lines)
    func `a line and each of its beginnings give what Foundation's decoder gives`(line: String) {
        let (items, values) = (LineDecoder<Item>(), LineDecoder<AnyValue>())
        for count in 0...line.utf8.count {
            compare(Item.self, Array(line.utf8.prefix(count)), items)
            compare(AnyValue.self, Array(line.utf8.prefix(count)), values)
        }
        // Nothing of these is left to Foundation's decoder.
        Array(line.utf8).withUnsafeBytes { bytes in
            let expected = try? JSONLine.decode(AnyValue.self, from: bytes)
            #expect(values.value(bytes) == expected)
        }
    }

    @Test(arguments: lines)
    func `a line with a byte changed gives what Foundation's decoder gives`(line: String) {
        let (items, values) = (LineDecoder<Item>(), LineDecoder<AnyValue>())
        for index in 0..<line.utf8.count {
            for byte in Array("\"\\]0-.e \u{1}".utf8) + [0xFF] {
                var bytes = Array(line.utf8)
                bytes[index] = byte
                compare(Item.self, bytes, items)
                compare(AnyValue.self, bytes, values)
            }
        }
    }

    @Test func `random objects give what Foundation's decoder gives`() {
        let names = [
            "id", "small", "count", "price", "name", "kind", "parts", "tags", "at", "flag",
            "amount", "n\\u0061me", "é",
        ]
        let values = [
            "1", "-1", "1.0", "0.1", "1e3", "128", "-129", "1e400", "\"a\"", "\"plain\"", "null",
            "true", "[]", "{}", "[{\"id\":1}]", "{\"a\":1}", "18446744073709551616", "-0",
            "\"2026-11-24T12:04:31Z\"", "123456789012345678901234567890", "0.30000000000000004",
        ]
        var random = SeededGenerator(seed: 11)
        let (items, anything) = (LineDecoder<Item>(), LineDecoder<AnyValue>())
        for _ in 0..<3_000 {
            let members: [String] = (0..<random.below(5)).map { _ in
                let name: String = names[random.below(names.count)]
                let value: String = values[random.below(values.count)]
                return "\"\(name)\":\(value)"
            }
            let line = Array("{\(members.joined(separator: ","))}".utf8)
            compare(Item.self, line, items)
            compare(AnyValue.self, line, anything)
        }
    }

    @Test func `an object with very many members is no slower for each`() {
        let count = 20_000
        let members = (0..<count).map { "\"member\($0)\":\($0),\"member\($0)\":-1" }
        let line = Array("{\(members.joined(separator: ","))}".utf8)
        let value = line.withUnsafeBytes { LineDecoder<[String: Int]>().value($0) }
        #expect(value?.count == count)
        #expect(value?.allSatisfy { $0.key == "member\($0.value)" } == true)
    }

    @Test func `an error of a type's own decoding names the way to the value`() {
        struct Taken: Decodable {
            init(from decoder: any Decoder) throws {
                let members = try decoder.container(keyedBy: PathKey.self)
                do {
                    _ = try members.decode([[String: Int8]].self, forKey: .init(stringValue: "a"))
                } catch DecodingError.dataCorrupted(let context) {
                    #expect(context.codingPath.memberPath == "a[1].c")
                    return
                }
                Issue.record("it was decoded")
            }
        }
        let line = Array(#"{"x":[1,2],"a":[{"b":1},{"b":2,"c":128}]}"#.utf8)
        _ = line.withUnsafeBytes { LineDecoder<Taken>().value($0) }
    }
}
