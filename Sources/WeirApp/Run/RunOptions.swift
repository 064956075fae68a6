import Glibc
import WeirBase
import WeirConnectors
import WeirEngine
import WeirTelemetry

/// What `weir run` was asked for, checked: `RunCommand` makes it from flags and the pipeline's
/// defaults, and everything that runs reads it. A value of this type can be run; what is wrong in a
/// command line was refused before.
struct RunOptions {
    /// Whether and where the run is recorded.
    enum Recording: Equatable {
        case none
        /// Into weir-traces/; a failure to record is said and the run goes on.
        case automatic
        /// A failure to record ends the run with exit code 5.
        case explicit(String)
    }

    /// How much of a run is recorded at most, in bytes or in time; `--keep` gives one of them. The
    /// run itself goes on.
    struct Keep: Equatable {
        var bytes: ByteCount?
        var time: Duration?
    }

    /// What is shown while the run goes on.
    enum Screen: Equatable {
        case tui(ScreenLook)
        /// Lines of text, one for each stage.
        case plain
        case none
    }

    var pipeline: Pipeline
    /// As given with `--input`: bare, or with a source's name. `Endpoints` takes them apart.
    var inputs: [String] = []
    /// Whether files are read on when they grow.
    var follows = false
    /// How long a followed file that was replaced must be quiet before it is let go.
    var linger = FollowedFileSource.standardLinger
    /// As given with `--output`: bare, or with a sink's name.
    var outputs: [String] = []
    var recording = Recording.automatic
    /// Whether a trace that is there gives way to the one of this run.
    var overwrites = false
    /// Nil where nothing was said, and then the recording decides (`AppBounds`).
    var keep: Keep?
    /// Whether whole input files go into the trace, whatever their size.
    var embedsInput = false
    var screen = Screen.plain
    /// Workers that run turns; 0 for a simulated run.
    var workers: Int
    /// Subtasks of each keyed stage; nil for what the pipeline says.
    var parallelism: Int?
    /// What all random choices of the run are drawn from.
    var seed: UInt64 = 0
    /// Elements a second from each source; nil for no bound.
    var rate: Double?
    /// Elements from each source; nil for no bound.
    var limit: UInt64?
    /// How long the sources give elements; nil for no bound.
    var duration: Duration?
    /// Values of the pipeline's parameters, by name, as texts.
    var settings: [String: String] = [:]
    /// Whether a violation ends the run; otherwise it is counted.
    var stopsOnViolation = false
    /// How long an end may go on without progress; nil for the usual time.
    var drain: Duration?
    var logLevel = LogLevel.info
    /// Whether the summary is JSON.
    var printsJSON = false
    /// Whether Swift's hashing keeps its random seed, which a replay cannot repeat.
    var randomHashing = false

    /// Whether a screen has the terminal.
    var hasScreen: Bool {
        if case .tui = screen { return true }
        return false
    }

    /// A run of a pipeline with everything as usual: a worker for each core of the machine, 64 at
    /// most.
    init(pipeline: Pipeline) {
        self.pipeline = pipeline
        workers = max(1, min(64, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
}
