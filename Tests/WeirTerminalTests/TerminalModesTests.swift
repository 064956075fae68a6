import Glibc
import Testing

@testable import WeirTerminal

/// What taking a terminal leaves of the process's signal handlers.
@Suite struct TerminalModesTests {
    /// Signals that end a process for a fault of its own.
    private static let signals = [
        SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT, SIGSYS,
    ]

    /// The handler of a signal, as a number to compare.
    private func handler(of signal: Int32) -> UInt {
        var action = sigaction()
        sigaction(signal, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
    }

    /// The path of a pseudo-terminal's other end, as Linux numbers them, once it may be opened.
    private func secondEnd(of master: Int32) throws -> String {
        let (unlock, askNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var (isLocked, number): (Int32, Int32) = (0, 0)
        try #require(ioctl(master, unlock, &isLocked) == 0)
        try #require(ioctl(master, askNumber, &number) == 0)
        return "/dev/pts/\(number)"
    }

    @Test func `handlers are as they were once the terminal is given back`() throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(master >= 0)
        defer { close(master) }
        let terminal = open(try secondEnd(of: master), O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        // Somebody's own handler, which must come back.
        var own = sigaction()
        own.__sigaction_handler.sa_handler = { _ in }
        var before = sigaction()
        sigaction(SIGFPE, &own, &before)
        defer { sigaction(SIGFPE, &before, nil) }
        let earlier = Self.signals.map { handler(of: $0) }
        #expect(TerminalModes.take(terminal))
        let taken = Self.signals.map { handler(of: $0) }
        TerminalModes.giveBack()
        #expect(Self.signals.map { handler(of: $0) } == earlier)
        // While the terminal is taken each of them gives it back first.
        #expect(zip(taken, earlier).allSatisfy { $0 != $1 })
    }
}
