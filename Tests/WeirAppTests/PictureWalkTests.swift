import Testing
import WeirBase
import WeirDebugger
import WeirReplay
import WeirTelemetry
import WeirTrace

@testable import Gallery

/// However a replay came to a step, what is shown of it is what a fresh one shows.
@Suite struct PictureWalkTests {
    private func debugger(_ name: String) throws -> Debugger {
        let project = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let trace = try Trace.open(path: "\(project)/traces/orders/\(name).mcap")
        let session = try ReplaySession(trace, orders, ReplaySession.Options())
        return Debugger(session, started: trace.header.started, nanoseconds: { 7 })
    }

    /// A command that moves, drawn among those that stand behind the view's keys.
    private func command(_ random: inout SeededGenerator, _ last: UInt64) -> String {
        let number = random.next()
        let commands = [
            "step", "reverse-step", "step \(1 + number % 20)", "reverse-step \(1 + number % 20)",
            "next", "reverse-next", "goto \(number % (last + 1))", "goto \(number % 100)%",
            "previous-write cell budget", "next-write cell budget", "back", "forward",
            "goto failure",
        ]
        return commands[Int(random.next() % UInt64(commands.count))]
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `ten walks of a seed show what a fresh replay shows`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let walker = try debugger("overdrawn")
        let last = try walker.picture(columns: 0).lastStep.rawValue
        for walk in 0..<10 {
            var commands: [String] = []
            for _ in 0..<3 {
                commands.append(command(&random, last))
                // At the ends of a run some of them have nowhere to go, which they say.
                _ = try? walker.execute(commands[commands.count - 1])
            }
            let shown = try walker.picture(columns: 60)
            let fresh = try debugger("overdrawn")
            _ = try fresh.execute("goto \(shown.step)")
            let expected = try fresh.picture(columns: 60)
            #expect(shown == expected, "seed \(seed), walk \(walk): \(commands)")
        }
    }
}
