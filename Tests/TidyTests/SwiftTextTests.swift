import Testing

/// The scanner is not led astray by what stands in literals and comments.
@Suite struct SwiftTextTests {
    private func words(_ source: String) -> [String] {
        SwiftText(source).tokens.filter { $0.kind == .word }.map(\.text)
    }

    private func strings(_ source: String) -> [String] {
        SwiftText(source).tokens.filter { $0.kind == .string }.map(\.text)
    }

    @Test(arguments: [
        #"let a = "{ // \" }"; func"#,
        #"let a = "\(b ? "}" : "{")"; func"#,
        ##"let a = #"\(x) " { "#; func"##,
        #"let a = /* { /* nested } */ " */ 1; func"#,
        #"let a = /[{"]/; func"#,
        #"let a = b / c / 2; func"#,
        "let a = \"\"\"\n  { \" quote\n  \"\"\"; func",
    ])
    func `braces and quotes in literals and comments do not count`(source: String) {
        let tokens = SwiftText(source).tokens
        #expect(!tokens.contains { $0.isSymbol("{") || $0.isSymbol("}") })
        #expect(tokens.last?.isWord("func") == true)
    }

    @Test func `the text of a literal is kept as written`() {
        #expect(strings(#"f("a\nb", "c\(d("e"))")"#) == [#"a\nb"#, #"c\(d("e"))"#])
    }

    @Test func `a name in backticks is no keyword`() {
        #expect(words("func `import this`() {}") == ["func", "`import this`"])
    }

    @Test func `lines are counted through every kind of literal and comment`() {
        let source = "/* 1\n2 */ let a = \"\"\"\n3\n\"\"\"\r\nlet b"
        let lines = SwiftText(source).tokens.map { [$0.line, $0.lastLine] }
        #expect(lines == [[1, 2], [2, 2], [2, 2], [2, 2], [2, 4], [5, 5], [5, 5]])
    }

    @Test func `documentation is told from other comments`() {
        let kinds = SwiftText("/// a\n// b\n/** c */\n/* d */\n//// e").tokens.map(\.kind)
        #expect(kinds == [.documentation, .comment, .documentation, .comment, .comment])
    }

    @Test func `every cut of a source ends`() {
        let source = Array(
            "let a = #\"\\#(b(\"}\"))\"# /* /* */ */ \"\"\"\n\\( \"\"\" /x\\/y/ `z` @a")
        for count in source.indices {
            let tokens = SwiftText(String(source[..<count])).tokens
            #expect(tokens.count <= count)
        }
    }
}
