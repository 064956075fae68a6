import Testing
import WeirTerminal

@Suite struct KeyDecoderTests {
    private func keys(_ bytes: String) -> [Key] {
        var decoder = KeyDecoder()
        return decoder.take(Array(bytes.utf8)) + decoder.timedOut()
    }

    @Test(arguments: [
        ("\u{1B}[A", Key.up), ("\u{1B}OA", .up), ("\u{1B}[B", .down), ("\u{1B}OB", .down),
        ("\u{1B}[C", .right), ("\u{1B}OD", .left), ("\u{1B}[H", .home), ("\u{1B}[1~", .home),
        ("\u{1B}OF", .end), ("\u{1B}[4~", .end), ("\u{1B}[5~", .pageUp), ("\u{1B}[6~", .pageDown),
        ("\u{1B}OP", .function(1)), ("\u{1B}[15~", .function(5)), ("\u{1B}[21~", .function(10)),
        ("\u{1B}[1;5A", .up), ("\u{1B}[Z", .backTab), ("\u{1B}", .escape), ("\r", .enter),
        ("\u{0C}", .control("l")), ("é", .character("é")), ("日", .character("日")),
    ])
    func `each form of a key is that key`(bytes: String, key: Key) {
        #expect(keys(bytes) == [key])
    }

    @Test func `keys are the same wherever the bytes are cut`() {
        let bytes = Array("a\u{1B}[Ab\u{1B}OBé日\u{1B}[15~q".utf8)
        var whole = KeyDecoder()
        let expected = whole.take(bytes)
        #expect(expected.count == 8)
        for cut in 0...bytes.count {
            var decoder = KeyDecoder()
            #expect(decoder.take(bytes[..<cut]) + decoder.take(bytes[cut...]) == expected)
        }
    }

    @Test func `late answers of the terminal are swallowed`() {
        #expect(keys("\u{1B}[?62;4c\u{1B}]11;rgb:00/00/00\u{07}x") == [.character("x")])
        #expect(keys("\u{1B}P1$r0m\u{1B}\\x") == [.character("x")])
    }

    @Test func `an endless sequence costs no memory and ends`() {
        var decoder = KeyDecoder()
        let bytes = Array("\u{1B}[".utf8) + [UInt8](repeating: 0x31, count: 100_000)
        #expect(decoder.take(bytes).isEmpty)
        #expect(decoder.take(Array("~q".utf8)) == [.character("q")])
    }

    @Test func `random bytes never trap`() {
        var decoder = KeyDecoder()
        var state: UInt64 = 7
        for _ in 0..<100_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            _ = decoder.take([UInt8(truncatingIfNeeded: state >> 40)])
        }
        _ = decoder.timedOut()
        #expect(decoder.patienceMilliseconds == nil)
    }
}
