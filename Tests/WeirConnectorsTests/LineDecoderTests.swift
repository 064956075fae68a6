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
        #"[9007199254740993.0,1e18,1E400,-1e-400]"#,
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
        line.withBytesChanged { bytes in
            if isReadOtherwise(bytes) { return }
            compare(Item.self, bytes, items)
            compare(AnyValue.self, bytes, values)
        }
    }

    /// Whether a line has a number that Foundation's decoder reads in its own way: a whole one of
    /// more digits than a `Double` has and a point or an exponent, or a `Float` written as `0e1`.
    private func isReadOtherwise(_ line: [UInt8]) -> Bool {
        let text = String(decoding: line, as: UTF8.self)
        let numbers = text.split { !"0123456789.eE+-".contains($0) }
        return text.contains("\"weight\":0e")
            || numbers.contains { $0.count > 15 && $0.contains { ".eE".contains($0) } }
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

    // MARK: Types that keep, try and take what few do

    private func decoded<Value: Decodable>(_ type: Value.Type, _ line: String) -> String {
        do {
            return "\(try Array(line.utf8).withUnsafeBytes { try LineDecoder<Value>().decode($0) })"
        } catch {
            return "\(error)"
        }
    }

    /// Keeps its decoder, and reads its text when it is asked for.
    private final class Late: Decodable {
        nonisolated(unsafe) static var decoders: [any Decoder] = []
        let decoder: any Decoder
        let members: KeyedDecodingContainer<PathKey>
        init(from decoder: any Decoder) throws {
            self.decoder = decoder
            members = try decoder.container(keyedBy: PathKey.self)
            Self.decoders.append(decoder)
        }
        static func text(_ decoder: any Decoder) -> String? {
            let members = try? decoder.container(keyedBy: PathKey.self)
            return try? members?.decode(String.self, forKey: PathKey(stringValue: "a"))
        }
        var text: String? { try? members.decode(String.self, forKey: PathKey(stringValue: "a")) }
    }

    @Test func `what a type keeps of its decoder reads its own line for ever`() throws {
        Late.decoders = []
        let decoder = LineDecoder<Late>()
        let texts = ["first", "a second\u{e9}", "third"]
        // The line's bytes go away behind the call.
        let values = try texts.map { text in
            try Array("{\"a\":\"\(text)\"}".utf8).withUnsafeBytes { try decoder.decode($0) }
        }
        #expect(values.map(\.text) == texts)
        #expect(values.map { Late.text($0.decoder) } == texts)
        #expect(Set(Late.decoders.map(Late.text)) == Set(texts))
    }

    /// Numbers of 128 bits in each kind of container.
    private struct Wide: Decodable, Equatable {
        enum Form: Decodable, Equatable {
            case signed(Int128)
            case unsigned(UInt128)
            case number(Double)
            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let number = try? value.decode(Int128.self) {
                    self = .signed(number)
                } else if let number = try? value.decode(UInt128.self) {
                    self = .unsigned(number)
                } else {
                    self = .number(try value.decode(Double.self))
                }
            }
        }
        struct Pair: Decodable, Equatable {
            var first: Int128
            var second: UInt128?
            init(from decoder: any Decoder) throws {
                var elements = try decoder.unkeyedContainer()
                first = try elements.decode(Int128.self)
                second = try? elements.decodeIfPresent(UInt128.self)
            }
        }
        var id: Int128?
        var unsigned: UInt128?
        var form: Form?
        var pair: Pair?
    }

    @Test func `numbers of 128 bits are read as Foundation's decoder reads them`() {
        let decoder = LineDecoder<Wide>()
        let numbers = [
            "5", "-1", "0", "-0", "null", "1e3", "1.5", "\"x\"",
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105728",
            "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105729",
            "340282366920938463463374607431768211455", "340282366920938463463374607431768211456",
        ]
        for number in numbers {
            for name in ["id", "unsigned", "form"] {
                compare(Wide.self, Array("{\"\(name)\":\(number)}".utf8), decoder)
            }
            compare(Wide.self, Array("{\"pair\":[\(number),\(number)]}".utf8), decoder)
            compare(Wide.self, Array("{\"pair\":[1,\(number)]}".utf8), decoder)
        }
        #expect(
            decoded([String: Int128].self, #"{"a":170141183460469231731687303715884105728}"#)
                == "column 6: member a: 170141183460469231731687303715884105728 does not fit Int128"
        )
    }

    @Test(
        arguments: [
            ("1e-50", 0), ("-1e-50", 0), ("1e-400", 0), ("-1e-400", 0), ("-0", -0.0),
            ("-0.0e9", -0.0),
            ("1e-45", .leastNonzeroMagnitude), ("0.1", 0.1), ("16777217", 16_777_216),
            ("3.4028235e38", .greatestFiniteMagnitude), ("3.5e38", nil), ("1e400", nil),
            ("0.30000001192092896", 0.3), ("1.00000017881393432617187499", 1.000_000_1),
            ("1.00000017881393432617187501", 1.000_000_2),
        ] as [(String, Float?)])
    func `a Float is the nearest to what is written, and 0 where nothing is nearer`(
        text: String, expected: Float?
    ) {
        let line = Array("[\(text)]".utf8)
        let value = line.withUnsafeBytes { LineDecoder<[Float]>().value($0) }
        #expect(value?.first?.bitPattern == expected?.bitPattern)
        if expected == nil {
            #expect(
                decoded([Float].self, "[\(text)]")
                    == "column 2: member [0]: \(text) does not fit Float")
        }
    }

    /// What each question is answered with, an error by its case.
    private struct Answers: Decodable {
        let answers: [String]

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: PathKey.self)
            let null = PathKey(stringValue: "null")
            let missing = PathKey(stringValue: "missing")
            let text = PathKey(stringValue: "text")
            func isNull(_ key: PathKey) throws -> Bool {
                try members.superDecoder(forKey: key).singleValueContainer().decodeNil()
            }
            answers = [
                Self.told { try members.decode(Bool.self, forKey: null) },
                Self.told { try members.decode(Int.self, forKey: null) },
                Self.told { try members.decode(Double.self, forKey: null) },
                Self.told { try members.decode(String.self, forKey: null) },
                Self.told { try members.decode([Int].self, forKey: null) },
                Self.told { try members.decode([String: Int].self, forKey: null) },
                Self.told { try members.decode(Bool.self, forKey: text) },
                Self.told { try members.decode(Int8.self, forKey: text) },
                Self.told { try members.decode(Int8.self, forKey: missing) },
                Self.told { try isNull(missing) }, Self.told { try isNull(null) },
                Self.told { try members.superDecoder().singleValueContainer().decodeNil() },
            ]
        }

        private static func told<Value>(_ body: () throws -> Value) -> String {
            do {
                return "\(try body())"
            } catch DecodingError.typeMismatch {
                return "typeMismatch"
            } catch DecodingError.valueNotFound {
                return "valueNotFound"
            } catch DecodingError.keyNotFound {
                return "keyNotFound"
            } catch {
                return "other"
            }
        }
    }

    @Test func `a type is answered as by Foundation's decoder`() throws {
        for line in [#"{"null":null,"text":"a"}"#, #"{"null":null,"text":"a","super":1}"#] {
            let expected = try JSONDecoder().decode(Answers.self, from: Data(line.utf8))
            let value = try Array(line.utf8).withUnsafeBytes {
                try LineDecoder<Answers>().decode($0)
            }
            #expect(value.answers == expected.answers)
        }
    }

    /// Any value of an array, by trying one form after the other and looking how many there are.
    private struct Counted: Decodable {
        var values: [AnyValue] = []
        init(from decoder: any Decoder) throws {
            var elements = try decoder.unkeyedContainer()
            while let count = elements.count, values.count < count {
                values.append(try elements.decode(AnyValue.self))
            }
        }
    }

    @Test func `the ways to many values are found in one pass`() throws {
        let count = 4_000
        let texts = Array(repeating: #""ab",{"c":[null,"d"]}"#, count: count / 2)
        let line = Array("[\(texts.joined(separator: ","))]".utf8)
        let lent = LentTape()
        let value = try line.withUnsafeBytes { bytes in
            let isRead = lent.tape.pointee.read(bytes)
            #expect(isRead)
            return try TapeDecoder(lent: lent, index: 0).decode(Counted.self)
        }
        #expect(value.values.count == count)
        // Each value is tried in up to six forms, at a depth of up to three.
        #expect(lent.waySteps < 40 * count)
        #expect(lent.waySteps >= count)
    }

    @Test func `a tape that nothing keeps is used again, and one that is kept is not`() throws {
        func tapes<Value: Decodable>(_ type: Value.Type, _ line: String) -> Int {
            let decoder = LineDecoder<Value>()
            for _ in 0..<3 { _ = try? Array(line.utf8).withUnsafeBytes { try decoder.decode($0) } }
            return decoder.tapeCount
        }
        #expect(tapes([AnyValue].self, #"[1,"a",{"b":[null]}]"#) == 1)
        #expect(tapes([Int].self, #"[1,"a"]"#) == 1)
        final class Keeping: Decodable {
            let decoder: any Decoder
            init(from decoder: any Decoder) { self.decoder = decoder }
        }
        #expect(tapes(Keeping.self, #"{"a":"b"}"#) == 4)
    }

    // MARK: Whole numbers

    /// Numbers that are whole whatever they are written like, as `Int64` and `UInt64`.
    private static let wholes: [(String, Int64?, UInt64?)] = [
        ("1e16", 10_000_000_000_000_000, 10_000_000_000_000_000),
        ("9007199254740993.0", 9_007_199_254_740_993, 9_007_199_254_740_993),
        ("9223372036854775807.0", .max, 9_223_372_036_854_775_807),
        ("9223372036854775808.0", nil, 9_223_372_036_854_775_808),
        ("-9223372036854775808.00", .min, nil), ("-9223372036854775809.0", nil, nil),
        ("1.8446744073709551615e19", nil, .max), ("1.8446744073709551616e19", nil, nil),
        ("18446744073709551615", nil, .max), ("1844674407370955161500e-2", nil, .max),
        ("123456789012345600e-2", 1_234_567_890_123_456, 1_234_567_890_123_456),
        ("10e-1", 1, 1), ("0.3e1", 3, 3), ("0.00000000000000000001e20", 1, 1), ("-0.0", 0, 0),
        ("0e99999999999999999999", 0, 0), ("0.0e-99999999999999999999", 0, 0), ("1E+2", 100, 100),
        ("-1e2", -100, nil), ("1e-400", 0, 0), ("-1e-400", 0, 0),
        ("1.0000000000000001", nil, nil), ("1.00000000000000001", nil, nil),
        ("4503599627370496.4", nil, nil), ("9007199254740993.5", nil, nil), ("1.5", nil, nil),
        ("123456789012345678e-2", nil, nil), ("1e-1", nil, nil),
        ("1e99999999999999999999", nil, nil),
    ]

    @Test func `a whole number is exact or refused, however it is written, by both readers`() {
        let objects64 = reader(Int64.self)
        let objectsU64 = reader(UInt64.self)
        for (text, signed, unsigned) in Self.wholes {
            let line = "{\"a\":\(text)}"
            let refusal = "column 6: member a: \(text) does not fit "
            let one = signed.map { "\($0)" } ?? refusal + "Int64"
            let other = unsigned.map { "\($0)" } ?? refusal + "UInt64"
            #expect(member([String: Int64].self, line) == one, "\(text)")
            #expect(member([String: UInt64].self, line) == other, "\(text)")
            #expect(objects64(line) == one && objectsU64(line) == other, "\(text)")
        }
    }

    /// The value of the member `a`, or the error.
    private func member<Value: Decodable>(_ type: [String: Value].Type, _ line: String) -> String {
        do {
            let values = try Array(line.utf8).withUnsafeBytes {
                try LineDecoder<[String: Value]>().decode($0)
            }
            return values["a"].map { "\($0)" } ?? "none"
        } catch {
            return "\(error)"
        }
    }

    private func reader<Value: JSONReadable>(_ type: Value.Type) -> (String) -> String {
        let reader = JSONObjectReader<Value> { members in
            let member = members.member("a", as: Value.self)
            return { try $0[member] }
        }
        return { line in
            do {
                return "\(try reader.read(Array(line.utf8).span.bytes))"
            } catch {
                return "\(error)"
            }
        }
    }

    // MARK: Long values

    @Test func `what an error shows of a line is short`() {
        enum Kind: String, Decodable { case a }
        let long = String(repeating: "9", count: 100_000)
        let shown = String(repeating: "9", count: ConnectorBounds.maximumShownValue) + "…"
        let number = "column 6: member a: \(shown) does not fit "
        #expect(decoded([String: Int].self, "{\"a\":\(long)}") == number + "Int")
        #expect(decoded([String: Int].self, "{\"a\":\(long).5}") == number + "Int")
        #expect(decoded([String: Double].self, "{\"a\":\(long)}") == number + "Double")
        #expect(decoded([String: Float].self, "{\"a\":\(long)}") == number + "Float")
        #expect(reader(Int.self)("{\"a\":\(long)}") == number + "Int")
        #expect(reader(UInt8.self)("{\"a\":\(long).5}") == number + "UInt8")
        #expect(reader(Double.self)("{\"a\":\(long)}") == number + "Double")
        #expect(decoded([String: Int].self, "{\"\(long)\":true}").count < 300)
        #expect(decoded([String: Kind].self, "{\"a\":\"\(long)\"}").count < 400)
        #expect(decoded([Int: Int].self, "{\"a\(long)\":1}").count < 500)
        let context = EncodingError.Context(
            codingPath: [PathKey(stringValue: long)], debugDescription: "")
        #expect(UnwritableValue(Double.nan, context).description.count < 400)
        #expect(UnwritableValue(long, context).description.count < 500)
    }
}
