import Testing

@testable import WeirTerminal

/// Texts at the borders of their cells.
@Suite struct TextBorderTests {
    @Test(arguments: [
        (0x2FF, 1), (0x300, 0), (0x36F, 0), (0x370, 1), (0x1100, 2), (0x115F, 2), (0x1160, 0),
        (0x11FF, 0), (0x1200, 1), (0x231A, 2), (0x231C, 1), (0x303E, 2), (0x303F, 1), (0x3040, 1),
        (0x3041, 2), (0x1FAFF, 2), (0x1FB00, 1), (0x2FFFD, 2), (0x2FFFE, 1), (0x30000, 2),
        (0x3FFFD, 2), (0x3FFFE, 1), (0x40000, 1), (0x10FFFD, 1), (0x10FFFF, 1), (0x20DD, 0),
    ])
    func `each character takes its cells, up to the last there is`(value: UInt32, cells: Int) {
        #expect(Unicode.Scalar(value).map { CharacterWidth.cells(of: $0) } == cells)
    }

    @Test(arguments: [
        (0, ""), (1, "…"), (2, "a…"), (3, "a…"), (4, "a日…"), (5, "a日b…"), (6, "a日b本"),
    ])
    func `a cut text is as long as fits`(cells: Int, shown: String) {
        #expect(SafeText("a日b本").cut(to: cells, ellipsis: "…").drawn == shown)
    }

    @Test(arguments: [
        ("one two three", 7, 9, ["one two", "three"]), ("one two", 7, 1, ["one two"]),
        ("one two three", 7, 1, ["one two"]), ("one two", 6, 9, ["one", "two"]),
        ("onetwo", 4, 9, ["onet", "wo"]), ("one twothree", 5, 9, ["one", "twoth", "ree"]),
        ("日本", 1, 9, ["", ""]), ("a日", 2, 9, ["a", "日"]), ("", 4, 9, []),
        ("abc", 0, 9, []), ("abc", 3, 0, []), ("abc ", 3, 9, ["abc"]), ("a  b", 2, 9, ["a ", "b"]),
    ])
    func `a text is wrapped at its spaces where it has some`(
        text: String, cells: Int, lines: Int, wrapped: [String]
    ) {
        #expect(SafeText(text).wrapped(to: cells, lines: lines).map(\.drawn) == wrapped)
    }

    @Test func `two texts together are as wide as both, and a long one is cut with a sign`() {
        let sum = SafeText("ab") + SafeText("日")
        #expect(sum.width == 4 && sum.drawn == "ab日" && !sum.isEmpty)
        #expect(SafeText("abc", limit: 3).drawn == "abc")
        #expect(SafeText("abcd", limit: 3).drawn == "abc…")
        #expect(SafeText("").isEmpty && SafeText("\u{301}").isEmpty)
    }

    @Test func `two marks are kept, and one that is never drawn is none`() {
        var accents = CombiningMarks()
        for accent in ["\u{FE00}", "\u{301}", "\u{302}", "\u{303}"] as [Unicode.Scalar] {
            accents.add(accent)
        }
        #expect(accents.first == 0x301 && accents.second == 0x302)
        #expect(SafeText("x\u{301}\u{302}\u{303}").drawn == "x\u{301}\u{302}")
        #expect(SafeText("a\u{FE0F}b\u{E0100}").drawn == "ab")
        #expect(SafeText("\u{1F1E6}\u{1F1FF}").drawn == "AZ")
        #expect(SafeText("a\u{378}").drawn.unicodeScalars.count >= 2)
    }

    @Test func `only what may compose is composed`() {
        #expect(!ComposedText.mayCompose("plain é \u{2FF}"))
        for text in ["e\u{301}", "\u{1160}", "\u{11FF}", "\u{93E}", "\u{20DD}"] {
            #expect(ComposedText.mayCompose(text))
        }
        #expect(!ComposedText.mayCompose("日本\u{1200}"))
        #expect(ComposedText.letter(under: "é") == "e" && ComposedText.letter(under: "日") == nil)
    }

    // MARK: The line of the prompt

    @Test(arguments: [
        (20, 10, "> abcdefghij", 12), (13, 10, "> abcdefghij", 12), (12, 10, "> bcdefghij", 11),
        (12, 9, "> abcdefghi", 11), (8, 0, "> abcde", 2), (8, 5, "> abcde", 7),
        (8, 6, "> bcdef", 7), (3, 4, "> d", 3), (0, 4, "> d", 3),
    ])
    func `the row shows as much as fits before and behind the cursor`(
        columns: Int, cursor: Int, text: String, column: Int
    ) {
        var buffer = LineBuffer()
        buffer.replace(with: "abcdefghij")
        for _ in cursor..<10 { buffer.left() }
        let view = LineView(prompt: "> ", buffer, columns: columns)
        #expect(view.text == text && view.cursor == column)
    }

