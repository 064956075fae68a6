import Foundation
import Glibc
import Testing
import WeirTrace

/// How a process ended, and what it said.
struct Outcome: CustomTestStringConvertible {
    enum End: Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    let end: End
    let output: String
    let errors: String

    var outputLines: [String] { output.split(separator: "\n").map(String.init) }
    /// The exit code; nil when a signal ended it.
    var code: Int32? {
        if case .exited(let code) = end { code } else { nil }
    }
    var testDescription: String {
        "\(end)\nstandard output: \(output.prefix(2_000))\nstandard error: \(errors.prefix(2_000))"
    }
}

/// The built program in a folder: started, waited for, never left behind.
struct Weir {
    let scratch: Scratch
    /// The path of the program.
    let program: String

    static let binary = path(of: "weir")

    /// Where a program of this package lies: beside the tests' own executable.
    static func path(of name: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
        }
        let own = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/\(name)"
        if access(beside, X_OK) == 0 { return beside }
        return repository + "/.build/debug/\(name)"
    }

    static let repository: String = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// A program in a new folder: `weir`, or another of this package with the same commands.
    init(_ name: String = "weir") throws {
        scratch = try Scratch()
        program = Self.path(of: name)
    }

    /// Runs the program to its end.
    func callAsFunction(
        _ arguments: String..., input: String? = nil, within seconds: Double = Patience.usual
    ) throws -> Outcome {
        try start(arguments, input: input).finish(within: seconds)
    }

    func run(_ arguments: [String], input: String? = nil) throws -> Outcome {
        try start(arguments, input: input).finish()
    }

    /// Runs a line of shell in the folder; `$WEIR` is the program.
    func shell(_ line: String, within seconds: Double = Patience.usual) throws -> Outcome {
        try RunningProcess("/bin/sh", ["-c", line], input: "/dev/null", in: scratch)
            .finish(within: seconds)
    }

    /// Runs the program as a user who may do little, also when the tests run as root.
    func withoutPrivilege(_ arguments: String) throws -> Outcome {
        if getuid() != 0 { return try shell("\"$WEIR\" \(arguments)") }
        // A copy: the build folder may lie where only its owner may look.
        let line =
            "chmod 777 . && cp \"$WEIR\" ./weir && chmod 755 weir && "
            + "exec setpriv --reuid=65534 --regid=65534 --clear-groups ./weir \(arguments)"
        return try shell(line)
    }

    /// Starts the program; `input` is a file's name in the folder.
    func start(_ arguments: [String], input: String? = nil) throws -> RunningProcess {
        try RunningProcess(
            program, arguments, input: input.map(scratch.file) ?? "/dev/null", in: scratch)
    }
}

extension RunningProcess {
    /// Whatever a test is about: no counter of a recorded run falls, and the shares of each subtask
    /// sum to one.
    private func checkCounters() {
        guard let trace, scratch.size(trace) <= CounterCheck.maximumBytes,
            let opened = try? Trace.open(path: scratch.file(trace)),
            let check = try? CounterCheck(opened)
        else { return }
        #expect(check.faults.isEmpty, "\(check.faults.prefix(5))")
    }
}

/// A process that was started by a test; killed when the test loses it.
final class RunningProcess {
    let process: pid_t
    private let scratch: Scratch
    private let outputName: String
    private let errorName: String
    private var status: Int32?
    /// Where a run was asked to record; nil when it was not.
    private let trace: String?

    init(_ program: String, _ arguments: [String], input: String, in scratch: Scratch) throws {
        self.scratch = scratch
        let index = arguments.firstIndex(of: "--record").map { $0 + 1 }
        let isRun = arguments.first == "run" && (index ?? 0) < arguments.count
        trace = isRun ? index.map { arguments[$0] } : nil
        let name = UUID().uuidString
        (outputName, errorName) = (".out-\(name)", ".err-\(name)")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 1, scratch.file(outputName), flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, scratch.file(errorName), flags, 0o600)
        // What the tests' own process ignores or blocks is not the program's affair.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var environment = ProcessInfo.processInfo.environment
        environment["WEIR"] = Weir.binary
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment["SWIFT_DETERMINISTIC_HASHING"] = nil
        // The shell changes the folder and becomes the program, under the same process id.
        let words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", scratch.path, program] + arguments
        let argv = words.map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var started = pid_t()
        let failure = posix_spawn(&started, "/bin/sh", &actions, &attributes, argv, envp)
        guard failure == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOENT)
        }
        process = started
    }

    deinit {
        guard !hasEnded else { return }
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// What it wrote so far.
    var output: String { (try? scratch.text(outputName)) ?? "" }
    var errors: String { (try? scratch.text(errorName)) ?? "" }

    func send(_ signal: Int32) { if !hasEnded { Glibc.kill(process, signal) } }

    /// Whether it ended; from then on its id is nobody's.
    var hasEnded: Bool {
        if status != nil { return true }
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return false }
        self.status = status
        return true
    }

    /// Waits for its end; one that does not come is a failure of the test.
    func finish(within seconds: Double = Patience.usual) throws -> Outcome {
        let ended = Patience.waits(seconds) { hasEnded }
        if !ended {
            Glibc.kill(process, SIGKILL)
            waitpid(process, nil, 0)
            status = SIGKILL
        }
        try #require(ended, "did not end in \(seconds) s; said: \(output) \(errors)")
        // Whatever a test is about: no run of it may lose an element without a reason.
        #expect(!errors.contains("the books do not balance"), "\(errors)")
        checkCounters()
        let status = self.status ?? 0
        let signal = status & 0x7F
        return Outcome(
            end: signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal), output: output,
            errors: errors)
    }
}
