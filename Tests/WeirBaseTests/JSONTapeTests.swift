import Foundation
import Testing
import WeirBase

/// The tape against the scanner: the same lines are JSON to both.
@Suite struct JSONTapeTests {
    /// Whether a line is JSON, to the tape and to the scanner.
    private func answers(_ bytes: [UInt8]) -> (tape: Bool, scanner: Bool) {
        bytes.withUnsafeBytes { line in
            var tape = JSONTape()
            let isRead = tape.read(line)
            var scanner = JSONScanner(line)
            let isWhole = (try? scanner.wholeValue()) != nil
            return (isRead, isWhole)
        }
    }

    private static let lines: [String] = [
        #"{"type":"bid","auction":1006,"price":716661,"url":"https://a.example/1?ref=ea64","x":-0}"#,
        #" { "a" : [ 1 , 2.5e-3 , [ ] , { } , true , false , null ] , "b" : "\n\"\\\u00e9" } "#,
        #"{"é":"a long text with ü in it, and more behind it","\u0061":"\ud83d\ude00","q":"\q"}"#,
        #"[[[[-12345678901234567890.25E+12]]],"","1234567","12345678","123456789abcdef0"]"#,
        "\u{FEFF}[0]", "-0.0", "\"\"", "12345678", "null",
    ]

    @Test(arguments: lines)
    func `a line and each of its beginnings are JSON to both or to none`(line: String) {
        let bytes = Array(line.utf8)
        for count in 0...bytes.count {
            let answers = answers(Array(bytes[..<count]))
            #expect(answers.tape == answers.scanner, "the first \(count) bytes of \(line)")
        }
        #expect(answers(bytes).tape)
    }

    @Test(arguments: lines)
    func `a line with any one byte changed is JSON to both or to none`(line: String) {
        let interesting =
            Array("\"\\{}[]:,0-1.eE tfnu/ \t\r\n\u{0}\u{1F}\u{7F}".utf8) + [0x80, 0xFF]
        for index in 0..<line.utf8.count {
            for byte in interesting {
                var bytes = Array(line.utf8)
                bytes[index] = byte
                let answers = answers(bytes)
                #expect(answers.tape == answers.scanner, "\(byte) at \(index) of \(line)")
            }
        }
    }

    @Test func `random pieces of JSON are JSON to both or to none`() {
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"\\u12\"", "\\", "1", "-", "0", ".5",
            "e9", " ", "true", "nul", "null", "\"key\":", "{\"a\":", "\u{FEFF}", "é",
            "\"long text\"",
        ]
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            var line = ""
            for _ in 0..<random.below(12) { line += pieces[random.below(pieces.count)] }
            let answers = answers(Array(line.utf8))
            #expect(answers.tape == answers.scanner, "\(line)")
        }
    }

    @Test func `values may be nested as deep as to the scanner`() {
        for opening in ["[", "{\"a\":"] {
            let closing = opening == "[" ? "]" : "}"
            for depth in [511, 512, 513] {
                let line =
                    String(repeating: opening, count: depth) + "1"
                    + String(repeating: closing, count: depth)
                let answers = answers(Array(line.utf8))
                #expect(answers.tape == (depth <= 512) && answers.scanner == (depth <= 512))
            }
        }
    }

    @Test func `each value has its bytes, and a container leads behind itself`() {
        let line = Array(#"{"a":[1,{"b":"x\ty"}],"c":true}"#.utf8)
        line.withUnsafeBytes { bytes in
            var tape = JSONTape()
            let isRead = tape.read(bytes)
            #expect(isRead)
            let seen = (0..<tape.count).map { index in
                let entry = tape.entries[index]
                return
                    "\(entry.kind) \(String(decoding: tape.line.bytes(of: entry), as: UTF8.self)) "
                    + "\(entry.next)"
            }
            #expect(
                seen == [
                    #"object {"a":[1,{"b":"x\ty"}],"c":true} 9"#, "name a 2",
                    #"array [1,{"b":"x\ty"}] 7"#, "number 1 4", #"object {"b":"x\ty"} 7"#,
                    "name b 6", #"string x\ty 7"#, "name c 8", "yes true 9",
                ])
            let text = tape.line.text(of: tape.entries[6])
            #expect(text == "x\ty")
            tape.clear()
            let count = tape.count
            #expect(count == 0)
        }
    }

    @Test func `a number is the nearest that there is`() {
        let texts = [
            "0", "-0", "-0.0", "1e-400", "-1e-400", "0e999", "-0e999", "1e22", "1e23",
            "123456.789e3",
            "9007199254740993", "0.1", "179769313486231570000e288", "5e-324", "2.5e-324",
            "4.35", "1.7976931348623157e308", "18014398509481985", "100000000000000000000000",
        ]
        for text in texts {
            let value = Array(text.utf8).withUnsafeBytes { JSONNumber.floating($0) }
            var expected = Double(text)
            if text == "-1e-400" || text == "1e-400" { expected = 0 }
            #expect(value?.bitPattern == expected?.bitPattern, "\(text)")
        }
        #expect(Array("1e309".utf8).withUnsafeBytes { JSONNumber.floating($0) } == nil)
    }

    @Test(
        arguments: [
            ("0", "0"), ("-0", "-0"), ("-0.00e7", "-0"), ("1e38", "1" + zeros(38)), ("1e39", nil),
            ("340282366920938463463374607431768211455", "340282366920938463463374607431768211455"),
            ("340282366920938463463374607431768211456", nil),
            ("34028236692093846346337460743176821145.6e1", nil), ("1e-400", "0"), ("1e-300", nil),
            (
                "-3402823669209384634633746074317682114.55e2",
                "-340282366920938463463374607431768211455"
            ),
            ("0." + zeros(99) + "12e101", "12"), ("12" + zeros(99) + ".0e-99", "12"),
            ("12" + zeros(99) + "e-100", nil), ("1e-999999999999999999999999", "0"),
            ("1e999999999999999999999999", nil), ("0e999999999999999999999999", "0"),
            ("1" + zeros(5_000) + "e-5000", "1"), ("1E+2", "100"), ("1.5", nil),
            ("1" + zeros(40), nil), ("0." + zeros(400) + "1", "0"),
        ] as [(String, String?)])
    func `a whole number is exact up to 128 bits, however it is written`(
        text: String, expected: String?
    ) {
        let number = Array(text.utf8).withUnsafeBytes { JSONNumber.integral($0) }
        #expect(number.map { ($0.isNegative ? "-" : "") + "\($0.magnitude)" } == expected)
    }

    private static func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    @Test func `a line that is kept stays when its bytes go away`() {
        var tape = JSONTape()
        var line = Array(#"["a","b"]"#.utf8)
        line.withUnsafeBytes { bytes in
            let isRead = tape.read(bytes)
            #expect(isRead)
            tape.keepLine()
        }
        for index in line.indices { line[index] = 0 }
        let text = tape.line.text(of: tape.entries[2])
        #expect(text == "b")
        tape.clear()
        let count = tape.count
        #expect(count == 0)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("12345678", 12_345_678), ("123456789", 123_456_789),
            ("18446744073709551615", UInt64.max), ("18446744073709551616", nil),
            ("99999999999999999999", nil), ("100000000000000000000", nil), ("1.0", nil),
            ("1e3", nil),
        ] as [(String, UInt64?)])
    func `a whole number is exact or none`(text: String, value: UInt64?) {
        #expect(Array(text.utf8).withUnsafeBytes { JSONNumber.whole($0)?.1 } == value)
    }
}
