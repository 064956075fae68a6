import Glibc
import Testing

@testable import WeirTerminal

extension TakenTerminalTests {
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

        @Test func `handlers are as they were once the terminal is given back`() throws {
            let pseudo = try PseudoTerminal()
            // Somebody's own handler, which must come back.
            var own = sigaction()
            own.__sigaction_handler.sa_handler = { _ in }
            var before = sigaction()
            sigaction(SIGFPE, &own, &before)
            defer { sigaction(SIGFPE, &before, nil) }
            let earlier = Self.signals.map { handler(of: $0) }
            #expect(TerminalModes.take(pseudo.terminal))
            let taken = Self.signals.map { handler(of: $0) }
            TerminalModes.giveBack()
            #expect(Self.signals.map { handler(of: $0) } == earlier)
            // While the terminal is taken each of them gives it back first.
            #expect(zip(taken, earlier).allSatisfy { $0 != $1 })
        }
    }
}
