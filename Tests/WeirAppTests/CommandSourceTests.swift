import Foundation
import Testing

@testable import WeirApp

/// The commands of a script, as they are handed out one after the other.
@Suite struct CommandSourceTests {
    /// All commands of `-x` and of a script's file with this text.
    private func commands(_ given: [String] = [], script: String) throws -> [ScriptCommand] {
        let path = NSTemporaryDirectory() + "weir-script-\(UUID().uuidString)"
        try Data(script.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let source = try CommandSource(commands: given, script: path, isPending: { false })
        var commands: [ScriptCommand] = []
        while let command = try source.next() { commands.append(command) }
        return commands
    }

    @Test func `a last line without an end is a command`() throws {
        #expect(try commands(script: "step\nwhen").map(\.text) == ["step", "when"])
        #expect(try commands(script: "step\nwhen\n").map(\.text) == ["step", "when"])
    }

    @Test func `a carriage return at the end of a line is no part of it`() throws {
        #expect(try commands(script: "step 2\r\n\r\nwhen\r").map(\.text) == ["step 2", "", "when"])
    }

    @Test func `the commands of -x come first, and each is called by its number`() throws {
        let commands = try commands(["info", "quit"], script: "a\n\nb\n")
        #expect(commands.map(\.text) == ["info", "quit", "a", "", "b"])
        #expect(commands.prefix(2).map(\.location) == ["-x 1", "-x 2"])
        #expect(commands.suffix(3).map { $0.location.suffix(2) } == [":1", ":2", ":3"])
    }

    @Test func `a line that has no end is refused with its number`() throws {
        let error = #expect(throws: CommandFailure.self) {
            try commands(script: "step\n" + String(repeating: "x", count: 1 << 17))
        }
        #expect(error?.code == 2)
        #expect(error?.what.contains(":2: a line of more than 65536 bytes") == true)
    }
}
