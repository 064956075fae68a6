import Foundation

/// Texts that were looked at once and are kept as files beside the tests that hold what there is
/// today against them.
///
/// With a variable of the environment the texts are written into the folder that it names instead,
/// to be looked at again.
package struct KeptText {
    private let folder: URL
    private let variable: String

    /// Texts in a folder beside a test's source file.
    package init(_ folder: String, besides file: String = #filePath, variable: String) {
        self.folder = URL(filePath: file).deletingLastPathComponent().appending(path: folder)
        self.variable = variable
    }

    /// A kept text, by the name of its file.
    package func text(_ file: String) throws -> String {
        try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    }

    /// The first line in which a text differs from the kept one; nil where none does, or where it
    /// was written.
    package func difference(of text: String, from file: String) throws -> String? {
        if let folder = ProcessInfo.processInfo.environment[variable] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(file)"))
            return nil
        }
        let kept = try self.text(file).split(separator: "\n", omittingEmptySubsequences: false)
        let got = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (line, (new, old)) in zip(got, kept).enumerated() where new != old {
            return "\(file), line \(line + 1):\n  kept \(old)\n  got  \(new)"
        }
        return got.count == kept.count ? nil : "\(file) has other lines at its end"
    }
}
