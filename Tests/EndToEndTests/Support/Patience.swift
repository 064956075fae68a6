import Glibc
import Testing
import WeirBase

/// Waiting for something another process does: the only place in these tests that waits.
enum Patience {
    /// More than any command here needs on a busy machine with a debug build.
    static let usual = 60.0
    /// More than a scenario on a terminal needs: it waits for several things, each as long as
    /// `usual`, and its emulator is slow where the terminal is large.
    static let scenario = 240.0
    /// More than building this package once more needs there.
    static let build = 900.0

    /// Looks again and again whether `condition` holds; false when it does not in time.
    static func waits(_ seconds: Double = usual, until condition: () throws -> Bool) rethrows
        -> Bool
    {
        let deadline = MonotonicClock.nanoseconds() + UInt64(seconds * 1e9)
        while true {
            if try condition() { return true }
            if MonotonicClock.nanoseconds() > deadline { return false }
            usleep(1_000)
        }
    }

    /// The same, as a requirement of the test.
    static func require(_ what: String, until condition: () throws -> Bool) throws {
        let came = try waits(until: condition)
        try #require(came, "waited \(usual) s in vain: \(what)")
    }
}
