import ArgumentParser
import Glibc
import Synchronization
import WeirBase
import WeirEngine
import WeirReplay
import WeirTrace

/// The running program: its pipelines, and how it ends. `WeirProgram.main` sets the pipelines and
/// then calls `run` with the arguments.
enum Program {
    /// The pipelines of this program; set once before the command line is read.
    final class Registry: Sendable {
        private let pipelines = Guarded<[Pipeline]>([])
        private let known = Guarded<[any BenchWorkload.Type]>([])

        func set(_ all: [Pipeline], _ workloads: [any BenchWorkload.Type]) {
            pipelines.withLock { $0 = all }
            known.withLock { $0 = workloads }
        }

        var all: [Pipeline] { pipelines.withLock { $0 } }
        var workloads: [any BenchWorkload.Type] { known.withLock { $0 } }
    }

    /// The pipelines of this process.
    static let current = Registry()
    /// The version of Weir, in `--version` and in every trace's header.
    static let version = "0.1.0"

    /// The pipeline of a name; a name that is none throws with code 2 and the nearest ones.
    static func pipeline(named name: String) throws -> Pipeline {
        if let found = current.all.first(where: { $0.name == name }) { return found }
        throw CommandFailure.usage(
            "there is no pipeline \(PrintableText.escaped(name))",
            Nearest.advice(name, among: current.all.map(\.name), or: "see \(Advice.list)"))
    }

    /// Runs a command line and gives the exit code, with every error said. A command that went well
    /// fails with code 5 where its answers could not be written.
    static func run(_ arguments: [String]) -> Int32 {
        let wantsJSON = arguments.contains("--json")
        let code = obey(arguments, wantsJSON)
        // An answer that could not be written is a failure even if nothing else was.
        guard code == 0, let failure = Output.failure else { return code }
        failure.print(asJSON: wantsJSON)
        return failure.code
    }

    /// Parses and obeys a command line; gives the exit code.
    private static func obey(_ arguments: [String], _ wantsJSON: Bool) -> Int32 {
        do {
            try refuseUnknownCommand(arguments)
            var command = try RootCommand.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch let code as ExitCodeOnly {
            return code.code
        } catch {
            return report(error, of: arguments, asJSON: wantsJSON)
        }
    }

    private static var commands: [any ParsableCommand.Type] {
        RootCommand.configuration.subcommands
    }

    /// Refuses a word that is no command. The parser knows such a word only as an argument too
    /// many, and asked for help about it gives the whole program's.
    private static func refuseUnknownCommand(_ arguments: [String]) throws {
        guard var word = arguments.first, !word.hasPrefix("-") else { return }
        if word == "help" {
            guard let topic = arguments.dropFirst().first, !topic.hasPrefix("-") else { return }
            word = topic
        }
        let names = commands.map { $0._commandName }
        guard word != "help", !names.contains(word) else { return }
        let shown = commands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        throw CommandFailure.usage(
            "there is no command \(PrintableText.escaped(word))",
            Nearest.advice(word, among: shown, or: "See \(Advice.help)"))
    }

    /// Says what went wrong; gives the exit code.
    private static func report(_ error: any Error, of arguments: [String], asJSON: Bool) -> Int32 {
        if let failure = CommandFailure(error) {
            failure.print(asJSON: asJSON)
            return failure.code
        }
        // Help and version are errors to the parser, and answers to whoever asked.
        if RootCommand.exitCode(for: error).isSuccess {
            Output.standard(RootCommand.fullMessage(for: error) + "\n")
            return 0
        }
        refusal(RootCommand.message(for: error), of: arguments).print(asJSON: asJSON)
        return 2
    }

    /// What the parser says of a command line that it cannot read, with what would be right.
    private static func refusal(_ message: String, of arguments: [String]) -> CommandFailure {
        let command = commands.first { $0._commandName == arguments.first }
        let help =
            message.contains("'<pipeline>'") ? Advice.list : Advice.help(command?._commandName)
        if let command, let wrong = message.firstMatch(of: /Unknown option '(--?[^']+)'/)?.output.1
        {
            // The parser tells no list of flags, but its help has all of them; wide enough that
            // none is broken.
            let flags = RootCommand.helpMessage(for: command, columns: 4_096)
                .matches(of: /--([a-z][a-z-]*)/).map { String($0.output.1) }
            let name = wrong.drop { $0 == "-" }
            return .usage(
                "\(command._commandName) has no flag \(PrintableText.escaped(String(wrong)))",
                Nearest.best(String(name), among: flags).map { "Did you mean --\($0)?" }
                    ?? "\(help) lists them")
        }
        return .usage(
            PrintableText.escaped(message, limit: AppBounds.maximumUsageText), "See \(help)")
    }
}

/// A command that failed: the exit code, what happened and what to do. All errors that end a
/// command become one of these, so that messages and their JSON have one form.
struct CommandFailure: Error {
    /// The exit code, by the command line's contract.
    let code: Int32
    /// What happened, as a sentence or the beginning of one.
    let what: String
    /// What the reader can do about it; empty where there is nothing.
    let advice: String
    /// The text that was wrong, with a sign under the position: whole lines, or nothing.
    var underlined = ""

    /// A command line that cannot be obeyed: exit code 2.
    static func usage(_ what: String, _ advice: String = "") -> CommandFailure {
        CommandFailure(code: 2, what: what, advice: advice)
    }

