import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Digests of subtasks that are kept from one rest point to the next.
@Suite struct KnownDigestTests {
    /// Holds every subtask's kept digest against one taken anew.
    private final class Checker: @unchecked Sendable {
        // Unchecked: the run has one thread.
        var execution: Execution?
        private(set) var checks = 0
        private(set) var known = 0
        private(set) var wrong: [String] = []
        private var last: [UInt64] = []

        func check() -> Bool {
            guard let execution else { return true }
            checks += 1
            let digests = execution.subtasks.map { $0.digest() }
            for (subtask, digest) in zip(execution.subtasks, digests) {
                if subtask.freshDigest() != digest { wrong.append(subtask.name) }
            }
            known += zip(last, digests).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
            last = digests
            return true
        }
    }

    @Test(arguments: [EdgePolicy.block, .dropNewest, .dropOldest])
    func `a kept digest is that of the state at every moment between turns`(
        policy: EdgePolicy
    ) throws {
        let checker = Checker()
        let pipeline = Pipeline("digests", parallelism: 3) { flow in
            let left = flow.sharedCell("left", initial: 0)
            let right = flow.sharedCell("right", initial: 0)
            flow.invariant("checked", on: left, and: right) { _, _ in checker.check() }
            _ = flow.read(
                "numbers",
                from: .generator { index, _ in
                    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
                }
            )
            .keyed { $0 % 11 }
            .process("add", state: 0, emitting: Int.self) { number, state, context in
                state += number
                context.emit(state)
                if number % 3 == 0 { context.emit(number) }
            }
            .over(EdgeOptions(bounds: ChannelBounds(messages: 4), policy: policy))
            .keyed { $0 % 5 }
            .process("last", state: 0, emitting: Int.self) { number, state, _ in state = number }
        }
        var options = BindOptions(seed: 3)
        options.limit = 300
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: 3))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        let execution = try LiveRun(try pipeline.plan(), options, setup).execution
        checker.execution = execution
        execution.scheduler.run(execution)
        #expect(execution.isFinished)
        #expect(checker.checks > 40)
        #expect(checker.wrong.isEmpty)
        // Else nothing was kept, and the test says nothing.
        #expect(checker.known > checker.checks)
    }
}
