import Testing
import WeirBase

@testable import WeirDebugger

/// What a session keeps is bounded, and says so at the bound.
@Suite struct BoundTests {
    @Test func `so many bookmarks are kept, and one more is refused`() throws {
        var bookmarks = Bookmarks()
        for number in 1...DebuggerBounds.maximumBookmarks {
            try bookmarks.add("b\(number)", at: Step(number))
        }
        #expect(throws: CommandError.self) { try bookmarks.add("more", at: 1) }
        // One that is there already is moved.
        try bookmarks.add("b1", at: 7)
        #expect(bookmarks.step(of: "b1") == 7)
    }

    @Test func `so many breaks are kept, and one more is refused`() throws {
        var breaks = BreakList()
        for _ in 1...DebuggerBounds.maximumBreaks {
            _ = try breaks.add(.condition(.invariant(nil)))
        }
        #expect(throws: CommandError.self) { try breaks.add(.condition(.invariant(nil))) }
    }

    @Test func `the number of a break that was deleted is not given again`() throws {
        var breaks = BreakList()
        for _ in 1...2 { _ = try breaks.add(.condition(.invariant(nil))) }
        _ = try breaks.remove(1)
        #expect(try breaks.add(.condition(.invariant(nil))).number == 3)
    }

    @Test func `so many positions are gone back to, and none before them`() {
        var history = PositionHistory(at: 0)
        // The one that it began with is the first to be forgotten.
        for step in 1...DebuggerBounds.maximumKeptPositions { history.visit(Step(step)) }
        #expect(history.neighbour(1 - DebuggerBounds.maximumKeptPositions) == 1)
        #expect(history.neighbour(-DebuggerBounds.maximumKeptPositions) == nil)
    }
}
