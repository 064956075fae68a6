import Glibc
import Testing

@testable import WeirApp

/// What a command that is no run makes of signals.
@Suite struct SignalRequestsTests {
    @Test(arguments: [(SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
    func `a signal that asks for the end is the exit code`(signal: Int32, code: Int32) {
        let requests = SignalRequests()
        #expect(requests.take(signal) == 1)
        #expect(requests.end == signal && requests.codeWhenAskedToEnd == code)
        // Whoever takes it up for an interrupt is still to end.
        #expect(requests.takeInterrupt() && requests.isPending)
    }

    @Test func `Ctrl-C asks for no more than the end of what is done`() {
        let requests = SignalRequests()
        #expect(!requests.isPending && !requests.takeInterrupt())
        #expect(requests.take(SIGINT) == 1 && requests.take(SIGINT) == 2)
        #expect(requests.isPending && requests.codeWhenAskedToEnd == 0)
        #expect(requests.takeInterrupt() && !requests.isPending)
        #expect(requests.take(SIGINT) == 1)
    }
}
