import Testing

@testable import WeirTerminal

/// What a line keeps, and where it ends.
@Suite struct LineBufferTests {
    private func line(_ text: String) -> LineBuffer {
        var buffer = LineBuffer()
        buffer.replace(with: text)
        return buffer
    }

    @Test func `a full line takes no more, typed or as a whole`() {
        let full = String(repeating: "x", count: TerminalBounds.maximumLineLength)
        var buffer = line(full + "yz")
        #expect(buffer.text == full)
        buffer.insert("a")
        #expect(buffer.text == full)
        buffer.deleteBefore()
        buffer.insert("ab")
        #expect(buffer.text == full.dropLast() + "a")
    }

    @Test(arguments: [
        ("one two", "one "), ("one two  ", "one "), ("  ", ""), ("one", ""), ("", ""),
    ])
    func `a word goes with the spaces behind it`(text: String, rest: String) {
        var buffer = line(text)
        buffer.deleteWord()
        #expect(buffer.text == rest)
        #expect(buffer.cursor == rest.count)
    }

    @Test func `what was removed comes back, also after a removal of nothing`() {
        var buffer = line("one two")
        buffer.deleteWord()
        buffer.deleteToEnd()
        buffer.home()
        buffer.deleteToStart()
        buffer.yank()
        #expect(buffer.text == "twoone ")
        #expect(buffer.cursor == 3)
    }

    @Test func `the history keeps the newest lines`() {
        var history = LineHistory()
        for number in 0..<TerminalBounds.maximumHistoryLines + 3 { history.append("\(number)") }
        #expect(history.lines.count == TerminalBounds.maximumHistoryLines)
        #expect(history.lines.first == "3")
        #expect(history.last(before: 1, holding: "3") == 0)
        #expect(history.last(before: 0, holding: "3") == nil)
    }
}
