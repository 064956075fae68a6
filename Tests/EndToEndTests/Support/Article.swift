import Foundation
import Testing

/// An article of the documentation, with what it says to write and to run.
struct Article {
    /// Blocks marked `<!-- file: PATH -->`, in order.
    let files: [(path: String, text: String)]
    /// Blocks marked `<!-- session: TRACE -->`, in order: what was typed and what came.
    let sessions: [(trace: String, text: String)]
    private let commands: [String: String]

    init(_ name: String) throws {
        let path = "\(Weir.repository)/Sources/Weir/Weir.docc/\(name).md"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let block =
            /<!-- (?<kind>file|command|session): (?<name>\S+) -->\n```\w+\n(?<text>(?s:.*?))\n```/
        let found = text.matches(of: block)
        files = found.filter { $0.kind == "file" }.map {
            (String($0.name), String($0.text) + "\n")
        }
        sessions = found.filter { $0.kind == "session" }.map {
            (String($0.name), String($0.text) + "\n")
        }
        commands = Dictionary(
            found.filter { $0.kind == "command" }.map { (String($0.name), String($0.text)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The block marked `<!-- command: NAME -->`.
    func command(_ name: String) throws -> String {
        try #require(commands[name], "the article has no command \(name)")
    }
}
