import Glibc
import WeirBase
import WeirDebugger
import WeirReplay
import WeirTelemetry
import WeirTerminal
import WeirTrace

/// A debugger with its commands on one side and the terminal or a pipe on the other.
///
/// `ReplayCommand` makes it and calls `run` once, on the main thread. The debugger itself
/// (`Debugger`) takes texts and gives answers; here is where commands come from, how answers are
/// written, and which exit code follows.
final class DebuggerRun {
    /// How the command line wants it.
    struct Options {
        var commands: [String] = []
        var script: String?
        var at: String?
        var writesJSON = false
        /// A person types the commands.
        var isInteractive = false
    }

    private let session: ReplaySession
    private let debugger: Debugger
    private let options: Options
    private let interrupts: Interrupts
    private let progress = JourneyProgress()
    /// Whether answers say what finding them cost, which only a person wants to know.
    private let showsEffort: Bool
    /// Assertions so far.
    private var assertions = 0
    /// The assertions that were false, with their locations.
    private var failed: [String] = []

    /// `interrupts` was made before the session, whose threads inherit what it blocks.
    init(_ session: ReplaySession, _ options: Options, _ interrupts: Interrupts) {
        self.session = session
        self.options = options
        self.interrupts = interrupts
        showsEffort = Output.isTerminal(STDOUT_FILENO)
        let started = session.trace.header.started
        debugger = Debugger(session, started: started, nanoseconds: MonotonicClock.nanoseconds)
        debugger.onProgress = { [interrupts, progress] done, total in
            progress.reached(done, of: total)
            return !interrupts.isPending && !Output.isClosed
        }
    }

    /// Opens where it was asked to, obeys commands to their end, and gives the exit code.
    func run() throws -> Int32 {
        notes()
        let opening: Answer
        let position = try options.at.map(Self.position)
        do {
            opening = try watched { try debugger.open(at: position) }
        } catch let error as CommandError {
            throw Self.refused(options.at ?? "", error)
        } catch let divergence as Divergence {
            say(divergence, of: "open")
            guard options.isInteractive else { return 3 }
            return try converse(after: nil)
        }
        if opening.isInterrupted, !options.isInteractive { return signalCode }
        return options.isInteractive ? try converse(after: opening) : try obeyScript()
    }

    /// The position that `--at` names; what names none is refused.
    static func position(_ written: String) throws -> TracePosition {
        do {
            return try TracePosition(written)
        } catch {
            throw refused(written, error)
        }
    }

    private static func refused(_ written: String, _ error: CommandError) -> CommandFailure {
        CommandFailure.usage(
            "--at \(PrintableText.escaped(written)): \(error.message)", error.advice)
    }

    // MARK: A script

    /// Obeys commands until the first that fails. A false assertion does not end the script, so
    /// that one run tells all of them.
    private func obeyScript() throws -> Int32 {
        let source = try CommandSource(
            commands: options.commands, script: options.script,
            isPending: { [interrupts] in interrupts.isPending })
        var count = 0
        while let command = try source.next() {
            do {
                let answer = try watched { try debugger.execute(command.text) }
                if interrupts.isPending { return signalCode }
                guard let answer else { continue }
                count += 1
                say(answer, of: command.text)
                note(answer, at: command)
                if Output.isClosed { return 0 }
                if answer.isQuit { break }
            } catch let error as CommandError {
                throw failure(error, at: command)
            } catch let divergence as Divergence {
                say(divergence, of: command.text)
                return 3
            } catch is ReplayInterrupted {
                return Output.isClosed ? 0 : signalCode
            }
        }
        if interrupts.isPending { return signalCode }
        if count == 0, options.script == "-", options.commands.isEmpty {
            let command = ProgramName.command("replay", "TRACE")
            Output.error("weir: note: no command came. Try: echo when | \(command)\n")
        }
        return verdict()
    }

    /// The exit code for a signal.
    private var signalCode: Int32 { 128 + (interrupts.end ?? SIGINT) }

    private func note(_ answer: Answer, at command: ScriptCommand) {
        guard answer.isAssertion else { return }
        assertions += 1
        if answer.isFailedAssertion {
            failed.append("\(command.location): \(shown(command))")
        }
    }

    /// The exit code, and which assertions were false.
    private func verdict() -> Int32 {
        guard !failed.isEmpty else { return 0 }
        if options.writesJSON {
            var json = JSONText()
            json.beginObject()
            json.member("assertions", assertions)
            json.key("false")
            json.beginArray()
            for text in failed { json.value(text) }
            json.endArray()
            json.endObject()
            json.endLine()
            Output.error(json.string)
        } else {
            let were = failed.count == 1 ? "was" : "were"
            Output.error("weir: \(failed.count) of \(assertions) assertions \(were) false:\n")
            for text in failed { Output.error("  \(text)\n") }
        }
        return 1
    }

    /// A command as a message repeats it.
    private func shown(_ command: ScriptCommand) -> String {
        PrintableText.escaped(command.text, limit: AppBounds.maximumCommandText)
    }

    private func failure(_ error: CommandError, at command: ScriptCommand) -> CommandFailure {
        var failure = CommandFailure.usage("\(command.location): \(error.message)", error.advice)
        failure.underlined =
            error.column == nil
            ? "  \(shown(command))\n"
            : error.underlined(command.text)
        return failure
    }

    // MARK: A person

