import Testing

@testable import WeirApp

/// How a run comes to its end, event by event on a clock that the test moves.
@Suite struct EndingProtocolTests {
    /// What the looks of a test find.
    private struct Scene {
        var isDraining = false
        var progress: UInt64 = 0
        var isHeldByReader = false

        var sight: EndingProtocol.Sight {
            EndingProtocol.Sight(
                isDraining: { isDraining }, progress: { progress },
                isHeldByReader: { isHeldByReader })
        }
    }

    private static let second: UInt64 = 1_000_000_000

    private func running(drain: UInt64? = nil) -> EndingProtocol {
        var bounds = EndingProtocol.Bounds()
        if let drain { (bounds.drain, bounds.isDrainAskedFor) = (drain, true) }
        var ending = EndingProtocol(bounds)
        ending.opened()
        #expect(ending.started(now: 0) == .nothing)
        return ending
    }

    @Test func `before inputs and outputs are open a signal leaves`() {
        var ending = EndingProtocol(.init())
        #expect(ending.signal(now: 0) == .leave)
    }

    @Test(arguments: [
        (0, EndingProtocol.SignalAction.nothing), (1, .drain), (2, .stop), (3, .stop),
    ])
    func `signals between the opening and the start are taken up at the start`(
        count: Int, action: EndingProtocol.SignalAction
    ) {
        var ending = EndingProtocol(.init())
        ending.opened()
        for _ in 0..<count { #expect(ending.signal(now: 0) == .nothing) }
        #expect(ending.started(now: 0) == action)
    }

    @Test func `looks have time until somebody wants an end, or a drain was bounded`() {
        var ending = running()
        #expect(ending.isCalm)
        _ = ending.signal(now: 1)
        #expect(!ending.isCalm)
        _ = ending.signal(now: 2)
        #expect(!ending.isCalm)
        #expect(ending.finished(now: 3) == true)
        #expect(!ending.isCalm)
        ending.closed()
        #expect(ending.isCalm)
        #expect(!running(drain: Self.second).isCalm)
    }

    @Test func `one signal drains, two stop, three cut off`() {
        var ending = running()
        #expect(ending.signal(now: 1) == .drain)
        #expect(ending.signal(now: 2) == .stop)
        #expect(ending.signal(now: 3) == .cutOff)
        #expect(ending.signal(now: 4) == .nothing)
        let isWhole = ending.finished(now: 5)
        #expect(!isWhole)
    }

    @Test func `a run that was told to stop has its grace, whatever moves`() {
        var ending = running()
        let grace = EndingProtocol.Bounds().grace
        _ = ending.signal(now: 0)
        #expect(ending.signal(now: 1_000) == .stop)
        var scene = Scene(isDraining: true)
        #expect(ending.look(now: grace, scene.sight) == .nothing)
        scene.progress = 7
        #expect(ending.look(now: 1_000 + grace, scene.sight) == .cutOff(stalledFor: nil))
    }

    @Test func `a drain is cut off when nothing moves for its bound, and not before`() {
        var ending = running(drain: 3 * Self.second)
        _ = ending.signal(now: 0)
        var scene = Scene(isDraining: true)
        for now in 0..<20 {
            scene.progress += 1
            #expect(ending.look(now: UInt64(now) * 2 * Self.second, scene.sight) == .nothing)
        }
        #expect(ending.look(now: 40 * Self.second, scene.sight) == .nothing)
        #expect(
            ending.look(now: 41 * Self.second, scene.sight)
                == .cutOff(stalledFor: 3 * Self.second))
    }

    @Test func `an operator that hangs while the run has input is nobody's affair`() {
        var ending = running()
        #expect(ending.look(now: 1_000 * Self.second, Scene().sight) == .nothing)
        #expect(ending.look(now: 2_000 * Self.second, Scene().sight) == .nothing)
    }

    @Test func `a run without input left drains without a signal`() {
        var ending = running()
        let scene = Scene(isDraining: true)
        #expect(ending.look(now: 0, scene.sight) == .nothing)
        #expect(ending.look(now: 9 * Self.second, scene.sight) == .nothing)
        #expect(
            ending.look(now: 10 * Self.second, scene.sight)
                == .cutOff(stalledFor: 10 * Self.second))
    }

    @Test(arguments: [(false, false, true), (true, false, false), (false, true, false)])
    func `a reader of standard output may take its time unless somebody asks for the end`(
        hasSignal: Bool, hasFlag: Bool, isWaitedFor: Bool
    ) {
        var ending = running(drain: hasFlag ? 10 * Self.second : nil)
        if hasSignal { _ = ending.signal(now: 0) }
        let scene = Scene(isDraining: true, isHeldByReader: true)
        #expect(ending.look(now: 0, scene.sight) == .nothing)
        let action = ending.look(now: 60 * Self.second, scene.sight)
        #expect((action == .nothing) == isWaitedFor)
    }

    @Test func `a signal during a drain that nobody asked for asks for it`() {
        var ending = running()
        _ = ending.look(now: 0, Scene(isDraining: true).sight)
        #expect(!ending.isDrainAskedFor)
        #expect(ending.signal(now: 1) == .drain)
        #expect(ending.isDrainAskedFor)
        #expect(ending.signal(now: 2) == .stop)
    }

    @Test func `while the trace is closed a second signal leaves, and so does time`() {
        var ending = running()
        _ = ending.signal(now: 0)
        let isWhole = ending.finished(now: 1)
        #expect(isWhole)
        #expect(ending.look(now: 2, Scene().sight) == .nothing)
        #expect(ending.look(now: 11 * Self.second, Scene().sight) == .leave)
        #expect(ending.signal(now: 3) == .leave)
    }

    @Test func `a screen that stays may stay, and the first signal is its own`() {
        var ending = running()
        let isWhole = ending.finished(now: 0)
        #expect(isWhole)
        ending.closed()
        #expect(ending.look(now: 1_000 * Self.second, Scene().sight) == .nothing)
        #expect(ending.signal(now: 0) == .nothing)
        #expect(ending.signal(now: 0) == .leave)
    }

    @Test func `a program that ends itself is cut off once`() {
        var ending = running()
        let deaths = [ending.died(), ending.died()]
        let isWhole = ending.finished(now: 0)
        #expect(deaths == [true, false] && !isWhole)
    }

    @Test func `a signal before the trace was closed counts where the screen stays`() {
        var ending = running()
        _ = ending.signal(now: 0)
        let isWhole = ending.finished(now: 1)
        #expect(isWhole)
        ending.closed()
        #expect(ending.signal(now: 2) == .leave)
    }
}
