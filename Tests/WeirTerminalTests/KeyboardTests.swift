import Testing

@testable import WeirTerminal

/// What silence after a byte means.
@Suite struct KeyboardTests {
    private let second: UInt64 = 1_000_000_000
    private let patience: UInt64 = 50_000_000

    @Test func `an Escape that nothing follows is the key once it was silent for long enough`() {
        var keyboard = Keyboard()
        #expect(keyboard.take([0x1B], at: second).isEmpty)
        #expect(keyboard.silence == second + patience)
        #expect(keyboard.passed(to: second + patience - 1).isEmpty)
        #expect(keyboard.passed(to: second + patience) == [.escape])
    }

    @Test func `an Escape that something follows in time is the start of a sequence`() {
        var keyboard = Keyboard()
        _ = keyboard.take([0x1B], at: second)
        #expect(keyboard.take([0x5B, 0x41], at: second + patience - 1) == [.up])
        #expect(keyboard.silence == nil)
    }

    @Test func `after an Escape that was a key the late rest of a sequence gets its own time`() {
        var keyboard = Keyboard()
        _ = keyboard.take([0x1B], at: second)
        #expect(keyboard.passed(to: second + patience) == [.escape])
        #expect(keyboard.silence == second + patience + 500_000_000)
        #expect(keyboard.take([0x5B, 0x41], at: second + 2 * patience) == [.up])
    }

    @Test func `silence counts from the last byte and means nothing between keys`() {
        var keyboard = Keyboard()
        #expect(keyboard.take([0x61], at: second) == [.character("a")])
        #expect(keyboard.silence == nil && keyboard.passed(to: 100 * second).isEmpty)
        _ = keyboard.take([0x62, 0x1B], at: 2 * second)
        #expect(keyboard.silence == 2 * second + patience)
    }
}
