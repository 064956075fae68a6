import Foundation
import Testing
import WeirBase

/// The scanner against the grammar, and against another reader of JSON.
@Suite struct JSONScannerTests {
    /// The kind of the one value of a line, or why it is none and where.
    private func scan(_ line: String, collecting: Bool = false) -> String {
        Array(line.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes, collectsOddities: collecting)
            do throws(JSONScanner.Fault) {
                let value = try scanner.wholeValue()
                let oddities = scanner.oddities.map {
                    " \($0.isNumber ? "number" : "escape") \($0.range)"
                }
                return "\(value.kind) \(value.range)" + oddities.joined()
            } catch {
                return "\(error.offset): \(error.reason)"
            }
        }
    }

    @Test(arguments: [
        ("{ }", "object 0..<3"), ("[\t]", "array 0..<3"), (" [ 1 , 2 ] ", "array 1..<10"),
        ("{ \"a\" : 1 , \"b\" : [ ] }", "object 0..<23"), ("\u{FEFF} \"a\"", "string 5..<6"),
        ("-0.5e+10", "number 0..<8"), ("0", "number 0..<1"), ("true", "literal 0..<4"),
        ("\"\\u00e9\\ud83d\\ude00\"", "string 1..<19"), ("{\r\n}", "object 0..<4"),
    ])
    func `space may stand between any two tokens`(line: String, value: String) {
        #expect(scan(line) == value)
    }

    @Test(arguments: [
        ("01", "1: a number begins with 0"), ("-00", "2: a number begins with 0"),
        ("1.", "2: a number lacks a digit"), ("-", "1: a number lacks a digit"),
        ("1e", "2: a number lacks a digit"), ("1e+", "3: a number lacks a digit"),
        (".5", "0: no value begins with '.'"),
        ("[1,]", "3: a comma is followed by the end of the array"),
        ("", "0: it ends where a value is due"), ("tru", "0: no value begins with 't'"),
        ("trux", "0: no value begins with 't'"), ("1 2", "2: something stands behind the value"),
        ("{} x", "3: something stands behind the object"),
        ("\u{1}", "0: no value begins with byte 0x01"),
    ])
    func `what breaks the grammar is told with its place`(line: String, fault: String) {
        #expect(scan(line) == fault)
    }

    @Test func `values may be nested so deep and no deeper`() {
        let deepest = JSONScanner.maximumDepth
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(scan(nested(deepest)) == "array 0..<\(2 * deepest)")
        #expect(scan(nested(deepest + 1)) == "\(deepest): it is nested deeper than \(deepest)")
    }

    @Test(arguments: [
        ("1e-400", "number 0..<6 number 0..<6"), ("1e-300", "number 0..<6"),
        ("0e-999", "number 0..<6"), ("0.0e5", "number 0..<5"),
        ("[-3E-330]", "array 0..<9 number 1..<8"),
        ("\"\\ud800\"", "string 1..<7 escape 1..<7"), ("\"\\u0041\"", "string 1..<7"),
    ])
    func `what other readers of JSON do not understand is collected`(line: String, value: String) {
        #expect(scan(line, collecting: true) == value)
        #expect(!scan(line).contains(" escape") && !scan(line).contains("number 0..<6 number"))
    }

    @Test func `a small number is looked at whether it has an exponent or many digits`() {
        let zeros = String(repeating: "0", count: 340)
        let line = "0.\(zeros)1"
        #expect(scan(line, collecting: true) == "number 0..<343 number 0..<343")
        #expect(scan("0.\(zeros)", collecting: true) == "number 0..<342")
    }
}
