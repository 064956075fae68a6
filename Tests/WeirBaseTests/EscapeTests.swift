import Testing
import WeirBase

/// Escapes of JSON at the edges of what they can stand for, and words as a shell reads them.
@Suite struct EscapeTests {
    private func resolved(_ text: String) -> String {
        Array(text.utf8).withUnsafeBytes {
            String(decoding: JSONEscape.resolved($0), as: UTF8.self)
        }
    }

    @Test(arguments: [
        (#"\ud800\udc00"#, "\u{10000}"), (#"\ud800\udfff"#, "\u{103FF}"),
        (#"\udbff\udc00"#, "\u{10FC00}"), (#"\uDBFF\uDFFF"#, "\u{10FFFF}"),
    ])
    func `the halves of a character are one, up to the last of them`(json: String, text: String) {
        #expect(resolved(json) == text)
    }

    @Test(arguments: [
        (#"\ud800\udbff"#, "\u{FFFD}\u{FFFD}"), (#"\ud800\ue000"#, "\u{FFFD}\u{E000}"),
        (#"\udc00"#, "\u{FFFD}"), (#"\ud7ff"#, "\u{D7FF}"), (#"\ud800x"#, "\u{FFFD}x"),
    ])
    func `half a character without its other half stands for none`(json: String, text: String) {
        #expect(resolved(json) == text)
    }

    @Test(arguments: [
        ("plain-1.mcap", "plain-1.mcap"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
        ("a\tb", #"$'a\x09b'"#), ("\u{1B}'\\", #"$'\x1b\'\\'"#), ("\u{202E}", #"$'\xe2\x80\xae'"#),
    ])
    func `a word is quoted where a shell or a terminal would read it otherwise`(
        word: String, quoted: String
    ) {
        #expect(ShellWord.quoted(word) == quoted)
    }

    @Test func `a path that begins with a dash is no flag`() {
        #expect(ShellWord.path("-x.mcap") == "./-x.mcap")
        #expect(ShellWord.path("a-x.mcap") == "a-x.mcap")
    }
}
