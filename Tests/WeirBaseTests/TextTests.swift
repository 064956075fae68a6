import Foundation
import Testing
import WeirBase

@Suite struct PrintableTextTests {
    @Test(arguments: [
        ("plain – 堰 🌊", "plain – 堰 🌊"),
        ("\u{1B}[2J", "\\u{1B}[2J"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\r\n", "\\r\\n"),
        ("\u{0}\u{7F}\u{9B}", "\\u{0}\\u{7F}\\u{9B}"),
        ("\u{202E}abc\u{2066}\u{200B}\u{FEFF}", "\\u{202E}abc\\u{2066}\\u{200B}\\u{FEFF}"),
        ("\u{2028}\u{E000}", "\\u{2028}\\u{E000}"),
    ])
    func `controls and invisible characters become visible`(text: String, expected: String) {
        #expect(PrintableText.escaped(text) == expected)
    }

    @Test func `no scalar of the first planes reaches a terminal as a control`() {
        for value in 0..<0x3000 as Range<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = PrintableText.escaped(String(scalar)).unicodeScalars
            #expect(
                shown.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) },
                "\(String(value, radix: 16))")
        }
    }

    @Test func `long text ends in an ellipsis`() {
        #expect(PrintableText.escaped("abcdef", limit: 6) == "abcdef")
        #expect(PrintableText.escaped("abcdefg", limit: 6) == "abcdef…")
        #expect(PrintableText.escaped("a", limit: 0) == "…")
        #expect(PrintableText.escaped("", limit: 0) == "")
    }
}

@Suite struct JSONTextTests {
    private func parsed(_ json: JSONText) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(json.text), options: [.fragmentsAllowed])
    }

    @Test func `every character of the first planes survives a parser`() throws {
        var text = ""
        for value in 0..<0x3000 as Range<UInt32> {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        text += "\u{1F30A}\u{10FFFF}"
        var json = JSONText()
        json.beginObject()
        json.member(text, text)
        json.endObject()
        let object = try #require(try parsed(json) as? [String: String])
        #expect(Array((object.values.first ?? "").unicodeScalars) == Array(text.unicodeScalars))
        #expect(Array((object.keys.first ?? "").unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test func `controls are escaped in their short or four-digit form`() {
        var json = JSONText()
        json.value("\"\\\n\r\t\u{1}\u{7F}/")
        #expect(json.string == #""\"\\\n\r\t\u0001\u007f/""#)
    }

    @Test func `keys, arrays and nesting get their commas`() {
        var json = JSONText()
        json.beginObject()
        json.member("b", 1)
        json.key("a")
        json.beginArray()
        json.value(true)
        json.value("x")
        json.beginObject()
        json.endObject()
        json.raw("null")
        json.endArray()
        json.member("c", false)
        json.endObject()
        json.endLine()
        json.beginArray()
        json.endArray()
        json.endLine()
        #expect(json.string == #"{"b":1,"a":[true,"x",{},null],"c":false}"# + "\n[]\n")
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "0"), (3, "3"), (-2.5, "-2.5"), (1e15, "1000000000000000.0"),
            (1e300, "1e+300"),
            (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
        ] as [(Double, String)])
    func `numbers have a form that every parser reads`(number: Double, expected: String) {
        var json = JSONText()
        json.value(number)
        #expect(json.string == expected)
    }

    @Test func `numbers read back are the numbers written`() throws {
        let numbers = [
            0.1, 1.0 / 3, .leastNonzeroMagnitude, 1.797e308, 123_456_789_012_345.6,
            999_999_999_999_999,
        ]
        for number in numbers {
            var json = JSONText()
            json.value(number)
            #expect(try parsed(json) as? Double == number)
        }
        var json = JSONText()
        json.value(UInt64.max)
        #expect(json.string == "18446744073709551615")
    }

    @Test func `an emptied text begins anew`() {
        var json = JSONText()
        json.value(1)
        json.removeAll()
        json.value(2)
        #expect(json.string == "2")
    }
}
