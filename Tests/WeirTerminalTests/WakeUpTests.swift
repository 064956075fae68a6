import Glibc
import Testing

@testable import WeirTerminal

@Suite struct WakeUpTests {
    /// Whether somebody was woken and nobody has cleared it.
    private func isWoken(_ wakeUp: WakeUp) -> Bool {
        var watched = pollfd(fd: wakeUp.readingEnd, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) == 1
    }

    @Test(arguments: [1, 255, 256, 257, 600, 70_000])
    func `however often somebody was woken, it is over once it is cleared`(times: Int) throws {
        let wakeUp = try #require(WakeUp())
        #expect(!isWoken(wakeUp))
        // A pipe holds 65,536 of them: more neither wait nor fail.
        for _ in 0..<times { wakeUp.signal() }
        #expect(isWoken(wakeUp))
        wakeUp.clear()
        #expect(!isWoken(wakeUp))
        wakeUp.signal()
        #expect(isWoken(wakeUp))
    }
}
