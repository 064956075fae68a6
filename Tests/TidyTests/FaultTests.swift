import Foundation
import Testing

/// The planted faults of `weir-bench mutants` still fit the code that they break.
///
/// Whether each is caught takes minutes, and is that command's to say. That each patch applies
/// takes milliseconds, and says in the change that moves the code which faults it leaves behind.
@Suite struct FaultTests {
    private static let repository = Repository()

    /// What is broken on purpose, one rule each: a fault may be written anew, and none is lost.
    static let names = [
        "accessNumberOutsideLock", "bodySeesDepth", "commitFirst", "commitFlag", "completionCount",
        "digestQueuedOnly", "dropTimeouts", "freeOnDrain", "handOverFirst", "mergeInQueue",
        "mergeRemainder", "numberAfterPublish", "numberBeforeLook", "publishNumberOutsideLock",
        "rawMemoryDigest", "restWithOpenTurns", "resultAfterHandOver", "runWithPending", "skipGaps",
        "stopAtGap", "takeOutsideLock", "twoProducers", "uncutTimers",
    ]

    @Test func `the folder holds the faults that are known here and no other`() throws {
        let found = try Self.repository.paths(below: FaultPatch.folder)
            .filter { $0.hasSuffix(".patch") }
        #expect(found == Self.names.map { FaultPatch.path($0) })
    }

    @Test(arguments: names)
    func `a planted fault applies alone`(name: String) throws {
        let patch = try FaultPatch(name, in: Self.repository)
        let answer = try patch.check()
        #expect(answer == "", "make \(patch.path) again for the code as it is now")
    }

    @Test func `all planted faults apply together, in the order of their names`() throws {
        let patches = try Self.names.map { try FaultPatch($0, in: Self.repository) }
        let together = patches.map(\.text).joined(separator: "\n")
        let answer = try FaultPatch.check(together, in: Self.repository)
        #expect(answer == "")
    }

    @Test(arguments: names)
    func `a planted fault says what it breaks and stands behind its own switch`(
        name: String
    ) throws {
        let patch = try FaultPatch(name, in: Self.repository)
        #expect(patch.head.first?.count ?? 0 > 20, "say in a sentence what it breaks")
        #expect(patch.head.last?.hasPrefix("Trial: ") == true, "the line before the diff")
        #expect(Set(patch.switches) == [name])
    }

    @Test func `a patch that the code has left behind is refused`() throws {
        let text = try FaultPatch(Self.names[0], in: Self.repository).text
            .replacing("\n ", with: "\n never ")
        #expect(try FaultPatch.check(text, in: Self.repository).contains("does not apply"))
    }
}

/// One patch of the folder, and git's opinion of it.
private struct FaultPatch {
    static let folder = "Tests/Faults"

    let path: String
    let text: String
    private let repository: Repository

    static func path(_ name: String) -> String { "\(folder)/\(name).patch" }

    init(_ name: String, in repository: Repository) throws {
        path = Self.path(name)
        text = try repository.file(path).text
        self.repository = repository
    }

    /// The lines before the diff that say something.
    var head: [Substring] {
        text.split(separator: "\n").prefix { !$0.hasPrefix("--- ") }.map { $0 }
    }

    /// The names that the diff asks the switch for.
    var switches: [String] {
        text.split(separator: "Fault.isPlanted(\"").dropFirst().compactMap {
            $0.split(separator: "\"").first.map(String.init)
        }
    }

    /// What git has against the patch; nothing when it applies to the working tree.
    func check() throws -> String { try Self.check(text, in: repository) }

    static func check(_ text: String, in repository: Repository) throws -> String {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", repository.top.path, "apply", "--check", "-"]
        var environment = ProcessInfo.processInfo.environment
        // A copy of the tree below another repository is none of that one's folders: git would
        // take the paths from that one's top level, and pass over what it does not find.
        environment["GIT_CEILING_DIRECTORIES"] = repository.top.deletingLastPathComponent().path
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] { environment[name] = nil }
        git.environment = environment
        let (input, output) = (Pipe(), Pipe())
        git.standardInput = input
        git.standardOutput = output
        git.standardError = output
        try git.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        let words = String(decoding: answer, as: UTF8.self)
        return git.terminationStatus == 0 ? "" : words + "git apply ended with an error"
    }
}
