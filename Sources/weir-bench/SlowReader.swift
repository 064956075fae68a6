import Glibc
import Synchronization
import WeirBase
import WeirStress
import WeirTelemetry

/// Somebody who reads what a run writes more slowly than the run could write it: a named pipe, and
/// a thread that takes a little of it at a time. In order: make it, start the run that writes to
/// `path`, `hurry` when the run is to end, `finish` when it has.
final class SlowReader: @unchecked Sendable {
    // Unchecked: `thread` is set before anybody else knows of the reader, and the descriptor
    // belongs to the thread.

    /// What is taken at a time, in bytes, every `pause` microseconds: 50 kB a second.
    private static let portion = 1_024
    /// Between two portions, in microseconds.
    private static let pause: UInt32 = 20_000
    /// What is taken at a time, in bytes, once the run may end.
    private static let rest = 65_536

    /// Where the run writes to.
    let path: String
    private let hurries = Atomic<Bool>(false)
    private let isOver = Atomic<Bool>(false)
    private var thread: SystemThread?

    /// Makes the pipe and starts reading it.
    init(in folder: TemporaryFolder) throws {
        path = folder.path + "/rows"
        // A pipe holds 64 KiB: behind that a writer waits for its reader.
        guard mkfifo(path, 0o600) == 0 else { throw StressFailure("cannot make a pipe") }
        // Without waiting for a writer: the run that will be one is not started yet.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw StressFailure("cannot open a pipe") }
        thread = SystemThread("slow-reader") { [self] in
            var bytes = [UInt8](repeating: 0, count: Self.rest)
            while !isOver.load(ordering: .acquiring) {
                let isFast = hurries.load(ordering: .acquiring)
                let count = Glibc.read(descriptor, &bytes, isFast ? Self.rest : Self.portion)
                // Nothing there yet: the writer may not have come.
                if !isFast || count <= 0 { usleep(Self.pause) }
            }
            close(descriptor)
        }
    }

    /// Takes whatever comes from now on, so that the run can drain.
    func hurry() { hurries.store(true, ordering: .releasing) }

    /// Ends when the run has.
    func finish() {
        isOver.store(true, ordering: .releasing)
        thread?.join()
        thread = nil
    }
}
