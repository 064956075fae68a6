import Foundation
import KeptText
import Testing
import WeirBase

/// What the commands say of the traces that ship is today what it was when it was looked at.
///
/// A trace never changes, and nothing that is said of it depends on time or place. Rules have tests
/// of their own, which say what they are; this finds what they leave open. A change that is meant
/// is looked at, and then kept: `WEIR_WRITE_KNOWN=DIR` writes the files anew.
struct KnownTraceTests {
    private let weir: Weir
    private static let kept = KeptText("Known", variable: "WEIR_WRITE_KNOWN")
    private static let traces = [
        "overdrawn": "orders/overdrawn.mcap", "race": "orders/race.mcap", "shop": "logs/shop.mcap",
    ]

    init() throws {
        weir = try Weir()
        for (name, path) in Self.traces {
            try FileManager.default.copyItem(
                atPath: Weir.repository + "/traces/" + path,
                toPath: weir.scratch.file(name + ".mcap"))
        }
    }

    @Test(
        arguments: [
            ("overdrawn", "txt", 1), ("overdrawn", "jsonl", 1), ("shop", "txt", 0),
            ("shop", "jsonl", 0),
        ] as [(String, String, Int32)])
    func `a script of every command answers what it did`(
        trace: String, form: String, code: Int32
    ) throws {
        try Self.kept.text("\(trace).script").write(
            toFile: weir.scratch.file("script"), atomically: true, encoding: .utf8)
        let outcome = try weir.run(
            ["replay", "\(trace).mcap", "--script", "script"] + (form == "txt" ? [] : ["--json"]))
        #expect(outcome.code == code, "\(outcome)")
        // How long a command took is not of the trace.
        let output = outcome.output.replacing(/,"duration_ns":[0-9]+/, with: "")
        #expect(try Self.kept.difference(of: output, from: "\(trace).\(form)") == nil)
    }

    /// A command for each line of the table, which has the size and a hash of what it prints: the
    /// texts themselves are megabytes.
    @Test func `exports and overviews of a trace are what they were`() throws {
        let kept = try Self.kept.text("outputs.txt").split(separator: "\n").map(String.init)
        var got: [String] = []
        for line in kept {
            let command = line.split(separator: "\t").first.map(String.init) ?? line
            let outcome = try weir.run(command.split(separator: " ").map(String.init))
            #expect(outcome.code == 0, "\(command): \(outcome.errors)")
            // Where the program lies is in the commands that it suggests.
            let output = outcome.output.replacing(weir.program, with: "weir")
            let lines = output.count { $0.isNewline }
            let bytes = Array(output.utf8)
            var hash = StableHash()
            hash.combine(bytes: bytes)
            got.append(
                "\(command)\t\(lines) lines\t\(bytes.count) bytes\t\(hash.value.hexadecimal)")
        }
        let text = got.joined(separator: "\n") + "\n"
        #expect(try Self.kept.difference(of: text, from: "outputs.txt") == nil)
    }
}
