import Testing
import WeirTerminal

@Suite struct ThemeTests {
    @Test func `without colour no role has one`() {
        let theme = Theme(symbols: .unicode, hasColor: false)
        #expect(Role.allCases.allSatisfy { theme.color(of: $0, available: 256) == nil })
    }

    @Test func `no role is red or green`() {
        let theme = Theme(symbols: .unicode, hasColor: true)
        for role in Role.allCases {
            for available in [8, 16, 256] {
                let color = theme.color(of: role, available: available)
                #expect(color.map { ![1, 2, 9, 10].contains($0) } ?? true)
            }
        }
    }

    @Test func `the states of a stage differ in letter and shade`() {
        for symbols in [Symbols.unicode, .ascii] {
            let states = symbols.states
            let signs = [states.busy, states.blocked, states.waiting, states.idle]
            #expect(Set(signs).count == 4)
        }
    }

    @Test func `the ASCII signs are ASCII`() {
        let symbols = Symbols.ascii
        let (lines, states, playing) = (symbols.lines, symbols.states, symbols.playing)
        let signs =
            lines.corners + lines.joints + symbols.bars + [
                lines.horizontal, lines.vertical, lines.arrow, lines.heavy, lines.medium,
                states.idle, states.busy, states.blocked, states.waiting, playing.live,
                playing.pause, playing.play, symbols.track, symbols.selected, symbols.limiting,
                symbols.ellipsis,
            ] + Array(symbols.root)
        for sign in signs { #expect(sign.isASCII) }
    }
}