    /// Talks with a person until they leave. An empty line repeats the last command that may be
    /// repeated. A wrong command is said and forgotten.
    private func converse(after opening: Answer?) throws -> Int32 {
        let echo = Output.isTerminal(STDOUT_FILENO) ? STDOUT_FILENO : STDIN_FILENO
        let kind = getenv("TERM").map { String(cString: $0) }
        guard let prompt = LinePrompt(input: STDIN_FILENO, output: echo, kind: kind) else {
            throw CommandFailure(code: 5, what: "no pipe could be made for the prompt")
        }
        interrupts.onSignal(prompt.waker)
        if let opening {
            greet()
            say(opening, of: "open")
        }
        var repeatable = ""
        // After a divergence the person may still look at what came before it; the exit code tells
        // of it.
        var hasDiverged = opening == nil
        while true {
            if let signal = interrupts.end { return 128 + signal }
            let outcome = prompt.read(prompt: "(weir) ") { [debugger] in
                debugger.completions(of: $0)
            }
            let line: String
            switch outcome {
            case .end: return hasDiverged ? 3 : failed.isEmpty ? 0 : 1
            case .woken:
                if interrupts.takeInterrupt() { prompt.cancel() }
                continue
            case .line(let typed):
                line = typed.allSatisfy(\.isWhitespace) ? repeatable : typed
            }
            if Debugger.isRepeatable(line) { repeatable = line } else { repeatable = "" }
            _ = interrupts.takeInterrupt()
            do {
                let isLast = try obey(ScriptCommand(text: line, location: "prompt"))
                hasDiverged = hasDiverged && session.divergence != nil
                if isLast { return hasDiverged ? 3 : failed.isEmpty ? 0 : 1 }
            } catch let divergence as Divergence {
                say(divergence, of: line)
                hasDiverged = true
            }
            if Output.isClosed { return 0 }
        }
    }

    /// Obeys what a person typed; true when that was the last.
    private func obey(_ command: ScriptCommand) throws -> Bool {
        do {
            guard let answer = try watched({ try debugger.execute(command.text) }) else {
                return false
            }
            say(answer, of: command.text)
            note(answer, at: command)
            return answer.isQuit
        } catch let error as CommandError {
            Output.error("\(error.underlined(command.text))error: \(error.sentence)\n")
        } catch is ReplayInterrupted {
            Output.error("interrupted\n")
        } catch let error where !(error is Divergence) {
            // What the trace or an input cannot give stays so, but other commands may do.
            guard let failure = CommandFailure(error) else { throw error }
            failure.print(asJSON: options.writesJSON)
        }
        return false
    }

    private func greet() {
        guard !options.writesJSON else { return }
        let header = session.trace.header
        let path = PrintableText.escaped(session.trace.path)
        let pipeline = PrintableText.escaped(header.pipeline)
        Output.standard(
            "\(path): a run of \(pipeline), \(session.lastStep) steps. 'help' lists the commands.\n"
        )
    }

    // MARK: Saying

    /// What is worth knowing before anything is asked.
    private func notes() {
        let trace = session.trace
        let build = trace.header.recordedWith.build
        if build != BuildIdentity.executableHash {
            note("recorded by another build (\(PrintableText.escaped(build))) of the same plan")
        }
        switch trace.recovery {
        case .notNeeded: break
        case .recording: note("the run goes on; \(session.lastStep) steps so far")
        case .lanes(let steps, _, _):
            note("incomplete: the run died; \(steps) steps were read from its lane file")
        case .lanesMissing:
            note(
                "incomplete: the run died and its lane file is gone; the trace ends with its last "
                    + "whole chunk")
        case .lanesUnusable(let reason): note("incomplete: \(PrintableText.escaped(reason))")
        case .rewritten(let rewriting): note("incomplete: \(RewritingText.text(rewriting))")
        }
        if !trace.turnsInFlight.isEmpty {
            note("the turns in which the run died are run on by: \(Advice.verify(trace.path))")
        }
    }

    private func note(_ text: String) {
        guard options.writesJSON else { return Output.error("weir: note: \(text)\n") }
        var json = JSONText()
        json.beginObject()
        json.member("note", text)
        json.endObject()
        json.endLine()
        Output.error(json.string)
    }

    /// Writes an answer to standard output.
    private func say(_ answer: Answer, of command: String) {
        if options.writesJSON {
            Output.standard(answer.json(command: command))
        } else {
            Output.standard(answer.text(showsEffort: showsEffort))
        }
    }

    /// Writes, instead of an answer, that the replay disagrees with its trace.
    private func say(_ divergence: Divergence, of command: String) {
        guard options.writesJSON else {
            return Output.standard(DivergenceText.text(divergence, session.trace))
        }
        var json = JSONText()
        json.beginObject()
        json.member("command", command)
        json.member("answer", "diverged")
        json.member("step", divergence.step)
        json.member("subtask", divergence.subtask)
        json.member("expected", divergence.expected)
        json.member("got", divergence.got)
        if !divergence.reason.isEmpty { json.member("likely", divergence.reason) }
        json.endObject()
        json.endLine()
        Output.standard(json.string)
    }

    /// Does something that may take long, under the progress line.
    private func watched<Value>(_ body: () throws -> Value) rethrows -> Value {
        progress.begin()
        defer { progress.end() }
        return try body()
    }
}
