import Testing
import WeirEngine
import WeirTrace

@testable import WeirApp

/// The exit codes of the contract: 2 for how something was named, 4 for a trace that is at fault, 5
/// for what surrounds the program.
@Suite struct ExitCodeTests {
    @Test(
        arguments: [
            (.usage, 2), (.notATrace, 4), (.unknownVersion, 4), (.damaged, 4), (.operating, 5),
            (.bound, 5),
        ] as [(TraceError.Code, Int32)])
    func `an error of a trace ends the command with its code`(
        code: TraceError.Code, exit: Int32
    ) {
        #expect(CommandFailure(TraceError(code, "x"))?.code == exit)
    }

    @Test(arguments: [(.usage, 2), (.operating, 5)] as [(ConnectorError.Kind, Int32)])
    func `an error of a connector ends the command with its code`(
        kind: ConnectorError.Kind, exit: Int32
    ) {
        #expect(CommandFailure(ConnectorError(kind, "x"))?.code == exit)
    }
}
