import Testing
import WeirBase
import WeirMonitor

/// The playhead as a state machine: what each event does in each state.
@Suite struct PlayheadTests {
    @Test func `toggling holds the newest moment, plays on from it, and holds what is played`() {
        var playhead = Playhead.live
        playhead.toggle(newest: 7)
        #expect(playhead == .paused(at: 7))
        playhead.toggle(newest: 9)
        #expect(playhead == .playing(at: 7))
        playhead.advance(by: 1, newest: 9, isOver: false)
        playhead.toggle(newest: 9)
        #expect(playhead == .paused(at: 8))
    }

    @Test func `before the first sample there is nothing to hold`() {
        var playhead = Playhead.live
        playhead.toggle(newest: nil)
        #expect(playhead == .live)
    }

    @Test(arguments: [Playhead.live, .paused(at: 5)])
    func `the clock moves nothing but what is played`(before: Playhead) {
        var playhead = before
        playhead.advance(by: 100, newest: 50, isOver: true)
        #expect(playhead == before)
    }

    @Test(arguments: [
        (4, false, Playhead.playing(at: 9)), (5, false, .playing(at: 10)),
        (6, false, .playing(at: 10)), (4, true, .playing(at: 9)), (5, true, .paused(at: 10)),
        (6, true, .paused(at: 10)),
    ])
    func `playing waits at the edge of a run that goes on and stops at the end of one that is over`(
        passed: RunTime, isOver: Bool, after: Playhead
    ) {
        var playhead = Playhead.playing(at: 5)
        playhead.advance(by: passed, newest: 10, isOver: isOver)
        #expect(playhead == after)
    }

    @Test(arguments: [Playhead.live, .paused(at: 3), .playing(at: 3)])
    func `from anywhere one goes to a moment, and back to live`(before: Playhead) {
        var playhead = before
        playhead.go(to: 8)
        #expect(playhead == .paused(at: 8))
        playhead = before
        playhead.goLive()
        #expect(playhead == .live)
    }

    @Test(arguments: [
        (Playhead.live, RunTime(20)), (.paused(at: 3), 3), (.paused(at: 21), 20),
        (.playing(at: 19), 19), (.playing(at: 40), 20),
    ])
    func `what is shown is never later than the newest sample`(playhead: Playhead, shown: RunTime) {
        #expect(playhead.shown(newest: 20) == shown)
    }
}
