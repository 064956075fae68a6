import CNCurses
import Glibc
import Synchronization
import WeirBase

/// The terminal of this process, through curses.
///
/// Curses moves the cursor and sets colours, in the way of whatever terminal this is. Which cells
/// changed is found before that, by comparing two canvases, because that costs far less than the
/// calls that it saves. Keys are decoded here (`Keyboard`) and not by curses, which takes pastes
/// and reports of the mouse for keys.
///
/// In order: `takeLocale` and `obstacle` say what can be shown and whether anything can; `init`
/// takes the terminal; then come the calls of `Terminal`, and `close` gives it back. The thread
/// that makes it owns it; only a `waker`, `dropOutput` and `giveBackNow` may be used elsewhere.
/// There is one at a time, because curses keeps its state in globals.
///
/// Whatever ends the process, the terminal is given back first: at exit, and by a handler of the
/// signals that kill. That handler only writes a sequence that lies ready and resets the modes, and
/// then lets the signal have its way.
package final class CursesTerminal: Terminal {
    /// The descriptor that the screen is written to.
    private let output: Int32
    /// The descriptor that keys are read from.
    private let input: Int32
    /// Whether `input` was opened here and is closed here.
    private let ownsInput: Bool
    /// A pipe that ends the waiting in `events`.
    private let wakeUp: WakeUp
    private let theme: Theme
    /// The thread that shows, as `pthread_t`; 0 before the first frame.
    private let shower = Atomic<UInt>(0)
    /// How many colours the terminal has; 0 where none are wanted.
    private let colors: Int
    /// Turns bytes into keys, and remembers when they came.
    private var keyboard = Keyboard()
    /// What the terminal shows; nil where that is not known, and everything has to be painted.
    private var shown: Canvas?
    private var isOpen = true
    /// What happened while the terminal was not this program's, for the next call of `events`.
    private var pending: [TerminalEvent] = []
    package private(set) var size: CanvasSize

    /// Whether the environment's locale writes UTF-8. It makes that locale the process's for
    /// characters, without which curses writes none beyond ASCII.
    package static func takeLocale() -> Bool { weir_curses_take_locale() == 1 }

    /// Why a screen cannot be shown on a descriptor; nil when it can. It changes nothing and reads
    /// only the terminal database.
    package static func obstacle(output: Int32, kind: String?) -> TerminalError? {
        guard isatty(output) == 1 else {
            return TerminalError(.noTerminal, "standard output is not a terminal")
        }
        guard let kind, !kind.isEmpty else {
            return TerminalError(.unknownKind, "TERM is not set")
        }
        let code = weir_curses_probe(kind, output)
        return code == Int32(WEIR_CURSES_OK) ? nil : error(code, kind)
    }

    /// Takes the terminal behind `output`: the alternate screen, no echo, every key at once. Keys
    /// come from `input` where that is a terminal, else from the controlling one. Where this throws
    /// the terminal is as it was.
    package init(output: Int32, input: Int32, kind: String, theme: Theme) throws(TerminalError) {
        if let obstacle = Self.obstacle(output: output, kind: kind) { throw obstacle }
        var keys = input
        if isatty(input) != 1 {
            // Standard input is data. Without a controlling terminal there are no keys, and what
            // the screen is shown on serves as a source that never has any.
            let opened = open("/dev/tty", O_RDONLY | O_CLOEXEC)
            keys = opened >= 0 ? opened : output
        }
        let ownsInput = keys != input && keys != output
        do throws(TerminalError) {
            wakeUp = try Self.start(kind, output, keys)
        } catch {
            if ownsInput { Glibc.close(keys) }
            throw error
        }
        self.output = output
        self.input = keys
        self.ownsInput = ownsInput
        self.theme = theme
        colors = theme.hasColor ? Int(weir_curses_colors()) : 0
        size = Self.size(of: output)
        for role in Role.allCases {
            if let color = theme.color(of: role, available: colors) {
                weir_curses_pair(Int32(role.rawValue) + 1, Int32(color))
            }
        }
    }

    deinit { close() }

    /// Has curses take the terminal; gives the pipe that ends the waiting for keys.
    private static func start(
        _ kind: String, _ output: Int32, _ keys: Int32
    ) throws(TerminalError) -> WakeUp {
        guard let wakeUp = WakeUp() else {
            throw TerminalError(.system, "no pipe could be made (error \(errno))")
        }
        let code = weir_curses_start(kind, output, keys)
        guard code == Int32(WEIR_CURSES_OK) else {
            weir_curses_stop()
            throw Self.error(code, kind)
        }
        return wakeUp
    }

    /// Wakes the owner from `events`. Any thread.
    package var waker: @Sendable () -> Void {
        { [wakeUp] in wakeUp.signal() }
    }

    /// Writes what differs from what is shown. Nothing is written where the terminal takes no
    /// bytes.
    package func show(_ canvas: Canvas) -> Bool {
        guard isOpen, hasRoom else { return false }
        // `dropOutput` needs to know whom to free.
        shower.store(UInt(pthread_self()), ordering: .relaxed)
        if shown == nil { weir_curses_forget() }
        for run in canvas.runs(after: shown) { put(run) }
        weir_curses_show()
        shown = canvas
        return true
    }

    package func forget() { shown = nil }

    /// What happened while the terminal was away comes first, and without waiting.
    package func events(until deadline: UInt64) -> [TerminalEvent] {
        guard isOpen else { return [.closed] }
        var events = pending
        pending = []
        if events.isEmpty { events = wait(until: deadline) }
        return events
    }

    /// The shell sees a stopped process with its terminal in order; when it is continued,
    /// everything is painted again, at the size that the window has then.
    package func suspend() {
        guard isOpen else { return }
        weir_curses_suspend()
        shown = nil
        takeSize(&pending)
    }

    package func dropOutput() {
        // A terminal that was stopped with Ctrl-S takes nothing either.
        tcflow(output, TCOON)
        tcflush(output, TCOFLUSH)
        // A writer that sleeps there is not told of the room that came; a signal has it look again.
        let thread = shower.load(ordering: .relaxed)
        if thread != 0 { pthread_kill(pthread_t(thread), SIGWINCH) }
    }

    /// Gives the terminal of this process back at once, whoever owns it and whatever it does; only
    /// for the end of the process. Any thread; nothing happens where no screen is up.
    package static func giveBackNow() { weir_curses_give_back() }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        weir_curses_stop()
        if ownsInput { Glibc.close(input) }
    }

    // MARK: Waiting

    /// Waits for a key, a signal, a wake-up or the time; gives what came. A lone Escape is told by
    /// silence, so that it never waits longer than that takes to mean something.
    private func wait(until deadline: UInt64) -> [TerminalEvent] {
        var events: [TerminalEvent] = []
        var watched = [
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: weir_curses_signals(), events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.readingEnd, events: Int16(POLLIN), revents: 0),
        ]
        let now = MonotonicClock.nanoseconds()
        let end = min(deadline, keyboard.silence ?? .max)
        // Rounded up to whole milliseconds, or the last one would be spent asking again and again.
        let wait = end > now ? min(end - now, TerminalBounds.maximumWaitNanoseconds) : 0
        let left = (wait + 999_999) / 1_000_000
        let count = poll(&watched, nfds_t(watched.count), Int32(left))
        // A signal interrupted the waiting: the owner asks again.
        if count < 0 { return [] }
        if watched[0].revents & Int16(POLLIN) != 0 {
            readKeys(&events)
        } else if watched[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 {
            events.append(.closed)
        } else {
            events += keyboard.passed(to: MonotonicClock.nanoseconds()).map { .key($0) }
        }
        if watched[1].revents != 0 { readSignals(&events) }
        if watched[2].revents != 0 { wakeUp.clear() }
        return events
    }

    /// Reads what there is and decodes it. A terminal that gives nothing is gone.
    private func readKeys(_ events: inout [TerminalEvent]) {
        // As much as the system holds for a terminal, so that a short paste comes in one piece.
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
        if count > 0 {
            for key in keyboard.take(bytes.prefix(count), at: MonotonicClock.nanoseconds()) {
                events.append(key == .control("z") ? .suspend : .key(key))
            }
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            events.append(.closed)
        }
    }

    /// Reads what the signal handlers left: `w` (0x77) for a window that changed its size, `z`
    /// (0x7A) for a request to stop.
    private func readSignals(_ events: inout [TerminalEvent]) {
        var bytes = [UInt8](repeating: 0, count: 256)
        let pipe = weir_curses_signals()
        let count = bytes.withUnsafeMutableBytes { Glibc.read(pipe, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        // However many came, the size is asked for once.
        if bytes.prefix(count).contains(0x77) { takeSize(&events) }
        if bytes.prefix(count).contains(0x7A) { events.append(.suspend) }
    }

    /// Asks for the size, and tells curses and the owner where it is another one. Nothing that is
    /// shown counts then.
    private func takeSize(_ events: inout [TerminalEvent]) {
        let new = Self.size(of: output)
        guard new != size else { return }
        size = new
        weir_curses_resize(Int32(new.height), Int32(new.width))
        shown = nil
        events.append(.resized(new))
    }

    // MARK: Writing

    /// Whether the terminal takes bytes now; a frame for one that does not is left out.
    private var hasRoom: Bool {
        var watched = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
        return poll(&watched, 1, 0) == 1 && watched.revents & Int16(POLLOUT) != 0
    }

    /// Hands a run to curses, with its look as attributes and the number of a colour pair.
    private func put(_ run: CanvasRun) {
        let look = theme.attributes(of: run.style)
        var attributes = look.bold ? WEIR_CURSES_BOLD : 0
        if look.dim { attributes |= WEIR_CURSES_DIM }
        if look.reversed { attributes |= WEIR_CURSES_REVERSE }
        let hasPair = theme.color(of: run.style.role, available: colors) != nil
        let text = run.scalars.flatMap(Self.drawn)
        weir_curses_put(
            Int32(run.y), Int32(run.x), text, Int32(text.count),
            hasPair ? Int32(run.style.role.rawValue) + 1 : 0, Int32(attributes))
    }

    /// A character as curses takes it. Where it measures the character otherwise than the canvas,
    /// marks of the right width stand for it, or everything after it would be displaced.
    private static func drawn(_ scalar: Unicode.Scalar) -> [Int32] {
        let value = scalar.value
        if value >= 0x20, value < 0x7F { return [Int32(value)] }
        let width = CharacterWidth.cells(of: scalar)
        if weir_curses_width(value) == Int32(width) { return [Int32(value)] }
        return [Int32](repeating: 0x3F, count: width)
    }

    /// The size of a terminal; 80×24 where it does not say.
    private static func size(of descriptor: Int32) -> CanvasSize {
        var (rows, columns): (Int32, Int32) = (0, 0)
        guard weir_curses_size(descriptor, &rows, &columns) == 0 else {
            return CanvasSize(width: 80, height: 24)
        }
        return CanvasSize(width: Int(columns), height: Int(rows))
    }

    private static func error(_ code: Int32, _ kind: String) -> TerminalError {
        let name = PrintableText.escaped(kind, limit: 60)
        switch Int(code) {
        case WEIR_CURSES_UNKNOWN:
            return TerminalError(.unknownKind, "TERM=\(name) is not a terminal known here")
        case WEIR_CURSES_DUMB:
            return TerminalError(.dumb, "TERM=\(name) cannot show a screen")
        default:
            return TerminalError(.system, "the terminal could not be taken (error \(errno))")
        }
    }
}
