import Glibc
public import WeirBase
public import WeirEngine

extension Source {
    /// JSON Lines: one object a line, read member by member.
    ///
    /// For lines that come by the million. `reading` is called once for each run; it says which
    /// members it wants, and gives the closure that makes an element of a line's members:
    ///
    /// ```swift
    /// let bids = Source<Bid>.jsonObjects("bids.jsonl", watermark: .ordered) { members in
    ///     let auction = members.member("auction", as: Int64.self)
    ///     let note = members.member("note", as: String?.self)
    ///     return { line in Bid(auction: try line[auction], note: try line[note]) }
    /// }
    /// ```
    ///
    /// Members may come in any order; others are passed over and checked as JSON all the same. What
    /// is JSON, what a malformed line's reason says and what becomes of it is as for `jsonLines`. A
    /// line costs no allocation beyond what the closure makes, and a third of a type's own
    /// decoding.
    @inlinable
    public static func jsonObjects(
        _ path: String? = nil, eventTime: (@Sendable (Element) -> Instant)? = nil,
        watermark: WatermarkPolicy? = nil, idleAfter: Duration? = nil,
        malformed: MalformedPolicy<Element> = .fail,
        reading:
            @escaping @Sendable (inout JSONMembers) -> (borrowing JSONObject) throws -> Element
    ) -> Source {
        .lines(
            from: path.map { FileSource(path: $0) }, watermark: watermark, idleAfter: idleAfter,
            malformed: malformed
        ) { _ in
            let reader = JSONObjectReader(reading)
            return { line, _ in
                let element = try reader.read(line)
                return (element, eventTime?(element))
            }
        }
    }
}

/// The members that a reader of objects asks for.
public struct JSONMembers {
    /// The maximum number of members that can be asked for: each line's are looked for among them.
    public static let maximumCount = JSONObjectIndex.maximumNames

    private(set) var names: [String] = []

    @usableFromInline init() {}

    /// Asks for a member by its name, which has to be there in each line unless `Value` is an
    /// optional. What it gives is for the lines of the same run.
    public mutating func member<Value: JSONReadable>(
        _ name: String, as type: Value.Type = Value.self
    ) -> JSONMember<Value> {
        if let index = names.firstIndex(of: name) { return JSONMember(index: index) }
        precondition(
            names.count < Self.maximumCount,
            "more than \(Self.maximumCount) members of an object are asked for")
        names.append(name)
        return JSONMember(index: names.count - 1)
    }
}

/// A member that a reader of objects asked for.
public struct JSONMember<Value>: Sendable {
    @usableFromInline let index: Int
}

/// The members of one line, for the time of the call that is given them.
public struct JSONObject: ~Copyable {
    let index: UnsafePointer<JSONObjectIndex>

    /// A member's value.
    ///
    /// - Throws: `MalformedLine` where it is missing, of another kind, or does not fit.
    @inlinable
    public subscript<Value: JSONReadable>(member: JSONMember<Value>) -> Value {
        get throws { try Value.read(self, at: member.index) }
    }

    /// Whether a member is this text; no text is made.
    public func isText(_ member: JSONMember<String>, _ text: StaticString) throws -> Bool {
        let entry = try self.entry(member.index, .string, "String")
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        if entry.pointee.isInvolved {
            return index.pointee.line.withBytes(of: entry.pointee) { $0.elementsEqual(bytes) }
        }
        let (value, count) = (index.pointee.line.bytes(of: entry.pointee), bytes.count)
        guard value.count == count, let value = value.baseAddress, let text = bytes.baseAddress
        else { return value.isEmpty && bytes.isEmpty }
        return memcmp(value, text, count) == 0
    }

    /// Calls `body` with the bytes of a text, its escapes resolved; they are UTF-8 as far as the
    /// line is. They are there for the call only.
    public func withBytes<Result>(
        of member: JSONMember<String>, _ body: (RawSpan) throws -> Result
    ) throws -> Result {
        let entry = try self.entry(member.index, .string, "String")
        return try index.pointee.line.withBytes(of: entry.pointee) { try body($0.bytes) }
    }

    // MARK: Values

    /// A member's value; nil where there is none.
    @inline(__always)
    func value(_ member: Int) -> UnsafePointer<LentLine.Entry>? {
        guard index.pointee.present & 1 << UInt64(truncatingIfNeeded: member) != 0 else {
            return nil
        }
        return UnsafePointer(index.pointee.values + member)
    }

    /// A member's value, which has to be of this kind.
    @inline(__always)
    func entry(
        _ member: Int, _ kind: LentLine.Entry.Kind, _ noun: @autoclosure () -> String
    ) throws -> UnsafePointer<LentLine.Entry> {
        guard let entry = value(member), entry.pointee.kind == kind else {
            throw mismatch(member, noun())
        }
        return entry
    }

    /// Why a member is not of the kind that was asked for.
    func mismatch(_ member: Int, _ noun: String) -> MalformedLine {
        let name = index.pointee.names[member]
        guard let entry = value(member)?.pointee else {
            let line = index.pointee.line.raw
            let column = JSONScanner(line).position + 1
            return MalformedLine("it has no member \(name)", column: column)
        }
        let kind = entry.kind == .null ? "null" : "\(entry.noun), not \(noun)"
        return MalformedLine("member \(name) is \(kind)", column: entry.column)
    }

    /// What to say of a value that the type cannot hold.
    func unfitting(_ entry: LentLine.Entry, _ member: Int, _ type: String) -> MalformedLine {
        let text = PrintableText.escaped(
            String(decoding: index.pointee.line.bytes(of: entry), as: UTF8.self),
            limit: ConnectorBounds.maximumShownValue)
        return MalformedLine(
            "member \(index.pointee.names[member]): \(text) does not fit \(type)",
            column: entry.column)
    }

    @inline(__always)
    func integer<Value: FixedWidthInteger>(_ member: Int, _ type: Value.Type) throws -> Value {
        if let number = index.pointee.digits(member), number <= Value.max.magnitude {
            return Value(truncatingIfNeeded: number)
        }
        return try anyInteger(member, type)
    }

    @inline(never)
    private func anyInteger<Value: FixedWidthInteger>(
        _ member: Int, _ type: Value.Type
    ) throws -> Value {
        let entry = try self.entry(member, .number, "\(type)")
        if !entry.pointee.isInvolved,
            let number = index.pointee.whole(entry.pointee), let value = Value(number)
        {
            return value
        }
        return try otherInteger(entry.pointee, member, type)
    }

    /// `1e3` and `1.0` are whole numbers as well.
    @inline(never)
    private func otherInteger<Value: FixedWidthInteger>(
        _ entry: LentLine.Entry, _ member: Int, _ type: Value.Type
    ) throws -> Value {
        guard let number = JSONNumber.integral(index.pointee.line.bytes(of: entry)),
            let value = Value(number)
        else { throw unfitting(entry, member, "\(type)") }
        return value
    }
}

extension LentLine.Entry {
    /// The column of its first byte, from 1; a string begins with its quote.
    var column: Int { kind == .string ? Int(start) : Int(start) + 1 }

    /// What it is, for a sentence.
    var noun: String {
        switch kind {
        case .name, .string: "a text"
        case .number: "a number"
        case .object: "an object"
        case .array: "an array"
        case .yes, .no: "a truth value"
        case .null: "null"
        }
    }
}
