import ArgumentParser
import Glibc
@_exported public import Weir

/// A program made of pipelines, with Weir's whole command line.
///
///     @main struct Main: WeirProgram { static let pipelines = [orders] }
public protocol WeirProgram {
    /// The pipelines that the program knows, in the order in which `list` shows them.
    static var pipelines: [Pipeline] { get }
    /// The workloads that `bench` measures; none unless the program says so.
    static var workloads: [any BenchWorkload.Type] { get }
}

extension WeirProgram {
    /// No workloads.
    public static var workloads: [any BenchWorkload.Type] { [] }

    /// Reads the command line and does what it says; ends the process with the contract's code.
    ///
    /// Starts the program once more with deterministic hashing first, unless `--random-hashing`
    /// is among the arguments: Swift seeds hashing per process, and user code may iterate a set.
    public static func main() {
        // The order matters. Streams come first, as anything that is opened later could become one
        // of them; then hashing, which may start the program anew; and only then what is set up for
        // good.
        Output.occupyStandardStreams()
        Rehash.ensureDeterministicHashing()
        signal(SIGPIPE, SIG_IGN)
        // A write beyond the limit on file sizes is an error to report, not the process's end.
        signal(SIGXFSZ, SIG_IGN)
        Program.current.set(pipelines, workloads)
        ExitGuard.install()
        let code = Program.run(Array(CommandLine.arguments.dropFirst()))
        // From here on `exit` is what should happen, and no longer an accident of a pipeline's
        // code.
        ExitGuard.commandIsOver()
        Glibc.exit(code)
    }
}
