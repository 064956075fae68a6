import Testing
import WeirTerminal

/// Every byte and every sequence of a key, and how long each waits for what may follow.
@Suite struct KeyByteTests {
    private func keys(_ bytes: [UInt8]) -> [Key] {
        var decoder = KeyDecoder()
        return decoder.take(bytes)
    }

    private func keys(_ text: String) -> [Key] { keys(Array(text.utf8)) }

    @Test func `each byte alone is its key, the beginning of one, or nothing`() {
        for byte in UInt8.min...UInt8.max {
            let expected: [Key] =
                switch byte {
                case 0x0A, 0x0D: [.enter]
                case 0x09: [.tab]
                case 0x08, 0x7F: [.backspace]
                case 0x01...0x1A: [.control(Unicode.Scalar(byte + 0x60))]
                case 0x20...0x7E: [.character(Unicode.Scalar(byte))]
                default: []
                }
            #expect(keys([byte]) == expected, "\(byte)")
            // Behind Escape a printable one is another key, unless it begins a sequence.
            guard (0x20...0x7E).contains(byte), !"[O]PX^_".utf8.contains(byte) else { continue }
            #expect(keys([0x1B, byte]) == [.alt(Unicode.Scalar(byte))], "\(byte)")
        }
        #expect(keys([0x1B, 0x0D]) == [.escape, .enter])
    }

    @Test(
        arguments: [
            ("\u{A0}", ["\u{A0}"]), ("\u{7FF}", ["\u{7FF}"]), ("\u{800}", ["\u{800}"]),
            ("\u{FFFD}", ["\u{FFFD}"]), ("😀", ["😀"]), ("\u{10FFFF}", ["\u{10FFFF}"]),
            ("é日", ["é", "日"]),
        ] as [(String, [Unicode.Scalar])])
    func `characters of two to four bytes are whole`(text: String, scalars: [Unicode.Scalar]) {
        #expect(keys(text) == scalars.map { .character($0) })
    }

    @Test(
        arguments: [
            ([0xC3, 0x61], [Key.character("a")]), ([0xE6, 0x97, 0x61], [.character("a")]),
            ([0xC0, 0x80], []), ([0xF5, 0x61], [.character("a")]), ([0xED, 0xA0, 0x80], []),
            ([0xE0, 0x80, 0x80], []), ([0xC3, 0xC3, 0xA9], [.character("é")]),
        ] as [([UInt8], [Key])])
    func `bytes that are no character are none, and take none with them`(
        bytes: [UInt8], expected: [Key]
    ) {
        #expect(keys(bytes) == expected)
    }

