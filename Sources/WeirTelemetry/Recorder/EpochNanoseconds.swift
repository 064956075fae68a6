package import WeirBase

/// A point in time that JSON has as a bare number, nanoseconds since 1970.
///
/// `Instant` itself is not `Codable`. It is public, and would give everybody who encodes one a unit
/// that only those know who look it up; here the name of the wrapper says it.
@propertyWrapper
package struct EpochNanoseconds: Codable, Equatable, Sendable {
    package var wrappedValue: Instant

    package init(wrappedValue: Instant) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        wrappedValue = Instant(nanoseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.nanoseconds)
    }
}
