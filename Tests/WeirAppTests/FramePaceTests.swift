import Testing

@testable import WeirApp

/// When a screen paints: skipped frames, never queued ones.
@Suite struct FramePaceTests {
    private let second: UInt64 = 1_000_000_000

    /// A pace whose last frame was shown at that time.
    private func shown(at time: UInt64) -> FramePace {
        var pace = FramePace()
        pace.tried(at: time, wasShown: true)
        return pace
    }

    @Test func `the first frame is due at once`() {
        #expect(FramePace().isDue(at: second))
    }

    @Test func `the first frame is no resized one`() {
        #expect(FramePace().due == AppBounds.frameNanoseconds)
    }

    @Test func `without anything new no frame is due`() {
        let pace = shown(at: second)
        #expect(pace.due == nil && !pace.isDue(at: 100 * second))
    }

    @Test func `what is new is shown a frame's time after the last frame`() {
        var pace = shown(at: second)
        pace.changed()
        #expect(pace.due == second + AppBounds.frameNanoseconds)
        #expect(!pace.isDue(at: second + AppBounds.frameNanoseconds - 1))
        #expect(pace.isDue(at: second + AppBounds.frameNanoseconds))
    }

    @Test func `what a key did is shown at once, also while the window is dragged`() {
        var pace = shown(at: second)
        pace.pressed()
        #expect(pace.isDue(at: second))
        pace = shown(at: second)
        pace.resized()
        pace.pressed()
        #expect(pace.isDue(at: second))
    }

    @Test func `a resized screen waits longer, once`() {
        var pace = shown(at: second)
        pace.resized()
        #expect(pace.due == second + AppBounds.resizeNanoseconds)
        pace.tried(at: 2 * second, wasShown: true)
        pace.changed()
        #expect(pace.due == 2 * second + AppBounds.frameNanoseconds)
    }

    @Test func `a frame without room is tried again a frame's time later`() {
        var pace = FramePace()
        pace.tried(at: second, wasShown: false)
        #expect(pace.due == second + AppBounds.frameNanoseconds)
    }

    @Test func `the clock moves the screen on after a while without anything else`() {
        var pace = shown(at: second)
        pace.passed(to: second + AppBounds.idleNanoseconds - 1)
        #expect(pace.due == nil)
        pace.passed(to: second + AppBounds.idleNanoseconds)
        #expect(pace.isDue(at: second + AppBounds.idleNanoseconds))
    }
}
