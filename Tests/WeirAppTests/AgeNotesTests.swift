import Testing
import WeirBase

@testable import WeirApp

/// How often `top` says that no sample comes.
@Suite struct AgeNotesTests {
    @Test func `an age is told each time that it has doubled, and once that it is over`() {
        var notes = AgeNotes()
        var said: [Int64: AgeNotes.Note] = [:]
        // Ten looks a second, as a trace is looked at.
        for tenth in 0...400 as ClosedRange<Int64> {
            let note = notes.look(.milliseconds(tenth * 100))
            if note != .nothing { said[tenth] = note }
        }
        #expect(said == [20: .old, 40: .old, 80: .old, 160: .old, 320: .old])
        #expect([0, 1, 0].map { notes.look(.seconds($0)) } == [.again, .nothing, .nothing])
        #expect(notes.look(.seconds(2)) == .old)
    }
}
