import Foundation
import Testing

@testable import WeirDebugger

/// What the article on the command line says of the debugger's commands.
@Suite struct CommandArticleTests {
    @Test func `every command has its row in the article on the command line`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let article = try String(
            contentsOf: root.appending(path: "Sources/Weir/Weir.docc/CommandLine.md"),
            encoding: .utf8)
        let rows = article.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for command in CommandTable.all {
            let isTold = rows.contains { row in
                row.contains("`\(command.name)`") || row.contains("`\(command.name) ")
            }
            #expect(isTold, "\(command.name)")
        }
    }
}
