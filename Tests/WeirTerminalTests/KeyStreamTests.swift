import Testing
import WeirBase
import WeirTerminal

/// What a terminal sends and no hand pressed never becomes a key.
@Suite struct KeyStreamTests {
    private static let answers: [[UInt8]] = [
        // Mouse: the oldest form (with the key `q` and space as coordinates), SGR, urxvt.
        [0x1B, 0x5B, 0x4D, 0x20, 0x71, 0x71], [0x1B, 0x5B, 0x4D, 0x23, 0xC3, 0x20],
        // The oldest form with coordinates in UTF-8.
        [0x1B, 0x5B, 0x4D, 0x20, 0xC4, 0xB2, 0xC3, 0xA9],
        bytes("\u{1B}[<0;113;20M"), bytes("\u{1B}[<0;113;20m"), bytes("\u{1B}[32;113;20M"),
        // Focus, attributes, status, place of the cursor, modes, size of the window.
        bytes("\u{1B}[I"), bytes("\u{1B}[O"), bytes("\u{1B}[?62;4;22c"), bytes("\u{1B}[>41;354;0c"),
        bytes("\u{1B}[0n"), bytes("\u{1B}[24;80R"), bytes("\u{1B}[1;5R"), bytes("\u{1B}[?1;1R"),
        bytes("\u{1B}[?2026;2$y"), bytes("\u{1B}[8;24;80t"), bytes("\u{1B}[?1u"),
        // Colours, clipboard, title; names and versions; graphics; private and start of string.
        bytes("\u{1B}]11;rgb:ffff/ffff/ffff\u{07}"), bytes("\u{1B}]52;c;cXE=\u{1B}\\"),
        bytes("\u{1B}]lquit quit\u{1B}\\"), bytes("\u{1B}P>|tmux 3.3a q\u{1B}\\"),
        bytes("\u{1B}P1$r0 q\u{07}q\u{1B}\\"), bytes("\u{1B}_Gi=1;OK q\u{1B}\\"),
        bytes("\u{1B}^q q\u{1B}\\"), bytes("\u{1B}Xq q\u{1B}\\"),
        // Keys that are none of ours: unknown, with many parameters, of the keypad.
        bytes("\u{1B}[113u"), bytes("\u{1B}[27;5;113~"), bytes("\u{1B}[57399;5:3u"),
        bytes("\u{1B}[999~"), bytes("\u{1B}Oq"), bytes("\u{1B}O5q"), bytes("\u{1B}[[q"),
        bytes("\u{1B}[1;1;1;1;1;1;1;1;1;1;1;1A"),
        // Sequences in the form of eight bits, and the same in UTF-8.
        [0x9B] + bytes("24;80R"), [0x9D] + bytes("11;q") + [0x9C], [0x8F, 0x71],
        bytes("\u{9B}24;80R"), [0x90] + bytes("q") + [0x9C],
    ]

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let pasteStart = bytes("\u{1B}[200~")
    private static let pasteEnd = bytes("\u{1B}[201~")

    @Test(arguments: answers.indices)
    func `an answer or a report is no key, wherever it is cut and however long it rests`(
        number: Int
    ) {
        let answer = Self.answers[number]
        for cut in 1...answer.count {
            var decoder = KeyDecoder()
            var keys = decoder.take(answer[..<cut])
            // A pause of up to a second on a slow link. A lone Escape is the key of that name.
            while let patience = decoder.patienceMilliseconds, patience <= 100 {
                keys += decoder.timedOut()
            }
            keys += decoder.take(answer[cut...])
            let allowed: [Key] = cut == 1 && answer[0] == 0x1B ? [.escape] : []
            #expect(keys == allowed, "\(answer) cut at \(cut)")
            #expect(decoder.take([0x78]) == [.character("x")], "\(answer) cut at \(cut)")
        }
    }

    @Test func `pasted text is one thing and never its letters, wherever it is cut`() {
        let text = "select quote from quotes; \u{1B}[A\u{1B}[20\u{1B}[201 \u{1B}]\r\u{3}日本 q"
        let paste = Self.pasteStart + Self.bytes(text) + Self.pasteEnd
        for cut in 0...paste.count {
            var decoder = KeyDecoder()
            let keys = decoder.take(paste[..<cut]) + decoder.take(paste[cut...])
            #expect(keys == [.paste], "cut at \(cut)")
            #expect(decoder.take([0x71]) == [.character("q")])
        }
    }

