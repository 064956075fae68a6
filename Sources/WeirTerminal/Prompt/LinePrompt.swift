import Glibc
import WeirBase

/// Reads lines from a person at a terminal. One thread owns it, but for a `waker`.
///
/// The owner calls `read` for each line and does what the line says in between. The terminal is
/// taken while a line is being typed and is as it was in between, so that what a command writes and
/// Ctrl-C during it are ordinary. Lines that arrive together, from a paste, are handed out one
/// after the other.
///
/// The rest of the screen stays as it is: only the row of the prompt is drawn, by the few sequences
/// that every terminal but `dumb` has. On `dumb` the terminal edits and echoes by itself. Editing
/// is `LineEditor`'s, decoding `KeyDecoder`'s and the layout of the row `LineView`'s; here is only
/// what touches the terminal.
package final class LinePrompt {
    /// How the waiting for a line ended.
    package enum Outcome: Equatable, Sendable {
        /// A whole line, without its end.
        case line(String)
        /// Ctrl-D, or the terminal is gone.
        case end
        /// The waker was used. The line that is being typed stays for the next `read`.
        case woken
    }

    private let input: Int32
    private let output: Int32
    private let wakeUp: WakeUp
    private var editor = LineEditor()
    private var decoder = KeyDecoder(pastes: .asTyped)
    /// Keys that were read and not yet taken: those behind the end of a line are for the next one.
    private var keys: [Key] = []
    /// Whether the terminal cannot move its cursor: it echoes by itself then, and lines come as
    /// they are.
    private let isPlain: Bool

    /// A prompt on `input`, a terminal, that echoes to `output`; nil when the system refuses.
    package init?(input: Int32, output: Int32, kind: String?) {
        guard let wakeUp = WakeUp() else { return nil }
        self.input = input
        self.output = output
        self.wakeUp = wakeUp
        isPlain = kind == nil || kind == "" || kind == "dumb"
    }

    deinit { TerminalModes.giveBack() }

    /// Wakes the owner from `read`. Any thread.
    package var waker: @Sendable () -> Void {
        { [wakeUp] in wakeUp.signal() }
    }

    /// Waits for a line; the completer is asked at a tab. `prompt` stands before the line and is
    /// made safe.
    package func read(prompt: String, completer: LineEditor.Completer) -> Outcome {
        guard !isPlain, TerminalModes.take(input) else { return readPlainly(prompt) }
        defer { TerminalModes.giveBack() }
        // Some shells leave it on; its marks would arrive as keys.
        write("\u{1B}[?2004l")
        draw(prompt)
        while true {
            while !keys.isEmpty {
                let effect = editor.take(keys.removeFirst(), completer: completer)
                if let outcome = obey(effect, prompt) { return outcome }
            }
            switch wait() {
            case .keys: break
            case .woken:
                write("\r\u{1B}[K")
                return .woken
            case .closed: return .end
            }
        }
    }

    /// Gives up the line that is being typed, as Ctrl-C does.
    package func cancel() { _ = editor.take(.control("c")) { _ in ("", []) } }

    /// Does what the editor asks for; gives the outcome where the line is over.
    private func obey(_ effect: LineEditor.Effect, _ prompt: String) -> Outcome? {
        switch effect {
        case .nothing: break
        // Of many keys at once only the last is drawn: a paste would flicker.
        case .redraw: if keys.isEmpty { draw(prompt) }
        case .submit(let line):
            // The editor has begun the next line already; what was entered stays visible above it.
            draw(LineView(prompt: prompt, typed(line), columns: columns))
            write("\r\n")
            return .line(line)
        case .cancelled:
            write("^C\r\n")
            draw(prompt)
        case .end:
            write("\r\n")
            return .end
        case .suspend:
            draw(prompt)
            TerminalModes.giveBack()
            write("\r\n")
            // The terminal would have stopped every process of the group by itself, and so does
            // this.
            kill(0, SIGTSTP)
            if TerminalModes.take(input) { draw(prompt) }
        case .clearScreen:
            write("\u{1B}[H\u{1B}[2J")
            draw(prompt)
        case .list(let candidates):
            draw(prompt)
            write("\r\n\(Self.columns(candidates, width: columns))")
            draw(prompt)
        }
        return nil
    }

    /// A buffer that holds a line.
    private func typed(_ line: String) -> LineBuffer {
        var buffer = LineBuffer()
        buffer.replace(with: line)
        return buffer
    }

    // MARK: Reading

    /// What ended the waiting.
    private enum Arrival { case keys, woken, closed }

    /// Waits for keys, or until silence means one.
    private func wait() -> Arrival {
        var watched = [
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.readingEnd, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = decoder.patienceMilliseconds.map { Int32($0) } ?? -1
        let count = poll(&watched, nfds_t(watched.count), milliseconds)
        if count == 0 {
            keys += decoder.timedOut()
            return .keys
        }
        // An interrupted call is repeated: no keys came, and the caller waits again.
        if count < 0 { return errno == EINTR ? .keys : .closed }
        if watched[1].revents != 0 {
            wakeUp.clear()
            return .woken
        }
        guard watched[0].revents & Int16(POLLIN) != 0 else { return .closed }
        var bytes = [UInt8](repeating: 0, count: 1_024)
        let got = Glibc.read(input, &bytes, bytes.count)
        if got > 0 {
            keys += decoder.take(bytes.prefix(got))
            return .keys
        }
        return got < 0 && (errno == EINTR || errno == EAGAIN) ? .keys : .closed
    }

    /// A line from a terminal that edits and echoes by itself. It is read byte by byte, so that
    /// nothing behind its end is taken from a command that reads the terminal.
    private func readPlainly(_ prompt: String) -> Outcome {
        write(SafeText(prompt).drawn)
        var line: [UInt8] = []
        // A character has four bytes at most. What is longer is handed out in pieces.
        while line.count < TerminalBounds.maximumLineLength * 4 {
            var watched = [
                pollfd(fd: input, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeUp.readingEnd, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&watched, nfds_t(watched.count), -1) < 0, errno != EINTR { return .end }
            if watched[1].revents != 0 {
                wakeUp.clear()
                write("\r\n")
                return .woken
            }
            guard watched[0].revents != 0 else { continue }
            var byte: UInt8 = 0
            let got = Glibc.read(input, &byte, 1)
            if got < 0, errno == EINTR || errno == EAGAIN { continue }
            if got <= 0 {
                return line.isEmpty ? .end : .line(String(decoding: line, as: UTF8.self))
            }
            if byte == 0x0A { break }
            line.append(byte)
        }
        return .line(String(decoding: line, as: UTF8.self))
    }

    // MARK: Drawing

    /// How wide the terminal is; 80 columns where it does not say. Asked for at each drawing, as
    /// the window may have changed.
    private var columns: Int {
        var size = winsize()
        guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Draws the row of the prompt; while a search goes on, its words stand before the line
    /// instead.
    private func draw(_ prompt: String) {
        draw(LineView(prompt: editor.searchPrompt ?? prompt, editor.buffer, columns: columns))
    }

    /// Draws a row: from its start, with the rest of it erased and the cursor moved to its
    /// position.
    private func draw(_ view: LineView) {
        let move = view.cursor > 0 ? "\u{1B}[\(view.cursor)C" : ""
        write("\r\(view.text)\u{1B}[K\r\(move)")
    }

    /// Candidates side by side in columns, at most `limit` of them; how many there are beyond that
    /// is said.
    static func columns(
        _ candidates: [String], width: Int, limit: Int = TerminalBounds.maximumCandidates
    ) -> String {
        let shown = candidates.prefix(limit).map { SafeText($0) }
        let cell = (shown.map(\.width).max() ?? 0) + 2
        let perRow = max(1, width / cell)
        var text = ""
        for (index, candidate) in shown.enumerated() {
            let isLast = index % perRow == perRow - 1 || index == shown.count - 1
            text += candidate.drawn
            text += isLast ? "\r\n" : String(repeating: " ", count: cell - candidate.width)
        }
        let more = candidates.count - shown.count
        return more > 0 ? text + "and \(more) more\r\n" : text
    }

    /// Writes all of a text.
    private func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // A terminal that takes nothing is gone, which reading will tell.
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
