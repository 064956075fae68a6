import Glibc
import WeirConnectors
import WeirEngine
import WeirTelemetry

/// What `weir run` was asked for, checked.
struct RunOptions {
    enum Recording: Equatable {
        case none
        /// Into weir-traces/; a failure to record is said and the run goes on.
        case automatic
        /// A failure to record ends the run with exit code 5.
        case explicit(String)
    }

    /// How much of a run is recorded at most.
    struct Keep: Equatable {
        var bytes: Int?
        var time: Duration?
    }

    enum Screen: Equatable {
        case tui(ScreenLook)
        case plain
        case none
    }

    var pipeline: Pipeline
    var inputs: [String] = []
    var follows = false
    /// How long a followed file that was replaced must be quiet before it is let go.
    var linger = FollowedFileSource.standardLinger
    var outputs: [String] = []
    var recording = Recording.automatic
    /// Whether a trace that is there gives way to the one of this run.
    var overwrites = false
    var keep: Keep?
    var embedsInput = false
    var screen = Screen.plain
    var workers: Int
    var parallelism: Int?
    var seed: UInt64 = 0
    var rate: Double?
    var limit: UInt64?
    var duration: Duration?
    var settings: [String: String] = [:]
    var stopsOnViolation = false
    /// How long an end may go on without progress; nil for the usual time.
    var drain: Duration?
    var logLevel = LogLevel.info
    var printsJSON = false
    var randomHashing = false

    var hasScreen: Bool {
        if case .tui = screen { return true }
        return false
    }

    init(pipeline: Pipeline) {
        self.pipeline = pipeline
        workers = max(1, min(64, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
}
