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
            #expect(Set([symbols.busy, symbols.blocked, symbols.waiting, symbols.idle]).count == 4)
        }
    }

    @Test func `the ASCII signs are ASCII`() {
        let symbols = Symbols.ascii
        let signs =
            symbols.corners + symbols.joints + symbols.bars + [
                symbols.horizontal, symbols.vertical, symbols.arrow, symbols.heavy, symbols.medium,
                symbols.idle, symbols.busy, symbols.blocked, symbols.waiting, symbols.track,
                symbols.selected, symbols.dot, symbols.pause, symbols.play, symbols.rising,
                symbols.falling,
                symbols.ellipsis,
            ] + Array(symbols.root)
        for sign in signs { #expect(sign.isASCII) }
    }
}
