import Testing

@testable import WeirPattern

@Suite struct PatternTests {
    private func search(_ pattern: String, _ line: [UInt8], group: String) throws -> String? {
        let pattern = try Pattern(pattern)
        let group = try #require(pattern.group(named: group))
        let outcome = line.withUnsafeBytes { bytes in
            pattern.search(bytes) { match in
                match.bytes(of: group).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        if case .found(let text) = outcome { return text }
        return nil
    }

    @Test func `a group of the first match is given`() throws {
        let line = Array("a=1 level=warn level=info".utf8)
        #expect(try search(#"level=(?<level>\w+)"#, line, group: "level") == "warn")
    }

    @Test func `a group that took no part is nil, and an empty one is empty`() throws {
        #expect(try search("x(?<a>y)?", Array("x".utf8), group: "a") == nil)
        #expect(try search("x(?<a>y*)", Array("x".utf8), group: "a") == "")
    }

    @Test func `letters of all scripts are letters`() throws {
        #expect(try Pattern(#"^\w+$"#).occurs(in: "größe") == true)
    }

    @Test func `bytes that are not UTF-8 count as a replacement character`() throws {
        let line = Array("(a".utf8) + [0xFF] + Array("b)".utf8)
        #expect(try search(#"\((?<in>[^)]*)\)"#, line, group: "in") == "a\u{FFFD}b")
    }

    @Test func `an empty line is searched`() throws {
        #expect(try Pattern("^$").occurs(in: "") == true)
        #expect(try Pattern("x").occurs(in: "") == false)
    }

    @Test func `a text that is no expression is refused with its place`() {
        let error = #expect(throws: Pattern.Invalid.self) { try Pattern("a(b") }
        #expect(error == Pattern.Invalid(reason: "missing closing parenthesis", offset: 3))
    }

    @Test func `a name that two groups share is no group`() throws {
        #expect(try Pattern("(?J)(?<a>x)|(?<a>y)").group(named: "a") == nil)
    }

    /// Ways without number: each needs more steps than anybody waits for, on 40 bytes or so. What
    /// must follow is a class, since a letter that must be there is looked for first.
    static let explosions = [
        ("(a+)+$", "a"), ("(a|aa)+$", "a"), ("(.*)*[yz]", "a"), (#"^(\w+\s?)*$"#, "a"),
        ("(?:x+x+)+[yz]", "x"), (#"(a*)*\1[bc]"#, "a"),
    ]

    @Test(arguments: explosions)
    func `an expression that explodes is too costly, and the line after it is read`(
        pattern: String, letter: String
    ) throws {
        let pattern = try Pattern(pattern)
        let line = String(repeating: letter, count: 4_000) + "!"
        #expect(pattern.occurs(in: line) == nil)
        #expect(pattern.occurs(in: "!") == false)
    }

    @Test func `the tries of a line are shared by the places where a match could begin`() throws {
        // From each place as many tries as there are bytes behind it: quadratic, never explosive.
        let pattern = try Pattern("[a-z]*[a-z0-9][#%]")
        let isShortFine = pattern.occurs(in: String(repeating: "a", count: 1_000))
        let isLongFine = pattern.occurs(in: String(repeating: "a", count: 60_000))
        #expect(isShortFine == false)
        #expect(isLongFine == nil)
    }

    @Test func `however long a line is, each place has a thousand tries`() throws {
        // A match can begin at one place alone, and takes about 600 tries there.
        let line =
            String(repeating: "b", count: 59_000) + "X" + String(repeating: "a", count: 900)
        #expect(try Pattern("[XY][a-z]{0,300}[a-z0-9][#%]").occurs(in: line) == false)
    }

    @Test func `one place has all the tries for itself`() throws {
        let line = String(repeating: "a", count: 60_000)
        #expect(try Pattern("^[a-z]*[a-z0-9][#%]").occurs(in: line) == false)
    }

    @Test func `what is behind 64 KiB is not searched, and no character is cut`() throws {
        let line = String(repeating: "é", count: 40_000) + "end"
        #expect(try Pattern("end").occurs(in: line) == false)
        #expect(try Pattern("^é+$").occurs(in: line) == true)
    }

    @Test func `a line is cut before the character that its bound would divide`() throws {
        let line = "a" + String(repeating: "é", count: 40_000)
        #expect(try Pattern("^aé+$").occurs(in: line) == true)
    }

    @Test(arguments: [(65_535, true), (65_536, false)])
    func `the last byte that is searched is that at 64 KiB`(before: Int, isFound: Bool) throws {
        let line = String(repeating: "a", count: before) + "x"
        #expect(try Pattern("x").occurs(in: line) == isFound)
    }

    @Test func `the bounds of tries are those that their comments count with`() {
        #expect(Pattern.maximumTries / Pattern.minimumTries == 10_000)
        #expect(Pattern.maximumTries == 10_000_000)
        #expect(Pattern.minimumTries * Pattern.searchedBytes == 65_536_000)
    }

    @Test(arguments: [Array("x".utf8), [0x78, 0xFF]])
    func `what is made of a match is made once`(line: [UInt8]) throws {
        let pattern = try Pattern("x")
        var count = 0
        line.withUnsafeBytes { bytes in _ = pattern.search(bytes) { _ in count += 1 } }
        #expect(count == 1)
    }
}