    @Test func `every numbered and lettered key has its sequences`() {
        let numbered: [Int: Key] = [
            1: .home, 2: .insert, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
            11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4),
            15: .function(5),
            17: .function(6), 18: .function(7), 19: .function(8), 20: .function(9),
            21: .function(10), 23: .function(11), 24: .function(12),
        ]
        for number in 0...40 {
            let expected = numbered[number].map { [$0] } ?? []
            #expect(keys("\u{1B}[\(number)~") == expected, "\(number)")
            #expect(keys("\u{1B}[\(number);5~") == expected, "\(number)")
        }
        #expect(keys("\u{1B}[1000~") == [] && keys("\u{1B}[007~") == [.home])
        let letters: [Character: Key] = [
            "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end,
        ]
        for (letter, key) in letters {
            for start in ["\u{1B}[", "\u{1B}O", "\u{1B}[1;2", "\u{1B}O5", "\u{1B}O;"] {
                #expect(keys("\(start)\(letter)") == [key], "\(start) \(letter)")
            }
        }
        for (index, letter) in "PQRS".enumerated() {
            #expect(keys("\u{1B}O\(letter)") == [.function(index + 1)])
            #expect(keys("\u{1B}[\(letter)") == [])
            #expect(keys("\u{1B}[1;2\(letter)") == (letter == "R" ? [] : [.function(index + 1)]))
        }
        for (index, letter) in "ABCDE".enumerated() {
            #expect(keys("\u{1B}[[\(letter)") == [.function(index + 1)])
        }
        #expect(keys("\u{1B}[[@") == [] && keys("\u{1B}[[Fx") == [.character("x")])
        #expect(keys("\u{1B}OM") == [.enter] && keys("\u{1B}[?1A") == [] && keys("\u{1B}[ A") == [])
        #expect(keys("\u{1B}[12345678A") == [.up] && keys("\u{1B}[123456789A") == [])
        #expect(keys([0x9B, 0x41]) == [.up] && keys([0x8F, 0x42]) == [.down])
    }

    @Test(arguments: [
        ("", nil), ("\u{1B}", 50), ("\u{1B}[", nil), ("\u{1B}[[", nil), ("\u{1B}O", nil),
        ("\u{1B}[M", nil), ("\u{1B}]x", 2_000), ("\u{1B}Px", 2_000), ("\u{1B}]x\u{1B}", 50),
        ("\u{1B}[200~x", 5_000),
    ])
    func `each state has its patience`(bytes: String, milliseconds: Int?) {
        var decoder = KeyDecoder()
        _ = decoder.take(Array(bytes.utf8))
        #expect(decoder.patienceMilliseconds == milliseconds)
    }

    @Test func `a control within a sequence ends it and is a key`() {
        #expect(keys("\u{1B}[1\r") == [.enter] && keys("\u{1B}O\t") == [.tab])
        #expect(keys("\u{1B}[Mab\r") == [.enter] && keys("\u{1B}[1 A") == [])
        #expect(keys("\u{1B}\u{1B}[A") == [.escape, .up])
    }

    @Test func `a text of the terminal ends with its marks, or is given up`() {
        for end in ["\u{07}", "\u{1B}\\", "\u{18}", "\u{1A}"] {
            #expect(keys("\u{1B}]0;q\(end)j") == [.character("j")], "\(end)")
        }
        // A bell ends only the texts that are said to end so, and a plain backslash none.
        #expect(keys("\u{1B}Pq\u{07}\\q\u{1B}\\j") == [.character("j")])
        #expect(keys("\u{1B}]0;\u{1B}q\\q\u{07}j") == [.character("j")])
        #expect(keys([0x9D, 0x71, 0x9C, 0x6A]) == [.character("j")])
        #expect(keys("\u{1B}]q".utf8 + [0x9C, 0x6A, 0x07, 0x6B]) == [.character("k")])
    }

    @Test func `a report of the mouse has three values, of one byte or two`() {
        #expect(keys("\u{1B}[M !!q") == [.character("q")])
        #expect(keys([0x1B, 0x5B, 0x4D, 0x20, 0xC2, 0xA1, 0xC2, 0xA1, 0x71]) == [.character("q")])
        #expect(keys([0x1B, 0x5B, 0x4D, 0xC2, 0xA0, 0x21, 0x21, 0x71]) == [.character("q")])
        #expect(keys([0x1B, 0x5B, 0x4D, 0x20, 0xC3, 0x21, 0x71]) == [.character("q")])
        #expect(keys([0x1B, 0x5B, 0x4D, 0x20, 0xE0, 0xE0, 0x71]) == [.character("q")])
    }

    @Test func `after Escape was a key the late rest of a sequence is swallowed`() {
        for (rest, expected) in [
            ("[A", [.up]), ("OB", [.down]), ("\\j", [.character("j")]), ("j", [.character("j")]),
        ] as [(String, [Key])] {
            var decoder = KeyDecoder()
            #expect(decoder.take([0x1B]) == [])
            #expect(decoder.timedOut() == [.escape])
            #expect(decoder.patienceMilliseconds == 500)
            #expect(decoder.take(Array(rest.utf8)) == expected, "\(rest)")
        }
        var decoder = KeyDecoder()
        _ = decoder.take([0x1B])
        _ = decoder.timedOut()
        #expect(decoder.timedOut() == [] && decoder.patienceMilliseconds == nil)
    }
}
