import Glibc
import WeirBase
import WeirDebugger
import WeirMonitor
import WeirReplay
import WeirTelemetry
import WeirTrace

/// The debugger of a screen in another process: commands come by a pipe, and pictures, progress and
/// answers go back by another (`ReplayWire`).
///
/// `ReplayProcess` starts this program with a hidden flag, and `ReplayCommand` calls `run` there,
/// once, on the main thread. The replay runs users' code: a trap or a busy loop in it is this
/// process's alone. SIGINT ends the movement under way, and the end of the pipe the process.
final class DrivenDebugger {
    /// Where the pipes are in this process; the usual three descriptors are the pipeline's.
    static let (commands, replies): (Int32, Int32) = (3, 4)

    private let debugger: Debugger
    private let trace: Trace
    /// The last step of the trace when it was opened.
    private let lastStep: Step
    private let interrupts: Interrupts
    /// The columns of the command under way, for a picture on the way.
    private var columns = 0
    /// When progress is told next, in monotonic nanoseconds.
    private var nextProgress: UInt64 = 0
    /// Whether nobody reads the replies any more.
    private var isAlone = false

    /// `interrupts` was made before the session, whose threads inherit what it blocks.
    init(_ session: ReplaySession, _ interrupts: Interrupts) {
        self.interrupts = interrupts
        (trace, lastStep) = (session.trace, session.lastStep)
        debugger = Debugger(
            session, started: trace.header.started, nanoseconds: MonotonicClock.nanoseconds)
        debugger.onProgress = { [unowned self] done, total in reached(done, of: total) }
        debugger.onDeparture = { [unowned self] step in sketch(step) }
    }

    /// What has to be so in this process before it starts a thread: it dies with whoever asked for
    /// it, and leaves the machine to the run that is watched.
    static func prepare() {
        ExitGuard.commandIsOver()
        SystemThread.endWithParent()
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, AppBounds.replayNiceness)
    }

    /// Says on the pipe why there is no replay.
    static func refuse(_ failure: CommandFailure) {
        let lines = [failure.what, failure.advice].filter { !$0.isEmpty }
        let answer = ReplayAnswer(command: "open", lines: lines, isFault: true)
        _ = send(ReplayWire.Reply(answer: answer))
    }

    /// Obeys commands until there are no more. The first one is `open`, or `open` and a position.
    func run() {
        var lines = WireLines()
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !isAlone, interrupts.end == nil {
            // Looked at between waits, as a signal does not end them.
            var wait = pollfd(fd: Self.commands, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, AppBounds.scriptPollMilliseconds) > 0 else { continue }
            let count = read(Self.commands, &buffer, buffer.count)
            guard count > 0 else { return }
            for line in lines.take(buffer[..<count]) {
                guard let command = ReplayWire.value(ReplayWire.Command.self, of: line) else {
                    continue
                }
                obey(command)
            }
            if lines.isTooLong { return }
        }
    }

    /// Obeys a command, and tells where that led.
    private func obey(_ command: ReplayWire.Command) {
        // One that came behind the end of the command before was meant for that.
        _ = interrupts.takeInterrupt()
        columns = command.columns
        nextProgress = MonotonicClock.nanoseconds() + AppBounds.progressNanoseconds
        var reply = ReplayWire.Reply()
        do {
            let answer = try answer(to: command.text)
            let lines = answer.map { ReplayText.lines($0) } ?? []
            reply.answer = ReplayAnswer(command: command.text, lines: lines, isFault: false)
        } catch let error as CommandError {
            let shown = error.underlined(command.text) + error.sentence
            reply.answer = fault(command, shown.split(separator: "\n").map(String.init))
        } catch let divergence as Divergence {
            let text = DivergenceText.text(divergence, trace)
            reply.answer = fault(command, text.split(separator: "\n").map(String.init))
        } catch is ReplayInterrupted {
            reply.answer = ReplayAnswer(
                command: command.text, lines: ["interrupted"], isFault: false)
        } catch {
            let failure = CommandFailure(error)
            let lines = [failure?.what ?? "\(error)", failure?.advice ?? ""]
            reply.answer = fault(command, lines.filter { !$0.isEmpty })
        }
        reply.picture = picture()
        tell(reply)
    }

    /// The answer to a command; nil to one that says nothing.
    private func answer(to text: String) throws -> Answer? {
        guard text == "open" || text.hasPrefix("open ") else { return try debugger.execute(text) }
        let words = text.dropFirst(5)
        guard !words.isEmpty else { return try debugger.open(at: nil) }
        var position = try TracePosition(String(words))
        // A run that goes on is shown some steps further than its trace has come.
        if case .step(let step) = position, step > lastStep { position = .end }
        return try debugger.open(at: position)
    }

    private func fault(_ command: ReplayWire.Command, _ lines: [String]) -> ReplayAnswer {
        ReplayAnswer(command: command.text, lines: lines, isFault: true)
    }

    /// Where the replay stands. Where looking back was interrupted, as the schedule alone tells it.
    private func picture() -> ReplayPicture? {
        (try? debugger.picture(columns: columns))
            ?? (try? debugger.picture(columns: columns, isReplayed: false))
    }

    /// Shows where a long way leads, long before it is over.
    private func sketch(_ step: Step) {
        guard
            let picture = try? debugger.picture(of: step, columns: columns, isReplayed: false)
        else { return }
        tell(ReplayWire.Reply(picture: picture))
    }

    /// Tells how far the way has come, now and then; false ends it.
    private func reached(_ done: Int, of total: Int) -> Bool {
        let now = MonotonicClock.nanoseconds()
        if now >= nextProgress {
            nextProgress = now + AppBounds.progressNanoseconds
            tell(ReplayWire.Reply(progress: .init(done: done, total: total)))
        }
        return !interrupts.isPending && !isAlone
    }

    private func tell(_ reply: ReplayWire.Reply) {
        if !isAlone { isAlone = !Self.send(reply) }
    }

    /// Writes a reply; false when nobody reads it.
    private static func send(_ reply: ReplayWire.Reply) -> Bool {
        Output.write(ReplayWire.line(reply), to: replies) == 0
    }
}

/// An answer of the debugger for a panel of a screen.
enum ReplayText {
    /// Its lines, as many as a panel keeps.
    static func lines(_ answer: Answer) -> [String] {
        Array(
            answer.text(showsEffort: true).split(separator: "\n", omittingEmptySubsequences: true)
                .prefix(AppBounds.maximumAnswerLines).map(String.init))
    }
}
