import WeirBase
import WeirTrace

/// Commands of this program that a message tells its reader to use, ready to be pasted. The
/// program's name is how it was typed, and paths are quoted for a shell where they need it.
enum Advice {
    /// The command that lists the pipelines, inside a sentence.
    static var list: String { shown(ProgramName.command("list")) }
    static var help: String { help(nil) }

    /// The help of a command, or of the whole program.
    static func help(_ command: String?) -> String {
        shown(
            command.map { ProgramName.command($0, "--help") } ?? ProgramName.command("--help"))
    }

    /// A command inside a sentence: in quotes that are not its own.
    static func shown(_ command: String) -> String {
        command.contains("'") ? "\"\(command)\"" : "'\(command)'"
    }

    /// Opens a trace in the debugger where it failed, or at a step.
    static func replay(_ trace: String, at step: Step? = nil) -> String {
        let path = ShellWord.path(trace)
        guard let step else { return ProgramName.command("replay", path) }
        return ProgramName.command("replay", path, "--at", "\(step)")
    }

    /// Runs a whole trace again, and the turns in which its run died.
    static func verify(_ trace: String) -> String {
        ProgramName.command("replay", ShellWord.path(trace), "--verify")
    }

    /// Writes what is whole of a trace to a file beside it.
    static func recover(_ trace: String) -> String {
        let stem = trace.hasSuffix(".mcap") ? String(trace.dropLast(5)) : trace
        return ProgramName.command(
            "recover", ShellWord.path(trace), "--output", ShellWord.path(stem + "-whole.mcap"))
    }
}

/// A damaged trace: what of it can still be read is said together with what is wrong, as whoever
/// meets damage needs to know what is left.
enum Damage {
    /// Does something with a trace. Damage that it meets is thrown on with what is still whole and
    /// how to save it; all other errors go through unchanged.
    static func explained<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as TraceError where error.code == .damaged {
            // The code and the words are those of any damaged trace; only the advice is more.
            guard let failure = CommandFailure(error) else { throw error }
            // Where not even the header can be read, there is nothing more to say.
            guard let whole = try? Trace.survey(path: path), max(whole.steps, whole.lastLogged) > 0
            else { throw failure }
            let recover = Advice.shown(Advice.recover(path))
            throw CommandFailure(
                code: failure.code, what: failure.what,
                advice: "\(whole.whatIsWhole): \(recover) writes what is whole")
        }
    }
}
