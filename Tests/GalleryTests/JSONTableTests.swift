import Foundation
import Testing
import Weir
import WeirTesting

@testable import WeirConnectors

/// A row of the table *How JSON is read*, with what both readers make of a line.
struct JSONRow: Sendable, CustomTestStringConvertible {
    enum Answer: Equatable, Sendable {
        /// The value, as `Item` writes it.
        case value(String)
        case malformed(String, column: Int?)
        case nothing
    }

    /// The row's name in the article.
    let name: String
    let line: [UInt8]
    let answer: Answer
    /// The component that `logs` reads; nil where the line is none to it.
    let component: String?

    init(_ name: String, _ line: String, _ answer: Answer, logs component: String?) {
        self.init(name, Array(line.utf8), answer, logs: component)
    }

    init(_ name: String, _ line: [UInt8], _ answer: Answer, logs component: String?) {
        self.name = name
        self.line = line
        self.answer = answer
        self.component = component
    }

    var testDescription: String {
        "\(name): \(String(decoding: line.prefix(60), as: UTF8.self))"
    }

    /// A line with a time, a component and another member.
    private static func line(_ rest: String) -> String { #"{"time":1,"logger":"a"\#(rest)}"# }

    private static func nested(_ depth: Int) -> String {
        line(
            #","x":"# + String(repeating: "[", count: depth - 1)
                + String(repeating: "]", count: depth - 1))
    }

    static let all: [JSONRow] =
        [
            JSONRow("a byte order mark", "\u{FEFF}" + line(""), .value("a - -"), logs: "a"),
            JSONRow("a blank line", "", .nothing, logs: nil),
            JSONRow("a blank line", " \t", .nothing, logs: nil),
            JSONRow(
                "a comma at the end", line(","),
                .malformed("a comma is followed by the end of the object", column: 24), logs: nil),
            JSONRow(
                "a comma at the end", line(#","x":[1,]"#),
                .malformed("a comma is followed by the end of the array", column: 31), logs: nil),
            JSONRow(
                "a member twice", line(#","logger":"b","id":1,"id":2"#), .value("a 1 -"),
                logs: "a"),
            JSONRow(
                "a member twice", line(#","id":"x","id":1"#),
                .malformed("member id is a text, not Int64", column: 29), logs: "a"),
            JSONRow(
                "an escaped name", #"{"\u0074ime":1,"logge\u0072":"a","\u0069d":7}"#,
                .value("a 7 -"),
                logs: "a"),
            JSONRow(
                "an escaped text", #"{"time":1,"logger":"\n\"\\\/\u00e9\ud83d\ude00"}"#,
                .value("\n\"\\/é😀 - -"), logs: "\n\"\\/é😀"),
            JSONRow(
                "half a character", #"{"time":1,"logger":"a\ud800b\udc00"}"#,
                .value("a\u{FFFD}b\u{FFFD} - -"), logs: "a\u{FFFD}b\u{FFFD}"),
            JSONRow(
                "another escape", #"{"time":1,"logger":"\q\u12"}"#,
                .value("\u{FFFD}\u{FFFD}12 - -"), logs: "\u{FFFD}\u{FFFD}12"),
            JSONRow(
                "bytes that are not UTF-8",
                Array(#"{"time":1,"logger":"a"#.utf8) + [0xFF, 0x62] + Array(#""}"#.utf8),
                .value("a\u{FFFD}b - -"), logs: "a\u{FFFD}b"),
            JSONRow(
                "a control character", "{\"time\":1,\"logger\":\"a\tb\"}",
                .malformed("a text holds a control character", column: 22), logs: nil),
            JSONRow(
                "a number too large", line(#","id":9223372036854775808"#),
                .malformed("member id: 9223372036854775808 does not fit Int64", column: 29),
                logs: "a"),
            JSONRow(
                "a number too large", line(#","d":1E400"#),
                .malformed("member d: 1E400 does not fit Double", column: 28), logs: "a"),
            JSONRow("a number too large", line(#","x":1E400"#), .value("a - -"), logs: "a"),
            JSONRow(
                "a fraction for an integer", line(#","id":1.5"#),
                .malformed("member id: 1.5 does not fit Int64", column: 29), logs: "a"),
            JSONRow("a whole number", line(#","id":1.0"#), .value("a 1 -"), logs: "a"),
            JSONRow("a whole number", line(#","id":1e3"#), .value("a 1000 -"), logs: "a"),
            JSONRow("a number nearly 0", line(#","d":1e-400"#), .value("a - 0.0"), logs: "a"),
            JSONRow("a number nearly 0", line(#","d":-0.0"#), .value("a - -0.0"), logs: "a"),
        ] + malformed

    private static let malformed: [JSONRow] = [
        JSONRow(
            "a number written otherwise", line(#","d":01"#),
            .malformed("a number begins with 0", column: 29), logs: nil),
        JSONRow(
            "a number written otherwise", line(#","d":+1"#),
            .malformed("no value begins with '+'", column: 28), logs: nil),
        JSONRow(
            "a number written otherwise", line(#","d":.5"#),
            .malformed("no value begins with '.'", column: 28), logs: nil),
        JSONRow(
            "a number written otherwise", line(#","d":1."#),
            .malformed("a number lacks a digit", column: 30), logs: nil),
        JSONRow(
            "a number written otherwise", line(#","d":NaN"#),
            .malformed("no value begins with 'N'", column: 28), logs: nil),
        JSONRow(
            "a word", line(#","x":nul"#), .malformed("no value begins with 'n'", column: 28),
            logs: nil),
        JSONRow("512 levels", nested(512), .value("a - -"), logs: "a"),
        JSONRow(
            "513 levels", nested(513),
            .malformed("it is nested deeper than 512", column: 28 + 511), logs: nil),
        JSONRow(
            "something behind it", line("") + " x",
            .malformed("something stands behind the object", column: 25), logs: nil),
        JSONRow(
            "something behind it", line("") + line(""),
            .malformed("something stands behind the object", column: 24), logs: nil),
        JSONRow(
            "an end that is missing", String(line("").dropLast()),
            .malformed("it ends inside an object", column: 23), logs: nil),
        JSONRow(
            "an end that is missing", #"{"time":1,"logger":"a"#,
            .malformed("it ends inside a text", column: 22), logs: nil),
        JSONRow(
            "other quotes, comments", "{'time':1}",
            .malformed("''' stands where a member's name is due", column: 2), logs: nil),
        JSONRow(
            "no object", "5", .malformed("it is a number, not an object", column: 1), logs: nil),
        JSONRow(
            "no object", "[1]", .malformed("it is an array, not an object", column: 1), logs: nil),
        JSONRow(
            "another type", line(#","id":"x""#),
            .malformed("member id is a text, not Int64", column: 29), logs: "a"),
        JSONRow("null", line(#","id":null"#), .value("a - -"), logs: "a"),
    ]
}

/// What `.jsonLines` reads in these tests.
private struct Item: Codable, Sendable {
    var time: Double?
    var logger: String?
    var id: Int64?
    var d: Double?

    var text: String {
        "\(logger ?? "-") \(id.map { "\($0)" } ?? "-") \(d.map { "\($0)" } ?? "-")"
    }
}

private let items = Pipeline("items") { flow in
    let (items, malformed) = flow.readWithMalformed("items", from: .jsonLines(as: Item.self))
    items.map("text") { $0.text }.write("values") { $0 }
    malformed.write("malformed")
}

private struct Malformed: Decodable {
    var reason: String
    var column: Int?
}

@Suite struct JSONTableTests {
    @Test(arguments: JSONRow.all)
    func `jsonLines answers as the table says`(row: JSONRow) throws {
        let run = try items.simulate(seed: 1, inputs: ["items": row.line])
        #expect(run.failure == nil)
        let malformed = try (run.rows["malformed"] ?? []).map {
            try JSONDecoder().decode(Malformed.self, from: Data($0.utf8))
        }
        let answer: JSONRow.Answer =
            if let value = run.rows["values"]?.joined(separator: "\n"), !value.isEmpty {
                .value(value)
            } else if let first = malformed.first {
                .malformed(first.reason, column: first.column)
            } else { .nothing }
        #expect(answer == row.answer)
    }

    @Test(arguments: JSONRow.all)
    func `logs answers as the table says`(row: JSONRow) throws {
        var reader = LogLineReader(.known(), started: Instant(nanoseconds: 0))
        let read = row.line.withUnsafeBytes { try? reader.read($0) }
        #expect(read?.component == row.component)
    }

    @Test func `the article has these rows and no others`() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Weir/Weir.docc/HowJSONIsRead.md")
        let rows = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| ") }.dropFirst(2)
            .map { $0.dropFirst(2).prefix { $0 != "|" }.trimmingCharacters(in: .whitespaces) }
        #expect(Set(rows) == Set(JSONRow.all.map(\.name)))
        #expect(rows.count == Set(rows).count)
    }
}
