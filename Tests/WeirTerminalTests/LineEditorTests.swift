import Testing

@testable import WeirTerminal

@Suite struct LineEditorTests {
    private func type(
        _ keys: [Key], into editor: inout LineEditor, candidates: [String] = []
    ) -> [LineEditor.Effect] {
        keys.map { key in
            editor.take(key) { text in
                let word = text.split(separator: " ").last.map(String.init) ?? ""
                return (word, candidates.filter { $0.hasPrefix(word) })
            }
        }
    }

    private func keys(_ text: String) -> [Key] { text.unicodeScalars.map { .character($0) } }

    @Test(arguments: [
        ([Key.left, .left, .backspace], "acd|", 1), ([.home, .delete], "bcd", 0),
        ([.control("a"), .right, .control("k")], "a", 1), ([.left, .control("u")], "d", 0),
        ([.control("b"), .control("f"), .control("e"), .control("w")], "", 0),
        ([.control("w"), .control("y"), .control("y")], "abcdabcd", 8),
        ([.home, .left, .control("d")], "bcd", 0), ([.end, .delete, .right], "abcd", 4),
    ])
    func `editing keys do what shells have taught`(after: [Key], text: String, cursor: Int) {
        var editor = LineEditor()
        _ = type(keys("abcd") + after, into: &editor)
        #expect(editor.buffer.text == text.replacing("|", with: ""))
        #expect(editor.buffer.cursor == cursor)
    }

    @Test func `a mark joins its letter, and both go together`() {
        var editor = LineEditor()
        _ = type(keys("e\u{301}日x"), into: &editor)
        #expect(editor.buffer.cursor == 3)
        _ = type([.left, .left, .backspace], into: &editor)
        #expect(editor.buffer.text == "日x")
    }

    @Test func `old lines come back, and the new one is kept meanwhile`() {
        var editor = LineEditor()
        #expect(type(keys("one") + [.enter], into: &editor).last == .submit("one"))
        _ = type(keys("two") + [.enter] + keys("two") + [.enter] + keys("dra"), into: &editor)
        var seen: [String] = []
        for key in [Key.up, .up, .up, .down, .control("n"), .down] {
            _ = type([key], into: &editor)
            seen.append(editor.buffer.text)
        }
        #expect(seen == ["two", "one", "one", "two", "dra", "dra"])
    }

    @Test func `the history is searched backwards, and left as found or as before`() {
        var editor = LineEditor()
        _ = type(keys("goto 3") + [.enter] + keys("step") + [.enter], into: &editor)
        _ = type(keys("goto 5") + [.enter] + keys("x"), into: &editor)
        _ = type([.control("r")] + keys("goto"), into: &editor)
        #expect(editor.buffer.text == "goto 5")
        _ = type([.control("r")], into: &editor)
        #expect(editor.buffer.text == "goto 3" && editor.searchPrompt == "search `goto`: ")
        _ = type(keys("z"), into: &editor)
        #expect(editor.searchPrompt == "failed search `gotoz`: ")
        _ = type([.control("g")], into: &editor)
        #expect(editor.buffer.text == "x" && editor.searchPrompt == nil)
        #expect(
            type([.control("r")] + keys("st") + [.enter], into: &editor).last == .submit("step"))
    }

    @Test func `a search that finds nothing older stays with the oldest`() {
        var editor = LineEditor()
        _ = type(keys("goto 3") + [.enter] + keys("goto 5") + [.enter], into: &editor)
        _ = type([.control("r")] + keys("goto") + [.control("r"), .control("r")], into: &editor)
        #expect(editor.buffer.text == "goto 3")
        #expect(editor.searchPrompt == "search `goto`: ")
        // From there on another letter is looked for.
        _ = type(keys(" 3"), into: &editor)
        #expect(editor.searchPrompt == "search `goto 3`: ")
    }

    @Test func `a shorter text is looked for in all lines again`() {
        var editor = LineEditor()
        _ = type(keys("goto 3") + [.enter] + keys("go on") + [.enter], into: &editor)
        _ = type([.control("r")] + keys("got"), into: &editor)
        #expect(editor.buffer.text == "goto 3")
        _ = type([.backspace], into: &editor)
        #expect(editor.buffer.text == "go on" && editor.searchPrompt == "search `go`: ")
    }

    @Test func `Ctrl-C gives up the line and Ctrl-D ends only an empty one`() {
        var editor = LineEditor()
        #expect(type(keys("ab") + [.control("c")], into: &editor).last == .cancelled)
        #expect(editor.buffer.isEmpty)
        #expect(type(keys("a") + [.left, .control("d")], into: &editor).last == .redraw)
        #expect(type([.control("d")], into: &editor) == [.end])
    }

    @Test func `a tab adds what is certain, then lists`() {
        var editor = LineEditor()
        let words = ["reverse-step", "reverse-next", "goto", "reserve["]
        _ = type(keys("rev") + [.tab], into: &editor, candidates: words)
        #expect(editor.buffer.text == "reverse-")
        #expect(
            type([.tab], into: &editor, candidates: words)
                == [.list(["reverse-step", "reverse-next"])])
        _ = type(keys("s") + [.tab], into: &editor, candidates: words)
        #expect(editor.buffer.text == "reverse-step ")
        _ = type([.control("u")] + keys("res") + [.tab], into: &editor, candidates: words)
        #expect(editor.buffer.text == "reserve[")
        #expect(type(keys("zz") + [.tab], into: &editor, candidates: words).last == .nothing)
    }

    @Test func `the row shows the cursor, whatever the width`() {
        var buffer = LineBuffer()
        buffer.replace(with: "abc日本defghij\u{1B}")
        for columns in 1...60 {
            for _ in 0..<30 {
                let view = LineView(prompt: "(weir) ", buffer, columns: columns)
                #expect(view.cursor <= max(columns, 8), "\(columns)")
                #expect(!view.text.unicodeScalars.contains { $0.value < 0x20 })
                buffer.left()
            }
            buffer.end()
        }
        #expect(LineView(prompt: "> ", buffer, columns: 80).cursor == 22)
    }

    @Test func `a line that is longer than its row is moved no further than the cursor needs`() {
        var buffer = LineBuffer()
        buffer.replace(with: "abcdefghij")
        // Two cells for the prompt and one behind the line leave five.
        let view = LineView(prompt: "> ", buffer, columns: 8)
        #expect(view.text == "> fghij" && view.cursor == 7)
        buffer.home()
        #expect(LineView(prompt: "> ", buffer, columns: 8).text == "> abcde")
    }

    @Test func `candidates stand side by side, and too many are counted`() {
        let names = (0..<5).map { "name\($0)" }
        #expect(
            LinePrompt.columns(names, width: 16) == "name0  name1\r\nname2  name3\r\nname4\r\n")
        #expect(LinePrompt.columns(names, width: 3, limit: 2).hasSuffix("and 3 more\r\n"))
    }
}
