import Foundation
import Testing
import WeirBase

@testable import WeirConnectors

/// Rows as they are written, against Foundation's encoder with sorted keys.
@Suite struct RowEncoderTests {
    private func compare<Row: Encodable>(_ row: Row) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let expected = (try? encoder.encode(row)).map { String(decoding: $0, as: UTF8.self) }
        // Behind other bytes, which stay, and twice, since an encoder remembers what it cannot do.
        let rows = RowEncoder<Row>()
        for _ in 0..<2 {
            var bytes = Array("before\n".utf8)
            let isWritten = (try? rows.encode(row, to: &bytes)) != nil
            #expect(isWritten == (expected != nil))
            if let expected {
                #expect(String(decoding: bytes, as: UTF8.self) == "before\n" + expected)
            }
        }
    }

    private struct Row: Encodable {
        struct Part: Encodable {
            var z = -1
            var a: [Double] = [
                0.1, 1, -0.0, 1e21, 1e-7, 1.7976931348623157e308, .leastNonzeroMagnitude,
            ]
        }
        enum Shape: String, Encodable { case round }
        enum Form: Encodable {
            case one(Int)
            case two(a: String, b: Int?)
        }
        var name = "a\"b\\c/d\n\t\r\u{8}\u{c}\u{1}\u{7f}é😀\u{2028}"
        var empty = ""
        var flag = true
        var missing: Int?
        var there: UInt64? = .max
        var small = Int8.min
        var single: Float = 0.1
        var parts = [Part(), Part(z: 2, a: [])]
        var nested: [String: [Int: Bool]] = [
            "b": [2: true, 10: false], "B": [:], "ä": [:], "_": [:],
        ]
        var shape = Shape.round
        var forms = [Form.one(1), .two(a: "x", b: nil)]
        var at = Instant(milliseconds: 1_700_000_000_123)
        var date = Date(timeIntervalSinceReferenceDate: 700_000_000.25)
        var link = URL(string: "https://a.example/?b=c")
        var bytes = Data([1, 2, 3])
        var amount = Decimal(string: "0.10000000000000000001")
        var optional: [Int?] = [1, nil]
        var a10 = 1
        var a9 = 2
    }

    @Test func `a row is what Foundation writes, members in the order of their names`() {
        compare(Row())
        compare([Row(), Row()])
        compare(5)
        compare("text")
        compare([String: Int]())
        compare([Int]())
        compare(Int?.some(3))
        compare(Int?.none)
        compare([[[1.5]]])
    }

    @Test func `what JSON cannot hold is written by neither`() {
        compare(Double.nan)
        compare(["a": [Double.infinity]])
        compare([Float.nan])
    }

    /// Encodes by hand what few types do.
    private struct ByHand: Encodable {
        enum Key: String, CodingKey { case b, a, c }
        var isNested: Bool
        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Key.self)
            try members.encode(1, forKey: .b)
            if isNested {
                var list = members.nestedUnkeyedContainer(forKey: .a)
                try list.encode(2)
                var object = members.nestedContainer(keyedBy: Key.self, forKey: .c)
                try object.encode("x", forKey: .a)
            } else {
                try members.encode(3, forKey: .b)
                var again = encoder.container(keyedBy: Key.self)
                try again.encodeNil(forKey: .a)
            }
        }
    }

    private class Base: Encodable {
        var x = 1
    }
    private final class Derived: Base {
        private enum Key: String, CodingKey { case y }
        override func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Key.self)
            try members.encode(2, forKey: .y)
            try super.encode(to: members.superEncoder())
        }
    }

    @Test func `what few types do is left to Foundation`() {
        compare(ByHand(isNested: true))
        compare(ByHand(isNested: false))
        compare([ByHand(isNested: false)])
        compare(Derived())
        struct Nothing: Encodable {}
        compare(Nothing())
        compare([Nothing()])
    }

    /// Writes parts of itself that JSON cannot hold, and goes on without them.
    private struct Tried: Encodable {
        enum Form: CaseIterable { case member, nested, refused, elements, single, again }
        private enum Key: String, CodingKey { case id, reading, other }
        private struct Nested: Encodable {
            func encode(to encoder: any Encoder) throws {
                var members = encoder.container(keyedBy: Key.self)
                try members.encode(1, forKey: .id)
                try members.encode(Double.infinity, forKey: .reading)
            }
        }
        private struct Refused: Encodable {
            func encode(to encoder: any Encoder) throws { throw CancellationError() }
        }
        var form: Form

        func encode(to encoder: any Encoder) throws {
            switch form {
            case .elements: return try encodeElements(encoder)
            case .single:
                var value = encoder.singleValueContainer()
                try? value.encode(Float.nan)
                try value.encode("NaN")
                return
            case .member, .nested, .refused, .again: break
            }
            var members = encoder.container(keyedBy: Key.self)
            try members.encode(1, forKey: .id)
            if form == .member { try? members.encode(Double.nan, forKey: .reading) }
            if form == .nested { try? members.encode([Nested()], forKey: .reading) }
            if form == .refused { try? members.encode(Refused(), forKey: .reading) }
            if form == .again {
                try? members.encode(Double.nan, forKey: .reading)
                try members.encode("NaN", forKey: .reading)
                try members.encode([1], forKey: .other)
            }
        }

        private func encodeElements(_ encoder: any Encoder) throws {
            var elements = encoder.unkeyedContainer()
            try? elements.encode(Double.nan)
            try elements.encode(1)
            try? elements.encode(Double.nan)
            try? elements.encode(Refused())
            try elements.encode(2)
            try? elements.encode(["a": Nested()])
        }
    }

    @Test(arguments: Tried.Form.allCases)
    private func `a type that tries what cannot be written goes on as with Foundation's encoder`(
        form: Tried.Form
    ) {
        compare(Tried(form: form))
        compare([Tried(form: form)])
        compare(["a": Tried(form: form), "b": Tried(form: form)])
    }

    /// Writes wide numbers in each kind of container.
    private struct Wide: Encodable {
        struct Elements: Encodable {
            func encode(to encoder: any Encoder) throws {
                var elements = encoder.unkeyedContainer()
                try elements.encode(Int128.min)
                try elements.encode(UInt128.max)
            }
        }
        private enum Key: CodingKey { case a, b, c, d, e }
        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Key.self)
            try members.encode(1, forKey: .e)
            try? members.encode(Int128.max, forKey: .b)
            try? members.encode(UInt128.max, forKey: .a)
            try? members.encodeIfPresent(Int128?.some(7), forKey: .c)
            try? members.encode(Elements(), forKey: .d)
        }
    }

    @Test func `numbers of 128 bits are written with all their digits`() {
        compare(Wide())
        compare(Int128.min)
        compare(["a": UInt128.max])
        compare([Int128?.none, 5])
    }

    /// The member that an error names; nil where the row is written.
    private func refused<Row: Encodable>(_ row: Row) -> String? {
        var bytes = Array("before\n".utf8)
        do {
            try RowEncoder<Row>().encode(row, to: &bytes)
            return nil
        } catch let EncodingError.invalidValue(value, context) {
            #expect(bytes == Array("before\n".utf8))
            return "\(context.codingPath.memberPath) \(value)"
        } catch {
            return "\(error)"
        }
    }

    /// A row that Foundation's encoder writes.
    private struct Left: Encodable {
        var amounts: [Decimal]
        private enum Key: CodingKey { case text, list }
        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Key.self)
            try members.encode("NaN \\\" NaN", forKey: .text)
            var list = members.nestedUnkeyedContainer(forKey: .list)
            for amount in amounts { try list.encode(["amount": amount]) }
        }
    }

    @Test func `a decimal that is no number ends the row and is named, wherever it is`() {
        #expect(refused(Decimal.nan) == " NaN")
        #expect(refused([Decimal.nan]) == "[0] NaN")
        #expect(refused(["a": [1, Decimal.nan, .nan]]) == "a[1] NaN")
        #expect(refused(Left(amounts: [1, .nan, 2, .nan])) == "list[1].amount NaN")
        compare(Left(amounts: [1, 2.5]))
        compare(["NaN", "a\"NaN\"", "\\", "NaN"])
    }
}
