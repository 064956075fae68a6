import Foundation
import Testing
import WeirBase

/// The indices of subtasks, cells and channels: bare numbers in a file, and never one another in
/// code.
@Suite struct IndexNumberTests {
    @Test func `an index is within a table up to its last entry and not behind it`() {
        let table = ["a", "b"]
        let found = (0..<4).map { SubtaskIndex($0).isWithin(table) }
        #expect(found == [true, true, false, false])
        #expect(!CellIndex.max.isWithin(table))
        #expect(!ChannelIndex(0 as UInt16).isWithin([String]()))
    }

    @Test func `an index is where its entry is in an array`() {
        #expect(SubtaskIndex(3).offset == 3)
        #expect(CellIndex.max.offset == 65_535)
    }

    @Test func `indices are in the order of their tables`() {
        #expect([SubtaskIndex(2), 0, 1].sorted() == [0, 1, 2])
    }

    @Test func `an index is the bare number in JSON and in text`() throws {
        let written = try JSONEncoder().encode([ChannelIndex(7)])
        #expect(String(decoding: written, as: UTF8.self) == "[7]")
        #expect("\(CellIndex(7))" == "7")
    }

    @Test func `what is no index of a table is told before it is one`() {
        #expect(SubtaskIndex(exactly: 65_536) == nil)
        #expect(SubtaskIndex(exactly: -1) == nil)
    }
}