    @Test func `a wide character that does not fit whole is left out`() {
        var buffer = LineBuffer()
        buffer.replace(with: "日本語")
        #expect(LineView(prompt: "> ", buffer, columns: 8).text == "> 本語")
        buffer.home()
        #expect(LineView(prompt: "> ", buffer, columns: 8).text == "> 日本")
        #expect(LineView(prompt: "> ", buffer, columns: 9).text == "> 日本語")
    }

    @Test(arguments: [
        ([Key.left, .left, .right, .delete], "abc|"), ([.home, .backspace], "|abcd"),
        ([.home, .right, .backspace], "|bcd"), ([.end, .control("d")], "abcd|"),
        ([.left, .control("d")], "abc|"), ([.left, .control("k"), .home, .control("y")], "d|abc"),
        ([.left, .left, .control("u"), .end, .control("y")], "cdab|"),
        ([.character(" "), .character("x"), .left, .control("w")], "|x"),
    ])
    func `each key of the line leaves text and cursor`(keys: [Key], line: String) {
        var editor = LineEditor()
        for scalar in "abcd".unicodeScalars { _ = take(.character(scalar), &editor) }
        for key in keys { _ = take(key, &editor) }
        let (text, cursor) = (editor.buffer.text, editor.buffer.cursor)
        #expect(text.prefix(cursor) + "|" + text.dropFirst(cursor) == line)
        #expect(editor.buffer.textBeforeCursor == text.prefix(cursor))
    }

    private func take(_ key: Key, _ editor: inout LineEditor) -> LineEditor.Effect {
        editor.take(key) { _ in ("", []) }
    }

    @Test func `what changes nothing draws nothing`() {
        var editor = LineEditor()
        let idle: [Key] = [
            .left, .right, .home, .end, .backspace, .delete, .up, .down, .control("k"),
            .control("u"), .control("w"), .control("y"), .control("g"), .pageUp, .pageDown, .insert,
            .backTab, .escape, .alt("x"), .paste, .function(1), .tab,
        ]
        for key in idle { #expect(take(key, &editor) == .nothing, "\(key)") }
        #expect(take(.control("z"), &editor) == .suspend)
        #expect(take(.control("l"), &editor) == .clearScreen)
        #expect(take(.control("d"), &editor) == .end)
        #expect(take(.enter, &editor) == .submit(""))
        // An empty line is none of the history.
        #expect(take(.up, &editor) == .nothing)
        #expect(take(.control("r"), &editor) == .redraw)
        #expect(editor.searchPrompt == "search ``: ")
        #expect(take(.control("r"), &editor) == .nothing)
        #expect(take(.backspace, &editor) == .redraw)
        // A key that is none of the search ends it and does what it does.
        #expect(take(.home, &editor) == .nothing && editor.searchPrompt == nil)
    }

    @Test func `a completion inserts what all candidates share, and lists what they do not`() {
        func completed(_ word: String, _ candidates: [String]) -> (LineEditor.Effect, String) {
            var editor = LineEditor()
            for scalar in word.unicodeScalars { _ = take(.character(scalar), &editor) }
            let effect = editor.take(.tab) { text in (text, candidates) }
            return (effect, editor.buffer.text)
        }
        #expect(completed("a", ["abc", "abd", "abe"]) == (.redraw, "ab"))
        #expect(completed("ab", ["abc", "abd"]) == (.list(["abc", "abd"]), "ab"))
        #expect(completed("abc", ["abc"]) == (.redraw, "abc "))
        #expect(completed("a", ["abc("]) == (.redraw, "abc("))
        #expect(completed("a", ["abc:"]) == (.redraw, "abc:"))
        #expect(completed("a", ["abc="]) == (.redraw, "abc="))
        #expect(completed("a", []) == (.nothing, "a"))
    }

    @Test func `candidates stand in columns that are two cells wider than the widest`() {
        func columns(_ names: [String], _ width: Int, limit: Int = 9) -> String {
            LinePrompt.columns(names, width: width, limit: limit)
        }
        #expect(columns(["a", "日b", "c"], 10) == "a    日b\r\nc\r\n")
        #expect(columns(["a", "日b", "c"], 9) == "a\r\n日b\r\nc\r\n")
        #expect(columns(["a", "bb"], 100, limit: 2) == "a   bb\r\n")
        #expect(columns(["a", "bb", "c"], 100, limit: 2) == "a   bb\r\nand 1 more\r\n")
        #expect(columns([], 10) == "")
    }
}
