import Foundation

/// The working tree that the tests were built from.
struct Repository {
    let top: URL

    /// What may lie at the top level beside files and folders that begin with a dot.
    static let topLevel: Set<String> = [
        "Package.swift", "Sources", "Tests", "traces", "findings", "README.md",
    ]
    /// What the build and runs put there; the repository ignores it.
    static let ignored: Set<String> = ["Package.resolved", "weir-traces"]

    init() {
        top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    func topLevelNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: top.path).sorted()
    }

    static func findings(inTopLevel names: [String]) -> [Finding] {
        names.filter { !$0.hasPrefix(".") && !topLevel.contains($0) && !ignored.contains($0) }
            .map {
                Finding(
                    file: $0, line: 1,
                    advice: "does not belong at the top level: move it below Sources or Tests, or "
                        + "take it out")
            }
    }

    /// Paths of all files below a folder, in order.
    func paths(below folder: String) throws -> [String] {
        let root = top.appending(path: folder)
        guard FileManager.default.fileExists(atPath: root.path) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
            .map { "\(folder)/\($0)" }
            .filter { path in
                var isFolder: ObjCBool = false
                let full = top.appending(path: path).path
                return FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
                    && !isFolder.boolValue
            }
    }

    /// The file at a path, its bytes read as text whatever they are.
    func file(_ path: String) throws -> SourceFile {
        let data = try Data(contentsOf: top.appending(path: path))
        return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
    }

    /// All Swift sources. They are read and taken apart once for all rules, which is most of what
    /// the rules cost.
    func swiftFiles() throws -> [SourceFile] { try Self.sources.get() }

    private static let sources = Result {
        let repository = Repository()
        let paths = try repository.paths(below: "Sources") + repository.paths(below: "Tests")
        return try paths.filter { $0.hasSuffix(".swift") }.map(repository.file)
    }

    /// Every file that people wrote or that ships.
    func allFiles() throws -> [SourceFile] {
        let sources = try swiftFiles()
        let known = Set(sources.map(\.path))
        var paths = try topLevelNames().filter { Self.topLevel.contains($0) && $0.contains(".") }
        for folder in [".ci", "Sources", "Tests", "traces", "findings"] {
            paths += try self.paths(below: folder)
        }
        return try sources + paths.filter { !known.contains($0) }.map(file)
    }
}
