package import WeirTelemetry

/// A condition on lines of the log, small enough to be read at a glance and switched off alone.
package struct LogTerm: Equatable, Sendable {
    package enum Condition: Equatable, Sendable {
        /// At least as severe.
        case atLeast(LogLevel)
        case level(LogLevel)
        case stage(String)
        /// A field by its name has a value, as it is shown.
        case field(String, String)
        /// The line holds a text; capital letters matter where the text has any.
        case text(String)
    }

    package var condition: Condition
    /// Whether lines that meet the condition are left out, and not the others.
    package var isNegated: Bool
    package var isOn = true

    package init(_ condition: Condition, isNegated: Bool = false) {
        (self.condition, self.isNegated) = (condition, isNegated)
    }

    /// Why a term cannot be read, and where in it.
    package struct Fault: Error, Equatable {
        package var reason: String
        /// Characters before the part that is meant.
        package var column: Int
    }

    /// Reads a term as a person types it: `level>=warning`, `level=error`, `stage=enrich`,
    /// `order=7`, any other text, or one in quotes that would be read as something else; `-` before
    /// it leaves out what it finds.
    package init(typed: String) throws(Fault) {
        var rest = Substring(typed)
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        isNegated = rest.first == "-"
        if isNegated { rest.removeFirst() }
        let start = typed.distance(from: typed.startIndex, to: rest.startIndex)
        guard !rest.isEmpty else { throw Fault(reason: "nothing to look for", column: start) }
        func level(_ name: Substring) throws(Fault) -> LogLevel {
            if let level = LogLevel(name: String(name)) { return level }
            let names = LogLevel.allCases.map(\.name).joined(separator: ", ")
            throw Fault(
                reason: "no level is called that: \(names)",
                column: typed.distance(from: typed.startIndex, to: name.startIndex))
        }
        if rest.count > 2, rest.first == "\"", rest.last == "\"" {
            condition = .text(String(rest.dropFirst().dropLast()))
        } else if rest.hasPrefix("level>=") {
            condition = .atLeast(try level(rest.dropFirst(7)))
        } else if rest.hasPrefix("level=") {
            condition = .level(try level(rest.dropFirst(6)))
        } else if rest.hasPrefix("stage=") {
            let name = rest.dropFirst(6)
            guard !name.isEmpty else { throw Fault(reason: "which stage?", column: start + 6) }
            condition = .stage(String(name))
        } else if let sign = rest.firstIndex(of: "="), sign > rest.startIndex,
            rest[..<sign].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        {
            condition = .field(String(rest[..<sign]), String(rest[rest.index(after: sign)...]))
        } else {
            condition = .text(String(rest))
        }
    }

    /// As a person would type it.
    package var text: String {
        let sign = isNegated ? "-" : ""
        return switch condition {
        case .atLeast(let level): "\(sign)level>=\(level.name)"
        case .level(let level): "\(sign)level=\(level.name)"
        case .stage(let name): "\(sign)stage=\(name)"
        case .field(let name, let value): "\(sign)\(name)=\(value)"
        case .text(let text): sign + (text.contains("=") ? "\"\(text)\"" : text)
        }
    }

    /// Whether a line stays.
    package func keeps(_ line: LogLine) -> Bool {
        let isMet =
            switch condition {
            case .atLeast(let level): line.level >= level
            case .level(let level): line.level == level
            case .stage(let name): line.stage == name
            case .field(let name, let value): line.value(of: name)?.text == value
            case .text(let text): line.text.holds(text)
            }
        return isMet != isNegated
    }
}

/// The conditions on lines of the log, all of which a line has to meet.
package struct LogFilter: Equatable, Sendable {
    package private(set) var terms: [LogTerm] = []

    /// More are not added: one line shows all of them.
    package static let maximumTerms = 9

    package init() {}

    /// Adds a term; false where there is no room.
    package mutating func add(_ term: LogTerm) -> Bool {
        guard terms.count < Self.maximumTerms else { return false }
        terms.append(term)
        return true
    }

    /// Switches a term off or on again; false where there is none.
    package mutating func toggle(_ index: Int) -> Bool {
        guard terms.indices.contains(index) else { return false }
        terms[index].isOn.toggle()
        return true
    }

    package mutating func removeLast() { _ = terms.popLast() }
    package mutating func removeAll() { terms = [] }

    /// Sets the least severe level that stays, in the term that says so or in a new one.
    package mutating func setLevel(_ level: LogLevel) -> Bool {
        let term = LogTerm(.atLeast(level))
        for index in terms.indices where !terms[index].isNegated {
            if case .atLeast = terms[index].condition {
                terms[index] = term
                return true
            }
        }
        return add(term)
    }

    /// The least severe level that stays.
    package var level: LogLevel {
        for term in terms where term.isOn && !term.isNegated {
            if case .atLeast(let level) = term.condition { return level }
        }
        return .trace
    }

    /// Whether any of them is; otherwise it keeps every line.
    package var isOn: Bool { terms.contains(where: \.isOn) }

    package func keeps(_ line: LogLine) -> Bool {
        terms.allSatisfy { !$0.isOn || $0.keeps(line) }
    }
}

extension String {
    /// Whether it holds a text; letters of ASCII are the same in both cases unless the text has
    /// capital ones.
    fileprivate func holds(_ text: String) -> Bool {
        var (text, whole) = (text, self)
        let isExact = text.utf8.contains { (0x41...0x5A).contains($0) }
        return text.withUTF8 { text in
            whole.withUTF8 { whole in
                guard let first = text.first, text.count <= whole.count else { return text.isEmpty }
                func folded(_ byte: UInt8) -> UInt8 {
                    !isExact && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
                }
                for start in 0...(whole.count - text.count) where folded(whole[start]) == first {
                    var length = 1
                    while length < text.count, folded(whole[start + length]) == text[length] {
                        length += 1
                    }
                    if length == text.count { return true }
                }
                return false
            }
        }
    }
}
