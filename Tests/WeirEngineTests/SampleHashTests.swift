import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What two sampled values have to have in common to be taken for one.
@Suite struct SampleHashTests {
    private func hash(_ value: some Encodable) -> UInt64 { SampleEncoder.hash(of: value).hash }
    private func cost(_ value: some Encodable) -> Int { SampleEncoder.hash(of: value).cost }

    private struct Order: Encodable {
        var item = 3
        var price = 2.5
        var name = "lamp"
        var notes: [String] = ["a", "b"]
        var gift: Bool?
    }

    /// The same members as `Order`, of another type and in another order.
    private struct Turned: Encodable {
        var name = "lamp"
        var notes: [String] = ["a", "b"]
        var price = 2.5
        var item = 3
    }

    private struct Pair: Encodable {
        var left: Int
        var right: Int
    }

    @Test func `members count by their names and not by their order`() {
        #expect(hash(Order()) == hash(Turned()))
        #expect(hash(Pair(left: 1, right: 2)) != hash(Pair(left: 2, right: 1)))
    }

    @Test(arguments: [
        Order(item: 4), Order(price: 2.25), Order(name: "lamps"), Order(notes: ["b", "a"]),
        Order(notes: []), Order(gift: false),
    ])
    private func `another value of any member is another sample`(order: Order) {
        #expect(hash(order) != hash(Order()))
    }

    @Test func `tables and sets have no order`() {
        let (one, other) = ([1: "a", 2: "b", 3: "c"], [3: "c", 1: "a", 2: "b"])
        #expect(hash(one) == hash(other))
        #expect(hash(one) != hash([1: "b", 2: "a", 3: "c"]))
        #expect(hash(Set([1, 2, 3])) == hash(Set([3, 2, 1])))
        #expect(hash(Set([1, 2])) != hash(Set([1, 3])))
    }

    @Test func `numbers that are equal are one, and so are all that are none`() {
        #expect(hash(0.0) == hash(-0.0))
        #expect(hash(Double.nan) == hash(-Double.nan))
        #expect(hash(Float(1.5)) == hash(1.5))
        #expect(hash(Int8(-1)) == hash(-1))
        #expect(hash(1) != hash(-1))
    }

    @Test func `nothing is neither an empty text nor zero`() {
        let hashes = [hash(Int?.none), hash(Int?(0)), hash(Int?(1)), hash("")]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `a sample counts eight bytes a scalar and the bytes of its texts`() {
        #expect(cost(7) == 8)
        #expect(cost("lamp") == 4)
        #expect(cost(Pair(left: 1, right: 2)) == 2 * 8 + "left".count + "right".count)
        #expect(cost("") == 1, "a value without bytes costs one")
    }

    /// A type that fills a container inside of its own by hand.
    private struct Nested: Encodable {
        enum Keys: CodingKey { case outer, inner, last }
        var inner: Int
        var last: Int

        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Keys.self)
            var inside = outer.nestedContainer(keyedBy: Keys.self, forKey: .outer)
            try outer.encode(last, forKey: .last)
            try inside.encode(inner, forKey: .inner)
        }
    }

    @Test func `containers that are filled by hand are sampled by their canonical form`() {
        var form = StableHash()
        form.combine(bytes: Canonical.bytes(of: Nested(inner: 1, last: 2)))
        #expect(hash(Nested(inner: 1, last: 2)) == form.value)
        #expect(hash(Nested(inner: 1, last: 2)) != hash(Nested(inner: 2, last: 2)))
    }

    /// A type whose encoding fails.
    private struct Failing: Encodable {
        struct Refusal: Error {}
        func encode(to encoder: any Encoder) throws { throw Refusal() }
    }

    @Test func `a value that cannot be encoded is sampled by its failure`() {
        #expect(hash(Failing()) == hash(Failing()))
        #expect(hash([Failing()]) != hash([1]))
    }

    @Test func `a trace of an earlier form is sampled as it was`() {
        var (older, form) = (SampleHash(.canonicalSamples), StableHash())
        let cost = older.combine(value: Order())
        #expect(cost == Canonical.bytes(of: Order()).count)
        form.combine(canonical: Order())
        #expect(older.value == form.value)
    }
}

@Suite struct TypeFormTests {
    @Test func `a type is asked once, and what it conforms to is remembered`() {
        let form = TypeForms.form(of: [Int].self)
        #expect(form === TypeForms.form(of: [Int].self))
        #expect(form.write != nil && form.sample != nil)
        #expect(TypeForms.form(of: Never.self).write == nil)
    }

    private struct Pair<First, Second> {}

    @Test func `types that meet in one slot keep their own forms`() {
        let simple: [any Any.Type] = [
            Int.self, Int8.self, Int16.self, Int32.self, Int64.self, UInt.self, UInt8.self,
            UInt16.self, UInt32.self, UInt64.self, Bool.self, String.self, Double.self, Float.self,
        ]
        func pair<First, Second>(_: First.Type, _: Second.Type) -> any Any.Type {
            Pair<First, Second>.self
        }
        let pairs = simple.flatMap { first in simple.map { pair(first, $0) } }
        // More types than there are slots.
        let types = pairs.flatMap { first in simple.map { pair(first, $0) } }
        #expect(types.count > 2_000)
        let forms = types.map { TypeForms.form(of: $0) }
        #expect(Set(forms.map { ObjectIdentifier($0) }).count == types.count)
        #expect(zip(types, forms).allSatisfy { TypeForms.form(of: $0) === $1 })
    }
}
