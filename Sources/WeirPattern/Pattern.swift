import CPcre2
import WeirBase

/// A regular expression that a person wrote, searched for in lines, with a bound on each line.
///
/// The syntax is that of Perl as PCRE2 has it, over UTF-8, with Unicode's classes behind `\w` and
/// `\d` and named groups as `(?<name>…)`. The engine goes back and tries another way where one
/// fails, which can take longer than anybody waits; so the tries of one line are counted, and a
/// line over the bound is `tooCostly` instead. What is over the bound follows from expression and
/// line alone, never from the clock or the machine's load.
///
/// Any thread may search, several at once. No search leaves anything running behind it.
///
///     let pattern = try Pattern(#"level=(?<level>\w+)"#)
///     let level = pattern.group(named: "level")
public final class Pattern: Sendable {
    /// Why a text is no expression.
    public struct Invalid: Error, Equatable, Sendable, CustomStringConvertible {
        /// What is wrong, in PCRE2's words.
        public let reason: String
        /// At which byte of the text it was noticed.
        public let offset: Int

        /// The reason with its position in the text.
        public var description: String { "\(reason), at byte \(offset)" }
    }

    /// What became of a search.
    public enum Outcome<Result> {
        /// There is a match; what was made of it.
        case found(Result)
        /// There is none.
        case none
        /// The line needs more tries, or more memory, than one line may.
        case tooCostly
    }

    /// A group of an expression.
    public struct Group: Equatable, Sendable {
        fileprivate let number: Int32
    }

    /// A match while it is looked at.
    public struct Match {
        fileprivate let text: UnsafeRawBufferPointer
        fileprivate let search: OpaquePointer

        /// The bytes of a group; nil when it took no part. Valid within the closure alone.
        public func bytes(of group: Group) -> UnsafeRawBufferPointer? {
            var (start, end) = (0, 0)
            guard weir_search_group(search, group.number, &start, &end) != 0, end <= text.count
            else { return nil }
            return UnsafeRawBufferPointer(rebasing: text[start..<end])
        }
    }

    /// Only so many bytes of a line are searched.
    public static let searchedBytes = 65_536
    /// The maximum of tries of one line; the positions at which a match could begin share them.
    ///
    /// In a line of more than 10,000 bytes each position still has `minimumTries`: with less of
    /// them plain expressions would be too costly there. The line as a whole may then take more, at
    /// most `minimumTries` for each of its `searchedBytes`, which are 65 million.
    public static let maximumTries = 10_000_000
    /// However many positions share the tries, each has at least so many.
    static let minimumTries = 1_000
    /// Memory for positions to come back to, in kilobytes: 32 MB for each search that is under way.
    private static let heapKilobytes: UInt32 = 32 << 10

    /// The text that it was made of.
    public let text: String
    private let code: Code
    /// Searches that nobody uses just now; as many are made as threads search at the same time.
    private let idle: Guarded<[Search]>
    /// Whether a match can begin at the line's start alone.
    private let isAnchored: Bool

    /// The compiled expression.
    private struct Code: @unchecked Sendable {
        // Unchecked: PCRE2 never changes it after it was compiled.
        let pointer: OpaquePointer
    }

    /// Room for a search.
    private struct Search: @unchecked Sendable {
        // Unchecked: whoever takes it off the list is its only user until it is put back.
        let pointer: OpaquePointer
    }

    /// Compiles an expression.
    ///
    /// - Throws: `Invalid` when the text is none.
    public init(_ text: String) throws(Invalid) {
        var (error, offset) = (Int32(0), 0)
        let bytes = Array(text.utf8)
        guard let made = weir_pattern_make(bytes, bytes.count, &error, &offset) else {
            throw Invalid(reason: Self.words(of: error), offset: offset)
        }
        self.text = text
        code = Code(pointer: made)
        isAnchored = weir_pattern_is_anchored(made) != 0
        idle = Guarded([])
    }

    deinit {
        for search in idle.withLock(\.self) { weir_search_free(search.pointer) }
        weir_pattern_free(code.pointer)
    }

    private static func words(of error: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        weir_pattern_message(error, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The group of this name; nil when there is none, or more than one.
    public func group(named name: String) -> Group? {
        let number = weir_pattern_group(code.pointer, name)
        return number > 0 ? Group(number: number) : nil
    }

    /// Searches a line's first 64 KiB for the first match.
    ///
    /// Bytes that are not UTF-8 count as U+FFFD. Costs what the expression costs, within the bound;
    /// allocates nothing where a search was made before and the bytes are UTF-8.
    ///
    /// - Parameter found: makes something of the match; its bytes are gone afterwards.
    public func search<Result>(
        _ line: UnsafeRawBufferPointer, _ found: (Match) -> Result
    ) -> Outcome<Result> {
        // A character that the cut would divide is left out.
        var count = min(line.count, Self.searchedBytes)
        while count > 0, count < line.count, line[count] & 0xC0 == 0x80 { count -= 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[0..<count])
        if let outcome = search(text, isUTF8: false, found) { return outcome }
        var repaired = String(decoding: text, as: UTF8.self)
        return repaired.withUTF8 {
            search(UnsafeRawBufferPointer($0), isUTF8: true, found) ?? .none
        }
    }

    /// Whether a text holds a match; nil when that is too costly to know.
    public func occurs(in text: String) -> Bool? {
        var text = text
        let outcome = text.withUTF8 { search(UnsafeRawBufferPointer($0)) { _ in true } }
        return switch outcome {
        case .found: true
        case .none: false
        case .tooCostly: nil
        }
    }

    /// Nil when the text is not UTF-8.
    private func search<Result>(
        _ text: UnsafeRawBufferPointer, isUTF8: Bool, _ found: (Match) -> Result
    ) -> Outcome<Result>? {
        guard let search = idle.withLock({ $0.popLast() }) ?? make() else { return .tooCostly }
        defer { idle.withLock { $0.append(search) } }
        // An empty line has bytes too, as far as the library is concerned.
        var empty: UInt8 = 0
        let result = withUnsafePointer(to: &empty) { empty in
            weir_search_run(
                code.pointer, search.pointer,
                text.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty, text.count,
                UInt32(tries(forBytes: text.count)), Self.heapKilobytes, isUTF8 ? 1 : 0)
        }
        switch Int(result) {
        case WEIR_SEARCH_FOUND:
            return .found(found(Match(text: text, search: search.pointer)))
        case WEIR_SEARCH_NONE: return Outcome.none
        case WEIR_SEARCH_NOT_UTF8: return nil
        default: return .tooCostly
        }
    }

    /// The library counts anew at each position where a match could begin, so that the bound on a
    /// line is divided among them.
    private func tries(forBytes count: Int) -> Int {
        isAnchored
            ? Self.maximumTries : max(Self.minimumTries, Self.maximumTries / (count + 1))
    }

    private func make() -> Search? {
        weir_search_make(code.pointer).map { Search(pointer: $0) }
    }
}
