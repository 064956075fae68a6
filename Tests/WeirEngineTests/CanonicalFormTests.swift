import Testing
import WeirBase

@testable import WeirEngine

/// The form of each kind of value, by itself and in each kind of container.
@Suite struct CanonicalFormTests {
    private struct Boxed<Value: Encodable>: Encodable { var value: Value }

    /// A value in a container that its type fills by hand.
    private struct Listed<Value: Encodable>: Encodable {
        var value: Value
        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(value)
        }
    }

    /// A value in the place of its wrapper.
    private struct Wrapped<Value: Encodable>: Encodable {
        var value: Value
        func encode(to encoder: any Encoder) throws {
            var single = encoder.singleValueContainer()
            try single.encode(value)
        }
    }

    private static let member: [UInt8] = [1, 5] + Array("value".utf8)

    private func expect<Value: Encodable>(
        _ value: Value, _ form: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(Canonical.bytes(of: value) == form, sourceLocation: sourceLocation)
        #expect(
            Canonical.bytes(of: Boxed(value: value)) == Self.member + form,
            "as a member", sourceLocation: sourceLocation)
        #expect(
            Canonical.bytes(of: Listed(value: value)) == [1] + form,
            "in a list", sourceLocation: sourceLocation)
        #expect(
            Canonical.bytes(of: Wrapped(value: value)) == form,
            "in the place of its wrapper", sourceLocation: sourceLocation)
        #expect(
            Canonical.bytes(of: [value]) == [1] + form, "in an array",
            sourceLocation: sourceLocation)
        // A member that is absent is left out; an optional that stands by itself has a flag.
        #expect(
            Canonical.bytes(of: Optional(value)) == [1] + form, "as an optional",
            sourceLocation: sourceLocation)
    }

    @Test func `signed integers are zigzag and unsigned ones plain varints, whatever their width`()
    {
        expect(Int(-3), [5])
        expect(Int8(-3), [5])
        expect(Int16(-3), [5])
        expect(Int32(-3), [5])
        expect(Int64(-3), [5])
        expect(UInt(300), [0xAC, 2])
        expect(UInt8(200), [0xC8, 1])
        expect(UInt16(300), [0xAC, 2])
        expect(UInt32(300), [0xAC, 2])
        expect(UInt64(300), [0xAC, 2])
    }

    @Test func `a member of each kind has the form that the kind has by itself`() {
        /// Members of known types: the compiler calls the container's own method for each.
        struct Kinds: Encodable {
            var bool = true, double = -1.5, float: Float = 2.5, text = "Äb C"
            var int = -300, int8: Int8 = -3, int16: Int16 = -300
            var int32: Int32 = -70_000, int64: Int64 = .min
            var uint: UInt = 300, uint8: UInt8 = 200, uint16: UInt16 = 300
            var uint32: UInt32 = 70_000, uint64: UInt64 = .max
        }
        let kinds = Kinds()
        let members: [(name: String, form: [UInt8])] = [
            ("bool", Canonical.bytes(of: kinds.bool)),
            ("double", Canonical.bytes(of: kinds.double)),
            ("float", Canonical.bytes(of: kinds.float)),
            ("int", Canonical.bytes(of: kinds.int)),
            ("int16", Canonical.bytes(of: kinds.int16)),
            ("int32", Canonical.bytes(of: kinds.int32)),
            ("int64", Canonical.bytes(of: kinds.int64)),
            ("int8", Canonical.bytes(of: kinds.int8)),
            ("text", Canonical.bytes(of: kinds.text)),
            ("uint", Canonical.bytes(of: kinds.uint)),
            ("uint16", Canonical.bytes(of: kinds.uint16)),
            ("uint32", Canonical.bytes(of: kinds.uint32)),
            ("uint64", Canonical.bytes(of: kinds.uint64)),
            ("uint8", Canonical.bytes(of: kinds.uint8)),
        ]
        let form = members.reduce([UInt8(members.count)]) { form, member in
            form + [UInt8(member.name.utf8.count)] + Array(member.name.utf8) + member.form
        }
        #expect(Canonical.bytes(of: kinds) == form)
    }

    @Test func `flags are a byte, numbers their bits and texts their bytes behind a length`() {
        expect(true, [1])
        expect(false, [0])
        expect(1.0, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
        expect(Float(1), [0, 0, 0x80, 0x3F])
        expect("Äb", [3, 0xC3, 0x84, 0x62])
        expect("", [0])
    }

    @Test func `both zeros of a short number have one form, and so has what is no number`() {
        expect(Float(-0.0), [0, 0, 0, 0])
        #expect(Canonical.bytes(of: -Float.nan) == Canonical.bytes(of: Float.nan))
        #expect(Canonical.bytes(of: Float(1)) != Canonical.bytes(of: Float(-1)))
    }

    @Test func `an absent value is a flag`() {
        expect(Int?.none, [0])
        #expect(Canonical.bytes(of: Int?.some(0)) == [1, 0])
    }

    @Test func `entries of tables and sets lie by their bytes behind their number`() {
        expect([2: "b", 1: "a"], [2, 2, 1, 0x61, 4, 1, 0x62])
        expect(Set([300, 1, 2]), [3, 2, 4, 0xD8, 4])
        // By bytes and not by value: -1 is written as 1, and so before 1, which is written as 2.
        expect(Set([1, -1]), [2, 1, 2])
    }

    @Test func `a member inside of another type's lies under its own name`() {
        struct Base: Encodable {
            enum Key: String, CodingKey { case own, list, members }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try 7.encode(to: container.superEncoder())
                try 8.encode(to: container.superEncoder(forKey: .own))
                var list = container.nestedUnkeyedContainer(forKey: .list)
                try 9.encode(to: list.superEncoder())
                var inner = list.nestedUnkeyedContainer()
                try inner.encode(true)
                var members = container.nestedContainer(keyedBy: Key.self, forKey: .members)
                try members.encode(1, forKey: .own)
            }
        }
        let list: [UInt8] = [4] + Array("list".utf8) + [2, 18, 1, 1]
        let members: [UInt8] = [7] + Array("members".utf8) + [1, 3] + Array("own".utf8) + [2]
        let own: [UInt8] = [3] + Array("own".utf8) + [16]
        let above: [UInt8] = [5] + Array("super".utf8) + [14]
        #expect(Canonical.bytes(of: Base()) == [4] + list + members + own + above)
    }

    @Test func `a list counts what was written to it`() {
        struct Counting: Encodable {
            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                for _ in 0..<3 { try list.encode(list.count) }
            }
        }
        #expect(Canonical.bytes(of: Counting()) == [3, 0, 2, 4])
    }

    @Test func `a type that writes nothing is a nought, and one that fails is its failure`() {
        struct Empty: Encodable { func encode(to encoder: any Encoder) {} }
        struct Failing: Encodable {
            func encode(to encoder: any Encoder) throws { throw Wanted() }
        }
        expect(Empty(), [0])
        let said = "encoding failed: Wanted()"
        #expect(Canonical.bytes(of: Failing()) == [UInt8(said.utf8.count)] + Array(said.utf8))
    }

    @Test func `a key's hash is of its text, its number or its form`() {
        func hash(_ add: (inout StableHash) -> Void) -> UInt64 {
            var hash = StableHash()
            add(&hash)
            return hash.value
        }
        #expect(Canonical.hash("key") == hash { $0.combine(bytes: Array("key".utf8)) })
        #expect(Canonical.hash(-5) == hash { $0.combine(UInt64(bitPattern: -5)) })
        #expect(Canonical.hash(UInt8(5)) == hash { $0.combine(bytes: [5]) })
        #expect(Canonical.hash([5]) == hash { $0.combine(bytes: [1, 10]) })
    }

    @Test func `keys are the same where their forms are`() {
        #expect(Canonical.areSame(0.0, -0.0) && Canonical.areSame(Double.nan, .nan))
        #expect(!Canonical.areSame(1.0, 2.0) && !Canonical.areSame("a", "b"))
    }
}
