import Glibc
import WeirBase

/// Reads lines from a person at a terminal. One thread owns it, but for a `waker`.
///
/// The owner calls `read` for each line and does what the line says in between. The terminal is
/// taken while a line is being typed and is as it was in between, so that what a command writes and
/// Ctrl-C during it are ordinary. Lines that arrive together, from a paste, are handed out one
/// after the other. The rest of the screen stays as it is: only the row of the prompt is drawn, by
/// the few sequences that every terminal but `dumb` has, and on `dumb` the terminal echoes itself.
package final class LinePrompt {
    package enum Outcome: Equatable, Sendable {
        case line(String)
        /// Ctrl-D, or the terminal is gone.
        case end
        /// The waker was used.
        case woken
    }

    private let input: Int32
    private let output: Int32
    private let wakeUp: WakeUp
    private var editor = LineEditor()
    private var decoder = KeyDecoder(pastes: .asTyped)
    private var keys: [Key] = []
    /// The terminal cannot move its cursor: it echoes itself, and lines come as they are.
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

    /// Waits for a line; the completer is asked at a tab.
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

    private func obey(_ effect: LineEditor.Effect, _ prompt: String) -> Outcome? {
        switch effect {
        case .nothing: break
        case .redraw: if keys.isEmpty { draw(prompt) }
        case .submit(let line):
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

    private func typed(_ line: String) -> LineBuffer {
        var buffer = LineBuffer()
        buffer.replace(with: line)
        return buffer
    }

    // MARK: Reading

    private enum Arrival { case keys, woken, closed }

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

    /// A line from a terminal that edits and echoes by itself.
    private func readPlainly(_ prompt: String) -> Outcome {
        write(SafeText(prompt).drawn)
        var line: [UInt8] = []
        while line.count < LineBuffer.longest * 4 {
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

    private var columns: Int {
        var size = winsize()
        guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private func draw(_ prompt: String) {
        draw(LineView(prompt: editor.searchPrompt ?? prompt, editor.buffer, columns: columns))
    }

    private func draw(_ view: LineView) {
        let move = view.cursor > 0 ? "\u{1B}[\(view.cursor)C" : ""
        write("\r\(view.text)\u{1B}[K\r\(move)")
    }

    /// Candidates side by side; too many are counted.
    static func columns(_ candidates: [String], width: Int, limit: Int = 100) -> String {
        let shown = candidates.prefix(limit).map { SafeText($0) }
        let cell = (shown.map(\.width).max() ?? 0) + 2
        let perRow = max(1, width / cell)
        var text = ""
        for (place, candidate) in shown.enumerated() {
            let isLast = place % perRow == perRow - 1 || place == shown.count - 1
            text += candidate.drawn
            text += isLast ? "\r\n" : String(repeating: " ", count: cell - candidate.width)
        }
        let more = candidates.count - shown.count
        return more > 0 ? text + "and \(more) more\r\n" : text
    }

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
