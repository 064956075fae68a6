import Testing
import WeirTerminal

/// What a terminal would obey, one text each.
let hostileTexts = [
    "\u{1B}]52;c;ZXZpbA==\u{07}", "\u{1B}]0;title\u{1B}\\", "\u{1B}[2J\u{1B}[H", "\u{1B}c",
    "\u{9B}31m", "\u{90}tmux;\u{1B}\u{9C}", "a\rb\nc\td", "\u{7F}\u{00}\u{08}",
    "\u{202E}gnp.exe", "\u{2066}x\u{2069}", "\u{200D}\u{FEFF}\u{2028}", "\u{E000}\u{10FFFF}",
]

@Suite struct SafeTextTests {
    @Test(arguments: hostileTexts)
    func `no text brings a control or format character onto a canvas`(text: String) {
        var canvas = Canvas(size: CanvasSize(width: 200, height: 1), isASCII: false)
        canvas.put(SafeText(text), x: 0, y: 0)
        for cell in canvas.cells {
            switch cell.scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                Issue.record("\(cell.scalar.value) is on the canvas")
            default: break
            }
        }
    }

    @Test func `a control character stays visible as an escape`() {
        #expect(rendered(SafeText("a\u{1B}[2Jb\n")) == "a\\u{1B}[2Jb\\n")
    }

    @Test func `an ASCII canvas holds ASCII alone`() {
        var canvas = Canvas(size: CanvasSize(width: 40, height: 1), isASCII: true)
        canvas.put(SafeText("naïve 日本 e\u{301}"), x: 0, y: 0)
        #expect(
            canvas.cells.allSatisfy { $0.scalar.isASCII && $0.combiningMarks == CombiningMarks() })
        #expect(canvas.text == "naive ???? e\n")
    }

    @Test func `a tower of marks keeps two of them`() {
        let text = SafeText("e" + String(repeating: "\u{301}", count: 500))
        #expect(text.glyphs.count == 1)
        #expect(text.width == 1)
    }

    @Test(arguments: [
        ("か\u{3099}は\u{309A}", "がぱ"), ("\u{1112}\u{1161}\u{11AB}글", "한글"),
        ("cafe\u{301} a\u{30A}n\u{303}", "café åñ"), ("e\u{323}\u{302}", "\u{1EC7}"),
        ("\u{9C7}\u{9BE}", "\u{9CB}"), ("plain é 日本", "plain é 日本"),
    ])
    func `decomposed text is drawn composed`(text: String, composed: String) {
        let glyphs = SafeText(text).glyphs
        #expect(glyphs.map(\.scalar) == Array(composed.unicodeScalars))
        #expect(glyphs.allSatisfy { $0.combiningMarks == CombiningMarks() })
    }

    @Test func `a mark that does not compose stays with narrow characters alone`() {
        #expect(rendered(SafeText("x\u{301}")) == "x\u{301}")
        #expect(rendered(SafeText("日\u{301}か\u{309A}語")) == "日か語")
    }

    @Test func `halves of flags are letters and selectors are nothing`() {
        #expect(rendered(SafeText("🇩🇪 ☀️")) == "DE ☀")
    }

    @Test func `an endless text is cut before it costs anything`() {
        let text = SafeText(String(repeating: "x", count: 10_000_000))
        #expect(text.width <= TerminalBounds.maximumTextLength + 1)
    }

    @Test func `a cut text never takes more than its cells`() {
        for text: SafeText in ["日本語テキスト", "plain text", "a日b本c", ""] {
            for cells in 0...20 {
                #expect(text.cut(to: cells, ellipsis: "…").width <= cells)
            }
        }
    }

    @Test(arguments: [
        (5, "ab cd"), (4, "ab …"), (3, "ab…"), (1, "…"), (0, ""),
    ])
    func `a cut text fills its cells and ends with the sign for it`(cells: Int, shown: String) {
        let text: SafeText = cells == 5 ? "ab cd" : "ab cde"
        #expect(rendered(text.cut(to: cells, ellipsis: "…")) == shown)
    }

    @Test func `wrapped lines fit and lose no word`() {
        let text: SafeText = "enrich limits the run: busy 99 %, its queue over 90 % for 41 s"
        for cells in 8...70 {
            let lines = text.wrapped(to: cells, lines: 99)
            #expect(lines.allSatisfy { $0.width <= cells })
            #expect(lines.map(rendered).joined(separator: " ") == rendered(text))
        }
    }

    @Test func `the first and the last character of a wide stretch are wide`() {
        for (value, cells) in [
            (0x10FF, 1), (0x1100, 2), (0x115F, 2), (0x1160, 0), (0x3098, 2), (0x3099, 0),
            (0xFF60, 2), (0xFF61, 1), (0x23F0, 2), (0x23F1, 1), (0x3FFFD, 2),
        ] as [(UInt32, Int)] {
            let scalar = Unicode.Scalar(value)
            #expect(scalar.map { CharacterWidth.cells(of: $0) } == cells, "\(value)")
        }
    }

    @Test(arguments: [
        ("a", 1), ("é", 1), ("日", 2), ("한", 2), ("🦊", 2), ("ｆ", 2), ("\u{301}", 0), ("░", 1),
        ("⣿", 1), ("→", 1),
    ])
    func `widths are those that terminals use`(text: String, cells: Int) throws {
        let scalar = try #require(text.unicodeScalars.first)
        #expect(CharacterWidth.cells(of: scalar) == cells)
    }

    private func rendered(_ text: SafeText) -> String {
        var canvas = Canvas(size: CanvasSize(width: 300, height: 1), isASCII: false)
        canvas.put(text, x: 0, y: 0)
        return String(canvas.text.dropLast())
    }
}
