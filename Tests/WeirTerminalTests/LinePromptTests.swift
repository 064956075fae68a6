import Foundation
import Glibc
import Testing

@testable import WeirTerminal

/// A pseudo-terminal: what is typed at one end, and what the other end was sent.
final class PseudoTerminal {
    private(set) var master: Int32
    let terminal: Int32

    /// A terminal that neither echoes nor edits, so that what is typed early waits as it is.
    init(columns: UInt16 = 40) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(master >= 0)
        let (unlock, askNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var (isLocked, number): (Int32, Int32) = (0, 0)
        try #require(ioctl(master, unlock, &isLocked) == 0)
        try #require(ioctl(master, askNumber, &number) == 0)
        terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        var size = winsize(ws_row: 10, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        var modes = try modes()
        cfmakeraw(&modes)
        // What the prompt takes care of by itself.
        modes.c_lflag |= tcflag_t(ISIG | IEXTEN)
        modes.c_iflag |= tcflag_t(IXON)
        try #require(tcsetattr(terminal, TCSANOW, &modes) == 0)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(terminal)
        hangUp()
    }

    /// Closes the end at which one types, as a window that is closed.
    func hangUp() {
        if master >= 0 { close(master) }
        master = -1
    }

    func modes() throws -> termios {
        var modes = termios()
        try #require(tcgetattr(terminal, &modes) == 0)
        return modes
    }

    /// Types a text, and comes back once all of it has arrived at the other end.
    func type(_ text: String) throws {
        let bytes = Array(text.utf8)
        try #require(write(master, bytes, bytes.count) == bytes.count)
        var arrived: Int32 = 0
        repeat {
            var polled = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            try #require(poll(&polled, 1, 10_000) == 1)
            try #require(ioctl(terminal, UInt(FIONREAD), &arrived) == 0)
        } while Int(arrived) < bytes.count
    }

    /// What was sent since the last call, with Escape as `^` so that it can be read: all of it, as
    /// soon as it ends like this. What ends otherwise is given after a while.
    func sent(endingWith end: String) -> String {
        var sent: [UInt8] = []
        var polled = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        var block = [UInt8](repeating: 0, count: 4_096)
        func text() -> String {
            String(decoding: sent, as: UTF8.self).replacing("\u{1B}", with: "^")
        }
        while !text().hasSuffix(end), poll(&polled, 1, 2_000) == 1 {
            let count = read(master, &block, block.count)
            sent += block.prefix(max(0, count))
        }
        return text()
    }
}

/// The process has one terminal at a time: these tests take it one after the other.
@Suite(.serialized) struct TakenTerminalTests {}

extension TakenTerminalTests {
    /// The prompt on a pseudo-terminal, by what it sends, and on a pipe.
    @Suite struct LinePromptTests {
        private static let clear = "^[K"

        /// What each reading came to, and what was sent meanwhile.
        private func read(
            _ typed: String, columns: UInt16 = 40, candidates: [String] = [], lines: Int = 1,
            endingWith end: String = "\r\n"
        ) throws -> (outcomes: [LinePrompt.Outcome], sent: String) {
            let pseudo = try PseudoTerminal(columns: columns)
            let prompt = try #require(
                LinePrompt(input: pseudo.terminal, output: pseudo.terminal, kind: "xterm"))
            // Keys that would be signals are typed as what they are once the terminal is taken.
            try pseudo.type(typed)
            let outcomes = (0..<lines).map { _ in
                prompt.read(prompt: "> ") { text in (text, candidates) }
            }
            return (outcomes, pseudo.sent(endingWith: end))
        }

        @Test func `a line is drawn, handed over, and what was typed behind it is kept`() throws {
            let (outcomes, sent) = try read(
                "ab\rcd\r", lines: 2, endingWith: "> cd^[K\r^[4C\r\n")
            #expect(outcomes == [.line("ab"), .line("cd")])
            let row = "\r> ab^[K\r^[4C"
            #expect(
                sent == "^[?2004l\r> ^[K\r^[2C\(row)\r\n"
                    + "^[?2004l\r> ^[K\r^[2C\r> cd^[K\r^[4C\r\n")
        }

        @Test func `of many keys at once the last alone is drawn`() throws {
            let (outcomes, sent) = try read("abc\u{1B}[D\u{1B}[Dx\u{15}\u{14}y\r")
            #expect(outcomes == [.line("ybc")])
            #expect(sent == "^[?2004l\r> ^[K\r^[2C\r> ybc^[K\r^[5C\r\n")
        }

