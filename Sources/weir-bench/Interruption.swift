import ArgumentParser
import Glibc
import Synchronization

/// Ctrl-C or a termination, noticed where it suits: what lies in a temporary folder is removed
/// before the program ends. A second one ends it at once.
enum Interruption {
    private static let signal = Atomic<Int32>(0)

    /// From now on the first such signal is only noted.
    static func watch() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            Interruption.signal.store(number, ordering: .relaxed)
        }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
        for number in [SIGINT, SIGTERM] { sigaction(number, &action, nil) }
    }

    /// Throws, with the code that a shell gives such an end, when a signal has come.
    static func check() throws {
        let number = signal.load(ordering: .relaxed)
        if number != 0 { throw ExitCode(128 + number) }
    }
}
