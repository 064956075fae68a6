import Testing
import WeirBase

@testable import WeirConnectors
@testable import WeirEngine

/// What a reader that names its members reads, and what it says of lines that it cannot read.
@Suite struct JSONObjectTests {
    private struct Item: Decodable, Equatable {
        var id: UInt64?
        var small: Int8?
        var price: Double?
        var name: String?
        var at: Instant?
        var flag: Bool?
    }

    /// A reader of items in members that come in any order.
    private func itemReader() -> JSONObjectReader<Item> {
        JSONObjectReader { members in
            let id = members.member("id", as: UInt64?.self)
            let small = members.member("small", as: Int8?.self)
            let price = members.member("price", as: Double?.self)
            let name = members.member("name", as: String?.self)
            let at = members.member("at", as: Instant?.self)
            let flag = members.member("flag", as: Bool?.self)
            return { line in
                Item(
                    id: try line[id], small: try line[small], price: try line[price],
                    name: try line[name], at: try line[at], flag: try line[flag])
            }
        }
    }

    /// The value or the reason of one reader, and of a type's own decoding.
    private func compare(_ line: [UInt8], _ reader: JSONObjectReader<Item>) {
        func answer(_ read: () throws -> Item) -> String {
            do { return "\(try read())" } catch { return "\(error)" }
        }
        let read = answer { try reader.read(line.span.bytes) }
        let decoded = line.withUnsafeBytes { bytes in
            answer { try LineDecoder<Item>().decode(bytes) }
        }
        #expect(read == decoded, "\(String(decoding: line, as: UTF8.self))")
    }

    private static let lines = [
        #"{"id":18446744073709551615,"small":-128,"price":1.5e3,"name":"abc","flag":true}"#,
        #"{"name":"a\u00e9\ud83d\ude00\ud800\q\n","small":1.0,"price":-0.0,"at":null}"#,
        #"{"at":"2026-11-24T14:04:31.2+02:00","flag":false,"x":{"y":[1,{"id":2}]},"id":7}"#,
        #"{ "id" : 1 , "id":"twice" , "na\u006de" : "b" , "smäll":2, "small":null }"#,
        #"{"a name that is longer than sixteen bytes":1,"price":12345678901234567890,"id":12345678}"#,
        "{}", " { } ", "[1]", "5", "\u{FEFF}{\"id\":1}", "null",
    ]

    @Test(arguments: lines)
    func `a line and each of its beginnings give what the type's decoding gives`(line: String) {
        // One reader for all of them, so that names are remembered from line to line.
        let reader = itemReader()
        for count in 0...line.utf8.count { compare(Array(line.utf8.prefix(count)), reader) }
        for count in 0...line.utf8.count { compare(Array(line.utf8.prefix(count)), reader) }
    }

    @Test(arguments: lines)
    func `a line with a byte changed gives what the type's decoding gives`(line: String) {
        let reader = itemReader()
        line.withBytesChanged { compare($0, reader) }
    }

    @Test func `random objects give what the type's decoding gives`() {
        let names = ["id", "small", "price", "name", "at", "flag", "n\\u0061me", "other", "é", ""]
        let values = [
            "1", "-1", "1.0", "0.1", "1e3", "128", "-129", "1e400", "\"a\"", "null", "true", "[]",
            "{\"id\":1}", "18446744073709551616", "-0", "\"2026-11-24T12:04:31Z\"", "00",
            "12345678",
            "123456789012345", "\"a text of more than sixteen bytes\"", "\"é\"",
        ]
        var random = SeededGenerator(seed: 13)
        let reader = itemReader()
        for _ in 0..<4_000 {
            let members: [String] = (0..<random.below(6)).map { _ in
                let name: String = names[random.below(names.count)]
                let value: String = values[random.below(values.count)]
                let space = random.below(4) == 0 ? " " : ""
                return "\(space)\"\(name)\"\(space):\(space)\(value)\(space)"
            }
            compare(Array("{\(members.joined(separator: ","))}".utf8), reader)
        }
    }

    private func refusal<Value: JSONReadable>(_ type: Value.Type, _ line: String) -> String? {
        let reader = JSONObjectReader<Value> { members in
            let member = members.member("a", as: Value.self)
            return { try $0[member] }
        }
        do {
            _ = try reader.read(Array(line.utf8).span.bytes)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a value that is not what was asked for is told with its member and column`() {
        #expect(refusal(Int8.self, #"{"a":128}"#) == "column 6: member a: 128 does not fit Int8")
        #expect(refusal(Int8.self, #"{"a":1.5}"#) == "column 6: member a: 1.5 does not fit Int8")
        #expect(refusal(Int8.self, #"{"a":"x"}"#) == "column 6: member a is a text, not Int8")
        #expect(refusal(Bool.self, #"{"a":{}}"#) == "column 6: member a is an object, not Bool")
        #expect(refusal(Bool.self, #"{"a":null}"#) == "column 6: member a is null")
        #expect(refusal(String.self, #" {"b":1}"#) == "column 2: it has no member a")
        #expect(refusal(Int.self, #"{"a":1"#) == "column 7: it ends inside an object")
        #expect(refusal(Int.self, "[1]") == "column 1: it is an array, not an object")
        #expect(refusal(Int.self, " ") == "BlankLine()")
        #expect(
            refusal(Instant.self, #"{"a":"noon"}"#)
                == "column 6: member a: noon is not a time in RFC 3339, such as "
                + "2026-11-24T12:04:31.2Z")
        #expect(refusal(Int?.self, #"{"a":null}"#) == nil)
    }

    @Test func `a text is compared and lent without being made`() throws {
        let reader = JSONObjectReader<String> { members in
            let kind = members.member("kind", as: String.self)
            return { line in
                let length = try line.withBytes(of: kind) { $0.byteCount }
                return "\(try line.isText(kind, "bid")) \(try line.isText(kind, "")) \(length)"
            }
        }
        func read(_ line: String) throws -> String { try reader.read(Array(line.utf8).span.bytes) }
        #expect(try read(#"{"kind":"bid"}"#) == "true false 3")
        #expect(try read(#"{"kind":"b\u0069d"}"#) == "true false 3")
        #expect(try read(#"{"kind":""}"#) == "false true 0")
        #expect(try read(#"{"kind":"bids"}"#) == "false false 4")
    }

    @Test func `a member that is asked for twice is one`() throws {
        let reader = JSONObjectReader<Int> { members in
            let (one, other) = (
                members.member("a", as: Int.self), members.member("a", as: Int.self)
            )
            return { try $0[one] + $0[other] }
        }
        #expect(try reader.read(Array(#"{"a":2}"#.utf8).span.bytes) == 4)
    }
}
