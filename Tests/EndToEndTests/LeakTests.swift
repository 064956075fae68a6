import LeakMatrix
import Testing
import WeirBase

/// Runs that read what they could not control are never called identical.
///
/// A sample of the leak matrix; `weir-bench leaks` has all of it.
struct LeakTests {
    /// As many cells of each ending; another seed draws others.
    private static let seed: UInt64 = 20
    private static let cellsOfEachEnding = 8

    private static let sample: [LeakCell] = {
        var random = SeededGenerator(seed: seed)
        return LeakCell.endings.flatMap { ending in
            LeakCell.all.filter { $0.ending == ending }.shuffled(using: &random)
                .prefix(cellsOfEachEnding)
        }
    }()

    private let matrix = LeakMatrix(fixture: Weir.path(of: "LeakFixture"))

    @Test(arguments: sample)
    func `a leak is found in the stage where it is, or not compared`(cell: LeakCell) throws {
        let verdict = try matrix.run(cell)
        switch verdict {
        case .caught(_, let first, let last, let isRight):
            #expect(isRight && first <= last && last > 0, "\(cell): \(verdict)")
        case .agrees: #expect(cell.ending == "killed", "\(cell): \(verdict)")
        case .identical, .unexpected: Issue.record("\(cell): \(verdict)")
        }
    }

    @Test(arguments: ["finished", "violated", "failed", "simulated"])
    func `without a leak every end is identical`(ending: String) throws {
        let cell = LeakCell(leak: "clock", destination: "nowhere", ending: ending)
        #expect(try matrix.run(cell) == .identical)
    }

    @Test func `replays that agree with a trace are held against each other`() throws {
        let fixture = try Weir("LeakFixture")
        // So fast that it has no rest point: its trace alone cannot tell.
        let run = try fixture.shell(
            "LEAK_KILL=1 '\(fixture.program)' run leaking --set ending=killed --set place=state "
                + "--set leak=random --rate max --record t.mcap --ui none --output rows")
        #expect(run.code != 0)
        let once = try fixture("replay", "t.mcap", "--verify")
        #expect(once.code == 0 && once.output.hasPrefix("agrees to step "), "\(once)")
        let twice = try fixture("replay", "t.mcap", "--verify", "--times", "2")
        #expect(twice.code == 3, "\(twice)")
        #expect(twice.output.contains("the final state of leaky/"), "\(twice)")
    }

    @Test func `without a leak a killed run agrees as far as it was noted`() throws {
        let cell = LeakCell(leak: "clock", destination: "nowhere", ending: "killed")
        guard case .agrees(let line) = try matrix.run(cell) else {
            Issue.record("a killed run without a leak does not agree")
            return
        }
        #expect(line.hasSuffix("the run died and noted no end"))
    }
}
