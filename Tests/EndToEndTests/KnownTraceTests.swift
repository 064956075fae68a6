import Foundation
import Testing
import WeirBase

/// What the commands say of the traces that ship is today what it was when it was looked at.
///
/// A trace never changes, and nothing that is said of it depends on time or place. Rules have tests
/// of their own, which say what they are; this finds what they leave open. A change that is meant
/// is looked at, and then kept: `WEIR_WRITE_KNOWN=DIR` writes the files anew.
struct KnownTraceTests {
    private let weir: Weir
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
        try Self.file("\(trace).script").write(
            toFile: weir.scratch.file("script"), atomically: true, encoding: .utf8)
        let outcome = try weir.run(
            ["replay", "\(trace).mcap", "--script", "script"] + (form == "txt" ? [] : ["--json"]))
        #expect(outcome.code == code, "\(outcome)")
        // How long a command took is not of the trace.
        let output = outcome.output.replacing(/,"duration_ns":[0-9]+/, with: "")
        try compare(output, "\(trace).\(form)")
    }

    /// A command for each line of the table, which has the size and a hash of what it prints: the
    /// texts themselves are megabytes.
    @Test func `exports and overviews of a trace are what they were`() throws {
        let kept = try Self.file("outputs.txt").split(separator: "\n").map(String.init)
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
        try compare(got.joined(separator: "\n") + "\n", "outputs.txt")
    }

    private static func file(_ name: String) throws -> String {
        try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Known/\(name)"), encoding: .utf8)
    }

    private func compare(_ text: String, _ name: String) throws {
        if let folder = ProcessInfo.processInfo.environment["WEIR_WRITE_KNOWN"] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            return
        }
        let kept = try Self.file(name).split(separator: "\n", omittingEmptySubsequences: false)
        let got = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (line, (new, old)) in zip(got, kept).enumerated() where new != old {
            Issue.record("\(name), line \(line + 1):\n  kept \(old)\n  got  \(new)")
        }
        #expect(got.count == kept.count, "\(name) has other lines at its end")
    }
}