        @Test func `the end of input is an end, and a list of candidates stands below`() throws {
            let (outcomes, sent) = try read(
                "s\t\u{7F}\u{04}", columns: 12, candidates: ["step", "stop", "set"],
                endingWith: "\r> s^[K\r^[3C\r\n")
            #expect(outcomes == [.end])
            // Tab draws the row before the candidates and behind them; the end is below.
            #expect(
                sent == "^[?2004l\r> ^[K\r^[2C\r> s^[K\r^[3C\r\nstep  stop\r\nset\r\n"
                    + "\r> s^[K\r^[3C\r\n")
        }

        @Test func `a clear screen is cleared and drawn again`() throws {
            let (outcomes, sent) = try read("a\u{0C}\r")
            #expect(outcomes == [.line("a")])
            #expect(sent.contains("^[H^[2J\r> a^[K\r^[3C"), "\(sent)")
        }

        @Test func `a search shows itself in place of the prompt`() throws {
            let (outcomes, sent) = try read(
                "one\r\u{12}n\r", lines: 2, endingWith: "^[2C\r> one^[K\r^[5C\r\n")
            #expect(outcomes == [.line("one"), .line("one")])
            #expect(sent.hasSuffix("^[2C\r> one^[K\r^[5C\r\n"), "\(sent)")
        }

        @Test func `the terminal is taken while a line is read, and given back`() throws {
            let pseudo = try PseudoTerminal()
            let before = try pseudo.modes()
            var during: termios?
            let prompt = try #require(
                LinePrompt(input: pseudo.terminal, output: pseudo.terminal, kind: "xterm"))
            try pseudo.type("\t\r")
            _ = prompt.read(prompt: "> ") { _ in
                during = try? pseudo.modes()
                return ("", [])
            }
            let after = try pseudo.modes()
            let taken = try #require(during)
            #expect(taken.c_lflag & tcflag_t(ICANON | ECHO | ISIG | IEXTEN) == 0)
            #expect(taken.c_iflag & tcflag_t(IXON | ICRNL | INLCR) == 0)
            #expect(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag)
            #expect(before.c_lflag & tcflag_t(ISIG | IEXTEN) == tcflag_t(ISIG | IEXTEN))
        }

        @Test func `a terminal that is closed while a line is typed is the end`() throws {
            let pseudo = try PseudoTerminal()
            let prompt = try #require(
                LinePrompt(input: pseudo.terminal, output: pseudo.terminal, kind: "xterm"))
            try pseudo.type("a\t")
            let outcome = prompt.read(prompt: "> ") { _ in
                pseudo.hangUp()
                return ("", [])
            }
            #expect(outcome == .end)
        }

        @Test func `whoever wakes it is told, and what was typed so far is kept`() throws {
            let pseudo = try PseudoTerminal()
            let prompt = try #require(
                LinePrompt(input: pseudo.terminal, output: pseudo.terminal, kind: "xterm"))
            prompt.waker()
            #expect(prompt.read(prompt: "> ") { _ in ("", []) } == .woken)
            let expected = "^[?2004l\r> ^[K\r^[2C\r^[K"
            #expect(pseudo.sent(endingWith: expected) == expected)
            try pseudo.type("a\r")
            #expect(prompt.read(prompt: "> ") { _ in ("", []) } == .line("a"))
        }

        @Test(arguments: [nil, "", "dumb"] as [String?])
        func `on a pipe and on a dumb terminal lines are read as they come`(kind: String?) throws {
            let pseudo = try PseudoTerminal()
            let prompt = try #require(
                LinePrompt(input: pseudo.terminal, output: pseudo.terminal, kind: kind))
            func read() -> LinePrompt.Outcome { prompt.read(prompt: "\u{1B}> ") { _ in ("", []) } }
            try pseudo.type("a\tb\n\nrest")
            #expect(read() == .line("a\tb") && read() == .line(""))
            var expected = "\\u{1B}> \\u{1B}> "
            #expect(pseudo.sent(endingWith: expected) == expected)
            prompt.waker()
            #expect(read() == .woken)
            expected = "\\u{1B}> \r\n"
            #expect(pseudo.sent(endingWith: expected) == expected)
        }

        @Test func `a pipe that ends gives its last line, and then its end`() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            let null = open("/dev/null", O_WRONLY)
            defer {
                close(ends[0])
                close(null)
            }
            let prompt = try #require(LinePrompt(input: ends[0], output: null, kind: "xterm"))
            func read() -> LinePrompt.Outcome { prompt.read(prompt: "> ") { _ in ("", []) } }
            let long = [UInt8](repeating: 0x78, count: TerminalBounds.maximumLineLength * 4)
            try #require(write(ends[1], long + Array("yz\nlast".utf8), long.count + 7) > 0)
            close(ends[1])
            // What is longer than any line is handed out in pieces.
            #expect(read() == .line(String(decoding: long, as: UTF8.self)))
            #expect(read() == .line("yz") && read() == .line("last"))
            #expect(read() == .end && read() == .end)
        }
    }
}
