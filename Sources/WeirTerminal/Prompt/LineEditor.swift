/// Edits one line after the other by keys: cursor keys, the usual control keys, history, search in
/// it (Ctrl-R) and completion. It is a pure state machine.
///
/// Whoever reads keys hands them in one by one (`take`) and does what each effect says. What is to
/// be seen of the line is `buffer`, with `searchPrompt` before it while the history is searched. It
/// knows no terminal, so that a test types and looks as a person does. The keys are those of
/// readline in its Emacs form, which shells and debuggers have taught. `LinePrompt` is its owner in
/// this program.
package struct LineEditor: Sendable {
    /// What the owner has to do after a key. The editor itself has done its part already.
    package enum Effect: Equatable, Sendable {
        case nothing
        case redraw
        /// Enter: the line is complete, and the next one is empty.
        case submit(String)
        /// Ctrl-C: the line was given up.
        case cancelled
        /// Ctrl-D on an empty line.
        case end
        /// Ctrl-Z.
        case suspend
        /// Ctrl-L.
        case clearScreen
        /// What the word can become, to be shown under the line.
        case list([String])
    }

    /// A completer is given the text before the cursor. It gives the last word of it and everything
    /// that this word can become; every candidate begins with the word.
    package typealias Completer = (String) -> (word: String, candidates: [String])

    /// A search in the history that goes on.
    private struct Search: Equatable, Sendable {
        /// What is searched for, as typed so far.
        var query = ""
        /// The index of the line of the history that was found; nil while none is.
        var index: Int?
        /// The line as it was before the search, for going back to it.
        var original: LineBuffer
    }

    package private(set) var buffer = LineBuffer()
    private var history = LineHistory()
    /// The index of the line of the history that is shown; nil for the new one.
    private var index: Int?
    /// The new line while an old one is shown, so that going down again finds it.
    private var draft = ""
    private var search: Search?

    package init() {}

    /// What stands before the line instead of the prompt while the history is searched; nil while
    /// it is not.
    package var searchPrompt: String? {
        search.map { search in
            (search.query.isEmpty || search.index != nil ? "" : "failed ")
                + "search `\(search.query)`: "
        }
    }

    /// Takes a key; the completer is asked at a tab only.
    package mutating func take(_ key: Key, completer: Completer) -> Effect {
        if search != nil, let effect = takeInSearch(key) { return effect }
        switch key {
        case .character(let scalar):
            buffer.insert(scalar)
            return .redraw
        case .enter: return submit()
        case .tab: return complete(completer)
        case .up, .control("p"): return show(offset: -1)
        case .down, .control("n"): return show(offset: 1)
        case .control("c"):
            reset()
            return .cancelled
        case .control("d"):
            if buffer.isEmpty { return .end }
            buffer.deleteAt()
            return .redraw
        case .control("r"):
            search = Search(original: buffer)
            return .redraw
        case .control("z"): return .suspend
        case .control("l"): return .clearScreen
        case .control, .left, .right, .home, .end, .pageUp, .pageDown, .insert, .delete, .backTab,
            .backspace, .escape, .alt, .paste, .function:
            return edit(key)
        }
    }

    /// The keys that change the line or move in it. A key that changes nothing needs no drawing.
    private mutating func edit(_ key: Key) -> Effect {
        let before = buffer
        switch key {
        case .left, .control("b"): buffer.left()
        case .right, .control("f"): buffer.right()
        case .home, .control("a"): buffer.home()
        case .end, .control("e"): buffer.end()
        case .backspace: buffer.deleteBefore()
        case .delete: buffer.deleteAt()
        case .control("k"): buffer.deleteToEnd()
        case .control("u"): buffer.deleteToStart()
        case .control("w"): buffer.deleteWord()
        case .control("y"): buffer.yank()
        case .character, .control, .up, .down, .pageUp, .pageDown, .insert, .enter, .tab, .backTab,
            .escape, .alt, .paste, .function:
            break
        }
        return buffer == before ? .nothing : .redraw
    }

    /// Ends the line: it goes into the history, and the next one begins.
    private mutating func submit() -> Effect {
        let line = buffer.text
        history.append(line)
        reset()
        return .submit(line)
    }

    private mutating func reset() {
        buffer = LineBuffer()
        index = nil
        draft = ""
        search = nil
    }

    // MARK: History

    /// Shows an older line of the history, or a newer one; behind the newest is the line that was
    /// being typed. At the ends nothing happens.
    private mutating func show(offset: Int) -> Effect {
        let count = history.lines.count
        let next = (index ?? count) + offset
        guard next >= 0, next <= count, next != index ?? count else { return .nothing }
        if index == nil { draft = buffer.text }
        index = next == count ? nil : next
        buffer.replace(with: next == count ? draft : history.lines[next])
        return .redraw
    }

    /// A key while the history is searched. Nil when it ended the search and has its usual meaning
    /// now, on the line that was found.
    private mutating func takeInSearch(_ key: Key) -> Effect? {
        guard var state = search else { return nil }
        switch key {
        case .character(let scalar):
            state.query.unicodeScalars.append(scalar)
            state.index = history.last(
                // One more character may still match the line that is shown, so that the search
                // begins there.
                before: (state.index ?? history.lines.count - 1) + 1, holding: state.query)
        case .backspace:
            if !state.query.isEmpty { state.query.removeLast() }
            state.index = history.last(before: history.lines.count, holding: state.query)
        case .control("r"):
            // Ctrl-R once more: the next older line that matches, if there is one.
            guard !state.query.isEmpty else { return .nothing }
            let older = history.last(
                before: state.index ?? history.lines.count, holding: state.query)
            state.index = older ?? state.index
        case .escape, .control("g"), .control("c"):
            buffer = state.original
            search = nil
            return .redraw
        case .control, .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .insert, .delete,
            .enter, .tab, .backTab, .alt, .paste, .function:
            search = nil
            return nil
        }
        if let index = state.index, !state.query.isEmpty {
            buffer.replace(with: history.lines[index])
        }
        search = state
        return .redraw
    }

    // MARK: Completion

    /// Adds what all candidates have in common, and a space behind a word that is the only one.
    /// Where nothing can be added the candidates are listed.
    private mutating func complete(_ completer: Completer) -> Effect {
        let (word, candidates) = completer(buffer.textBeforeCursor)
        guard let first = candidates.first else { return .nothing }
        var common = Array(first)
        for candidate in candidates.dropFirst() {
            common = zip(common, candidate).prefix { $0 == $1 }.map(\.0)
        }
        let missing = String(common.dropFirst(word.count))
        let isWhole = candidates.count == 1
        // What ends like this goes on without a space.
        let goesOn = "[(:=".contains(common.last ?? " ")
        if missing.isEmpty, !isWhole { return .list(candidates) }
        buffer.insert(missing + (isWhole && !goesOn ? " " : ""))
        return .redraw
    }
}
