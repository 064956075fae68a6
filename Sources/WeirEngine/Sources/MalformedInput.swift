/// A line of a source that could not be read as an element.
///
/// What `readWithMalformed` gives, and what a policy's closure makes an element of.
public struct MalformedInput: Codable, Equatable, Sendable {
    /// The maximum number of a line's bytes that are kept.
    public static let maximumBytes = 4_096

    /// The line without its end; its first `maximumBytes` where it is longer.
    public let bytes: [UInt8]
    /// Whether `bytes` is not the whole line.
    public let isCut: Bool
    /// What is wrong with it.
    public let reason: String
    /// The line's number in the source's input, from 1.
    public let line: UInt64
    /// Where in the line it is, in bytes from 1; nil where that cannot be said.
    public let column: Int?
    /// Bytes of the source's input before the line.
    public let offset: UInt64
}

/// What becomes of a line that cannot be read as an element.
///
/// A line cannot be read when its decoder throws, or when it is longer than 16 MiB.
public struct MalformedPolicy<Element: Sendable>: Sendable {
    enum Kind {
        case fail
        case skip
        case element(@Sendable (MalformedInput) -> Element)
    }
    let kind: Kind
    /// What a summary advises where most lines could not be read.
    var advice: String?

    /// The run ends, with an error that names file, line, column and reason.
    public static var fail: MalformedPolicy { MalformedPolicy(kind: .fail) }

    /// The line is passed over and counted under `malformed`.
    public static var skip: MalformedPolicy { MalformedPolicy(kind: .skip) }

    /// The line becomes an element like others, without an event time. The closure must depend on
    /// its argument alone.
    ///
    /// A run's summary says how many there were and which was the first, and `advice`, a sentence
    /// without a full stop, where they were more than half of all lines.
    public static func element(
        advice: String? = nil, _ make: @escaping @Sendable (MalformedInput) -> Element
    ) -> MalformedPolicy { MalformedPolicy(kind: .element(make), advice: advice) }
}

/// Why a line cannot be read, and where in it: for a decoder to throw.
///
/// Any other error works as well; its description is the reason then, and no column is named.
public struct MalformedLine: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, without a full stop.
    public let reason: String
    /// Where in the line it is, in bytes from 1; nil where that cannot be said.
    public let column: Int?

    /// A reason, with the column where one can be named.
    public init(_ reason: String, column: Int? = nil) {
        self.reason = reason
        self.column = column
    }

    /// The reason and the column.
    public var description: String { column.map { "column \($0): \(reason)" } ?? reason }
}

/// A line that holds no element and is none that could not be read: thrown by a decoder to have it
/// passed over. It is no element in any count.
package struct BlankLine: Error {
    package init() {}
}

/// A malformed line that ends the run.
struct MalformedInputError: Error, CustomStringConvertible {
    /// The file as it was named; nil where it has no name.
    let location: String?
    let line: UInt64
    let error: any Error

    var description: String {
        var position = "line \(line)"
        if let location { position += " of \(location)" }
        guard let malformed = error as? MalformedLine else { return "\(position): \(error)" }
        if let column = malformed.column { position += ", column \(column)" }
        return "\(position): \(malformed.reason)"
    }
}