    @Test(arguments: ["\u{1B}", "\u{1B}[20", "\u{1B}[201", "\u{1B}\u{1B}[2"])
    func `the end of a paste is seen behind text that begins like it`(text: String) {
        var decoder = KeyDecoder()
        #expect(decoder.take(Self.pasteStart + Self.bytes(text) + Self.pasteEnd) == [.paste])
        #expect(decoder.take(Self.bytes("q")) == [.character("q")])
    }

    @Test func `text that holds the end of a paste does not end it`() {
        var decoder = KeyDecoder()
        let paste =
            Self.pasteStart + Self.bytes("a") + Self.pasteEnd + Self.bytes("qq") + Self.pasteEnd
        #expect(decoder.take(paste + Self.bytes("j")) == [.paste, .character("j")])
        // Two pastes and a key between them are what they are.
        let two = Self.pasteStart + Self.pasteEnd + Self.bytes("j") + Self.pasteStart
        #expect(decoder.take(two + Self.pasteEnd) == [.paste, .character("j"), .paste])
    }

    @Test func `a paste or an answer without an end does not keep the keyboard for ever`() {
        for opening in [Self.pasteStart, Self.bytes("\u{1B}]11;"), Self.bytes("\u{1B}P")] {
            var decoder = KeyDecoder()
            _ = decoder.take(opening + Self.bytes("qqq"))
            #expect(decoder.patienceMilliseconds.map { $0 >= 2_000 } == true)
            #expect(decoder.timedOut().isEmpty)
            #expect(decoder.take(Self.bytes("x")) == [.character("x")])
        }
    }

    @Test func `a report of the mouse that ends with a byte which could go on takes no key`() {
        var decoder = KeyDecoder()
        #expect(decoder.take([0x1B, 0x5B, 0x4D, 0x23, 0x20, 0xC3, 0x71]) == [.character("q")])
    }

    @Test func `Escape gives up an answer without an end, and the next key is one`() {
        var decoder = KeyDecoder()
        #expect(decoder.take(Self.bytes("\u{1B}]11;rgb:qq\u{1B}")).isEmpty)
        #expect(decoder.patienceMilliseconds.map { $0 <= 100 } == true)
        #expect(decoder.timedOut().isEmpty)
        #expect(decoder.take(Self.bytes("q")) == [.character("q")])
    }

    @Test func `at a prompt pasted text is what was typed`() {
        var decoder = KeyDecoder(pastes: .asTyped)
        #expect(
            decoder.take(Self.pasteStart + Self.bytes("q\r") + Self.pasteEnd)
                == [.character("q"), .enter])
    }

    @Test func `Alt with a key is not that key`() {
        var decoder = KeyDecoder()
        #expect(decoder.take(Self.bytes("\u{1B}q")) == [.alt("q")])
        #expect(decoder.take(Self.bytes("\u{1B}")).isEmpty)
        #expect(decoder.timedOut() == [.escape])
        #expect(decoder.take(Self.bytes("q")) == [.character("q")])
    }

    @Test(arguments: UInt64(0)..<60)
    func `whatever is mixed, cut and held up, only what was pressed are keys`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        var decoder = KeyDecoder()
        var (expected, got): ([Key], [Key]) = ([], [])
        for _ in 0..<200 {
            var stream: [UInt8] = []
            switch below(4) {
            case 0:
                let key = UInt8(0x61 + below(26))
                stream = [key]
                expected.append(.character(Unicode.Scalar(key)))
            case 1:
                let text = (0..<below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                // The mark itself would end it when it is cut off from the true one.
                stream = Self.pasteStart + text.filter { $0 != 0x1B } + Self.pasteEnd
                expected.append(.paste)
            default: stream = Self.answers[below(Self.answers.count)]
            }
            while !stream.isEmpty {
                let cut = 1 + below(stream.count)
                got += decoder.take(stream[..<cut])
                stream.removeFirst(cut)
                // A pause in the middle; after a lone Escape it would be the key of that name.
                if below(3) == 0, let patience = decoder.patienceMilliseconds,
                    patience > 50, patience < 1_000
                {
                    got += decoder.timedOut()
                }
            }
        }
        #expect(got == expected)
    }

    @Test(arguments: UInt64(0)..<20)
    func `random bytes cost no memory, trap nothing and leave the keyboard usable`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var decoder = KeyDecoder()
        for _ in 0..<2_000 {
            let count = random.next() % 9
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(decoder.take(bytes).count <= 2 * bytes.count + 1)
        }
        while decoder.patienceMilliseconds != nil { _ = decoder.timedOut() }
        // Whatever is still open takes a few keys at most.
        #expect(decoder.take(Self.bytes("zzzzz")).last == .character("z"))
    }
}