    init(code: Int32, what: String, advice: String = "") {
        self.code = code
        self.what = what
        self.advice = advice
    }

    /// The failure that an error of another room stands for; nil when it is none of them.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let plan as PlanError: self.init(code: 2, what: plan.description)
        case let connector as ConnectorError:
            self.init(
                code: connector.kind == .usage ? 2 : 5, what: connector.description)
        // 4 is for a trace that is at fault, 2 for how it was named, and 5 for the world around it.
        case let trace as TraceError:
            let code: Int32 =
                switch trace.code {
                case .usage: 2
                case .damaged, .notATrace, .unknownVersion: 4
                case .operating, .bound: 5
                }
            // Deep down it is known what is wrong and where, but not of what.
            let of = trace.code == .damaged ? "the trace is damaged: " : ""
            self.init(code: code, what: of + trace.description)
        case let changed as InputChanged: self.init(code: 2, what: changed.description)
        case let refused as ReplayRefused: self.init(code: 2, what: refused.description)
        default: return nil
        }
    }

    /// A text with a full stop at its end.
    private static func sentence(_ text: String) -> String {
        text.hasSuffix(".") || text.hasSuffix("?") ? text : text + "."
    }

    /// Writes the failure to standard error, as a sentence with advice or as a JSON object.
    func print(asJSON: Bool) {
        if asJSON {
            var json = JSONText()
            json.beginObject()
            json.member("error", what)
            if !advice.isEmpty { json.member("advice", advice) }
            json.member("code", code)
            json.endObject()
            json.endLine()
            Output.error(json.string)
        } else {
            // Paths and names may be anything: whatever a message was made of, it steers nothing.
            var text = "weir: error: \(Self.sentence(what))"
            if !advice.isEmpty { text += " \(Self.sentence(advice))" }
            Output.error(
                PrintableText.escaped(text, limit: AppBounds.maximumMessageText) + "\n\(underlined)"
            )
        }
    }
}

/// The two standard outputs, a whole text at a time. Any thread may write; texts of several threads
/// do not mix unless the system takes a text in parts.
enum Output {
    /// Why standard output could not be written, as `errno` has it; 0 as long as it could.
    private static let standardFailure = Atomic<Int32>(0)

    /// Whether messages on standard error keep to ASCII.
    private static let isASCII = Atomic<Bool>(false)

    /// `--ascii`: messages are written without any other character from now on.
    static func setASCII(_ isWanted: Bool) { isASCII.store(isWanted, ordering: .relaxed) }

    /// Opens something for each standard stream that was closed by whoever started the program.
    /// Otherwise the next file that is opened would be that stream: a trace would be read as
    /// commands, or have messages written into it.
    static func occupyStandardStreams() {
        for (stream, mode) in [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
        ] where fcntl(stream, F_GETFD) < 0 {
            // The wrong way round: reading or writing it is the same error as before.
            _ = open("/dev/null", mode | O_NOCTTY)
        }
    }

    /// Writes an answer to standard output. A failure is kept and ends the command when it is over
    /// (`failure`).
    static func standard(_ text: String) {
        let failure = write(text, to: STDOUT_FILENO)
        if failure != 0 { standardFailure.store(failure, ordering: .relaxed) }
    }

    /// Where standard error leads nowhere there is nobody left to tell.
    static func error(_ text: String) {
        _ = write(
            isASCII.load(ordering: .relaxed) ? PrintableText.ascii(text) : text, to: STDERR_FILENO)
    }

    /// Whether standard output is a pipe whose other end is closed, which can be known without
    /// writing.
    static var hasLostReader: Bool {
        var watched = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&watched, 1, 0) == 1 && watched.revents & Int16(POLLERR) != 0
    }

    /// Whether whoever read standard output went away: nothing more need be made for it.
    static var isClosed: Bool { standardFailure.load(ordering: .relaxed) == EPIPE }

    /// What went wrong with answers on standard output; a reader who went away is no failure.
    static var failure: CommandFailure? {
        let code = standardFailure.load(ordering: .relaxed)
        guard code != 0, code != EPIPE else { return nil }
        return CommandFailure(
            code: 5, what: "writing to standard output failed: \(String(cString: strerror(code)))")
    }

    /// Whether a stream is a terminal.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Gives 0, or the `errno` of the write that failed.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        write(Array(text.utf8), to: descriptor)
    }

    /// Writes all of it, and waits where a pipe is full; gives 0, or the `errno` of what failed.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            bytes = bytes.dropFirst(count)
        }
        return 0
    }
}

/// Starts the program again with Swift's hashing made the same in every process. Swift reads the
/// variable before the program's first line, so that setting it here is too late for this process.
enum Rehash {
    static let variable = "SWIFT_DETERMINISTIC_HASHING"

    static var isDeterministic: Bool {
        getenv(variable).map { String(cString: $0) } == "1"
    }

    /// Starts the program anew where its hashing is not deterministic yet, with the same arguments.
    /// It does not return then.
    static func ensureDeterministicHashing() {
        guard !isDeterministic, !CommandLine.arguments.contains("--random-hashing") else { return }
        setenv(variable, "1", 1)
        // The resolved path: executing /proc/self/exe would rename the process.
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
        guard count > 0 else { return }
        let path = String(
            decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv(path, arguments)
        // Where that is refused the program goes on; the header says how its hashing was.
    }
}
