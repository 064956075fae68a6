import Testing

/// Every rule is seen to fail on a text that breaks it, and to let its like pass.
@Suite struct RuleTests {
    private func file(_ text: String, _ path: String = "Sources/WeirEngine/A.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test(arguments: [
        ("Sources/WeirEngine/A.swift", "import Foundation", "Foundation"),
        ("Sources/WeirBase/A.swift", "package import WeirTelemetry", "WeirTelemetry"),
        ("Sources/WeirEngine/A.swift", "import struct WeirTrace.Reader", "WeirTrace"),
        ("Sources/WeirTrace/A.swift", "public import Foundation", "Foundation"),
        ("Sources/Unknown/A.swift", "import WeirBase", "WeirBase"),
        ("Sources/WeirTerminal/Canvas/A.swift", "import CNCurses", "CNCurses"),
        ("Sources/WeirMonitor/A.swift", "import Glibc", "Glibc"),
        ("Sources/WeirMonitor/A.swift", "import WeirTrace", "WeirTrace"),
        ("Tests/WeirBaseTests/A.swift", "import NIOCore", "NIOCore"),
    ])
    func `an import without an arrow is found`(path: String, text: String, module: String) {
        let findings = ImportRule.findings(in: file("// One.\n\(text)\n", path))
        #expect(findings.map(\.line) == [2])
        #expect(findings.first?.advice.contains(module) == true)
    }

    @Test(arguments: [
        ("Sources/WeirTrace/A.swift", "import FoundationEssentials"),
        ("Sources/WeirConnectors/A.swift", "import Foundation"),
        ("Sources/WeirTerminal/Curses/A.swift", "import CNCurses"),
        ("Sources/weir-bench/A.swift", "import WeirReplay"),
        ("Sources/WeirEngine/A.swift", "@_exported public import WeirTelemetry"),
        ("Sources/WeirEngine/A.swift", "// import Foundation\nlet a = \"import Foundation\""),
        ("Tests/WeirBaseTests/A.swift", "@testable import WeirBase"),
    ])
    func `an import along an arrow passes`(path: String, text: String) {
        #expect(ImportRule.findings(in: file(text, path)).isEmpty)
    }

    @Test func `a type behind a seam is found where it is named, and not in a comment`() {
        let text = "// ReplaySession\nlet a: any ReplayedExecution\nlet b: ReplaySession\n"
        let path = "Sources/WeirDebugger/A.swift"
        #expect(ImportRule.findings(behindSeam: file(text, path)).map(\.line) == [3])
        #expect(ImportRule.findings(behindSeam: file(text, "Sources/WeirApp/A.swift")).isEmpty)
    }

    @Test func `a dependency beyond the table is found with its line`() {
        let manifest = file(
            """
            .library(name: "Weir", targets: ["WeirApp"]),
            .target(name: "CTicks"),
            .target(
                name: "WeirEngine",
                dependencies: [
                    "WeirBase", .product(name: "DequeModule", package: "swift-collections"),
                    "WeirTrace", .product(name: "ArgumentParser", package: "x"),
                ],
                swiftSettings: strict),
            .testTarget(name: "WeirEngineTests", dependencies: ["WeirEngine", "WeirTrace"]),
            """, "Package.swift")
        #expect(
            ImportRule.targets(inManifest: manifest).map(\.name)
                == ["CTicks", "WeirEngine", "WeirEngineTests"])
        let findings = ImportRule.findings(inManifest: manifest)
        #expect(findings.map(\.line) == [7, 7])
        #expect(findings.first?.advice.contains("WeirTrace") == true)
        #expect(findings.last?.advice.contains("ArgumentParser") == true)
    }

    @Test func `a file with too many lines is found, tests having more room`() {
        let text = String(repeating: "\n", count: SizeRule.sourceLines + 1)
        #expect(SizeRule.findings(in: file(text)).map(\.line) == [801])
        #expect(SizeRule.findings(in: file(text, "Tests/A/B.swift")).isEmpty)
        let longer = String(repeating: "\n", count: SizeRule.testLines + 1)
        #expect(SizeRule.findings(in: file(longer, "Tests/A/B.swift")).count == 1)
    }

    @Test func `a wide line is found unless it is an address or a golden text of a test`() {
        let wide = String(repeating: "x", count: 101)
        let golden = "let a = \"\"\"\n\(wide)\n\"\"\"\n"
        #expect(SizeRule.findings(in: file("\n" + wide)).map(\.line) == [2])
        #expect(SizeRule.findings(in: file("// https://" + wide)).isEmpty)
        #expect(SizeRule.findings(in: file(golden)).map(\.line) == [2])
        #expect(SizeRule.findings(in: file(golden, "Tests/A/B.swift")).isEmpty)
    }

    @Test(arguments: [
        ("let step: UInt64", 1), ("func go(to lastStep: UInt64?) {}", 1),
        ("init(step: UInt64, time: Int64) {}", 1), ("var nextStep = UInt64(1)", 1),
        ("note(step: UInt64(count))", 1), ("let step: Step = 1", 0), ("[Step: UInt64]", 0),
        ("let steps: UInt64", 0),
        ("// step: UInt64", 0), ("let stepped: UInt64", 0), ("writer.append(step.rawValue)", 0),
    ])
    func `a bare integer is found where a unit belongs`(text: String, count: Int) {
        #expect(UnitRule.findings(in: file(text)).count == count)
        let bare = "Tests/EndToEndTests/Support/LaneReader.swift"
        #expect(UnitRule.findings(in: file(text, bare)).isEmpty)
    }

    @Test(arguments: [
        ("let subtask: UInt16", 1), ("func leave(_ nextSubtask: UInt16) {}", 1),
        ("var subtask = UInt16(index)", 1), ("case inside(step: Step, cell: UInt16)", 1),
        ("func take(inlet: UInt16, outlet: UInt16) {}", 2), ("var turnTime: Int64 = 0", 1),
        ("let oldestSince: Int64?", 1), ("let subtask: SubtaskIndex", 0),
        ("let subtasks: UInt16", 0), ("let subtask: Int", 0), ("let time: Int64", 0),
    ])
    func `a bare integer is found where an index or a time since the start belongs`(
        text: String, count: Int
    ) {
        #expect(UnitRule.findings(in: file(text, "Sources/WeirEngine/A.swift")).count == count)
    }

    @Test(arguments: [
        ("package var turns: UInt64 = 0", 1), ("let begunTurns = Int(count)", 1),
        ("var turnCount: UInt64 { turns }", 1), ("let turns: TurnCount", 0),
        ("turns.rawValue", 0), ("let turnsPerActivation: Int", 0), ("let turns = 3", 0),
        ("let bytes: Int", 1), ("init(name: String, residentBytes: UInt64?)", 1),
        ("var weight = 0, bytes = UInt32(clamping: size)", 1), ("let bytesIn: UInt64", 1),
        ("var bytesWritten: Int { 1 }", 1), ("let bytes: ByteCount", 0),
        ("let bytes: [UInt8]", 0), ("let byteCount: Int", 0), ("bytes[index] = UInt8(1)", 0),
        ("let started: Int64", 1), ("let started: UInt64", 0), ("let started: Instant", 0),
    ])
    func `a bare integer is found where turns, bytes or a point in time belong`(
        text: String, count: Int
    ) {
        #expect(UnitRule.findings(in: file(text)).count == count)
        let bare = "Sources/WeirEngine/Run/HeapSized.swift"
        #expect(UnitRule.findings(in: file(text, bare)).isEmpty)
    }

    @Test(arguments: [
        ("static let maximumLineBytes = 16 << 20", 1), ("static let bytes = 1_000", 1),
        ("static let maximumLineBytes = ByteCount.mebibytes(16)", 0),
        ("static let maximumLineBytes: ByteCount = 16", 0), ("static let maximumLines = 16", 0),
    ])
    func `a bound of bytes without its type is found`(text: String, count: Int) {
        #expect(UnitRule.findings(inBounds: file(text, "Sources/A/Bounds.swift")).count == count)
        #expect(UnitRule.findings(inBounds: file(text)).isEmpty)
    }

    @Test(arguments: [
        ("Sources/WeirTrace/A.swift", 1), ("Tests/WeirMonitorTests/A.swift", 1),
        ("Sources/WeirEngine/Run/Message.swift", 0), ("Sources/Gallery/A.swift", 0),
    ])
    func `a bare time is found in the rooms where it can only be the run's`(
        path: String, count: Int
    ) {
        #expect(UnitRule.findings(in: file("init(time: Int64) {}", path)).count == count)
    }

    @Test(arguments: [
        ("package struct Step: UnitNumber {}", 1),
        ("@usableFromInline package struct Step: UnitNumber {}", 1),
        ("@frozen package struct Step: UnitNumber {}", 1),
        ("@frozen @usableFromInline package struct Step: UnitNumber {}", 0),
        ("extension Step: Strideable {}", 0),
    ])
    func `a number that other modules would call into is found`(text: String, count: Int) {
        let path = "Sources/WeirBase/Units/Step.swift"
        #expect(UnitRule.findings(inUnits: file(text, path)).count == count)
        #expect(UnitRule.findings(inUnits: file(text)).isEmpty)
    }

    @Test(arguments: [
        ("Sources/WeirEngine/Run.swift", "let state = Mutex(0)", 1),
        ("Sources/weir-bench/Board.swift", "let state: Mutex<Int>", 1),
        ("Tests/NexmarkTests/OrderTests.swift", "let seen = Mutex([0])", 1),
        ("Sources/Nexmark/Memory.swift", "let state = Mutex(0)", 0),
        ("Sources/WeirEngine/Run.swift", "let state = Guarded(0) // no Mutex", 0),
    ])
    func `a lock that the thread sanitizer does not see is found`(
        path: String, text: String, count: Int
    ) {
        #expect(LockRule.findings(in: file(text, path)).count == count)
    }

    @Test(arguments: [
        ("let place = 1", 1), ("func go(to markedPlaces: [Int]) {}", 1), ("case .mark: 1", 1),
        ("let leastLine = mostLines", 2), ("let lock = Monitor()", 1), ("var thread: Worker?", 1),
        ("monitor.wait()", 1), ("let HANDOVER_ROOM = 1", 1), ("@Option var place: String", 1),
        ("let replaced = market", 0), ("import WeirMonitor", 0), ("let workers = busyWorkers", 0),
        ("let text = \"a place\"", 0), ("/// The `place` of it. // mark", 0),
        ("func first(atMost count: Int) {}", 0), ("let marksDropped = 1", 0),
        ("@Test func `a place has a mark`() {}", 0), ("func handOver() {}", 0),
    ])
    func `a retired word is found in a name`(text: String, count: Int) {
        #expect(RetiredWordRule.findings(in: file(text)).count == count)
    }

    @Test(arguments: [
        ("step", ["step"]), ("lastStep", ["last", "step"]), ("JSONText2", ["json", "text2"]),
        ("upperCASE", ["upper", "case"]), ("of_two", ["of", "two"]), ("A", ["a"]), ("_", []),
    ])
    func `a name is taken apart at its capital letters`(name: String, parts: [String]) {
        #expect(RetiredWordRule.parts(of: name) == parts)
    }

    @Test(arguments: [
        ("func long(_ a: Int = { 1 }()) throws -> Int {", "long"),
        ("init?(a: Int) where A == B {", "init"),
        ("deinit {", "deinit"),
        ("subscript(a: Int) -> Int {", "subscript"),
        ("var long: [Int] {", "long"),
        ("func < (a: Int, b: Int) -> Bool {", "<"),
        ("func `a long name`() {", "`a long name`"),
    ])
    func `a long body is found, up to the limit it passes`(head: String, name: String) {
        func body(_ count: Int) -> SourceFile {
            file(
                "struct A {\n\(head)\n" + String(repeating: "a(\"{\")  // {\n", count: count)
                    + "}\n}\n")
        }
        #expect(SizeRule.findings(in: body(SizeRule.bodyLines)).isEmpty)
        let findings = SizeRule.findings(in: body(SizeRule.bodyLines + 1))
        #expect(findings.map(\.line) == [2])
        #expect(findings.first?.advice.contains(name) == true)
    }

    @Test func `requirements, stored properties and calls have no body`() {
        let text = """
            protocol P {
                func a() -> Int
                init(b: Int)
                var c: Int { get }
            }
            struct S {
                var d = [1].map { $0 }
                var e: Int
                func f() { self.init(g: 1) }
            }
            """
        #expect(FunctionBody.all(in: file(text).tokens).map(\.name) == ["c", "f"])
    }

    @Test(arguments: [
        ("public struct A {}", "without documentation"),
        ("// Plain.\npublic let a = 1", "without documentation"),
        ("/// No stop\npublic func a() {}", "full stop"),
        ("/// \(String(repeating: "a", count: 150)).\n@frozen\npublic enum A {}", "151"),
        ("@available(*, deprecated)\n@inlinable\npublic init() {}", "without documentation"),
        ("struct A {\n    static public var a = 1\n}", "without documentation"),
        ("public private(set) var a = 1", "without documentation"),
    ])
    func `a public declaration without a good summary is found`(text: String, word: String) {
        let findings = DocumentationRule.findings(in: file(text))
        #expect(findings.count == 1)
        #expect(findings.first?.advice.contains(word) == true)
    }

    @Test(arguments: [
        "/// A sentence.\n///\n/// More of it, without end\n@inlinable\npublic func a() {}",
        "/// A sentence over\n/// two lines.\n@available(*, deprecated)\npublic struct A {}",
        "public import WeirBase\npublic extension A {}\npackage func b() {}",
        "/** A sentence. */\npublic final class A {}",
    ])
    func `documented and other declarations pass`(text: String) {
        #expect(DocumentationRule.findings(in: file(text)).isEmpty)
    }

    @Test func `words that do not belong are found with their lines`() {
        let texts = [
            "/wo" + "rk/main", "/tmp/bash" + "_jobs", "// FIX" + "ME: a", "// TO" + "DO: a",
        ]
        for text in texts {
            #expect(WordRule.findings(in: file("a\n\(text)")).map(\.line) == [2], "\(text)")
        }
        #expect(WordRule.findings(in: file("// TO" + "DO(traces/orders-race): order")).isEmpty)
        #expect(WordRule.findings(in: file("FIX" + "ME", "traces/a/a.mcap")).isEmpty)
        #expect(!WordRule.findings(in: file(texts[0], "traces/a/a.mcap")).isEmpty)
    }

    @Test(arguments: [
        ("public struct Slice {}", 1), ("@frozen public struct Slice<Element> {}", 1),
        ("public\ntypealias Result = Int", 1), ("package struct Slice {}", 0),
        ("public struct Part { public enum Result {} }", 0), ("public let Slice = 1", 0),
        ("public let part = 1\nstruct Slice {}", 0),
        ("public struct Part {}\nstruct Slice {}", 0),
    ])
    func `a public name of the standard library is found`(text: String, count: Int) {
        let file = SourceFile(path: "Sources/A/A.swift", text: text)
        #expect(ShadowRule.findings(in: file).count == count)
    }

    @Test func `stored properties are counted by their type and computed ones are not`() {
        let text = """
            struct Outer {
                static let shared = 1
                let first: Int
                private var second = [1: { 2 }]
                var computed: Int { 3 }
                struct Inner {
                    var third: Int
                }
                func body() { let local = 4 }
                var fourth: Int
            }
            extension Outer { var fifth: Int { 5 } }
            """
        let found = StoredProperties.all(in: SwiftText(text).tokens)
        #expect(found.map(\.type) == ["Outer", "Inner"])
        #expect(found.map(\.count) == [3, 1])
    }

    @Test(arguments: [
        (Ratchet.defaults, "switch a { case .b: 1\ndefault: 2 }", 1),
        (.defaults, "subscript(a, default: 2)", 0),
        (.defaults, "let a = \"default: 2\"", 0),
        (.barePointers, "var a = 1\nunowned(unsafe) let b: C", 1),
        (.barePointers, "// It lives longer.\nprivate unowned(unsafe) let b: C", 0),
        (.longFiles, String(repeating: "let a = 1\n", count: 301), 1),
        (.longFiles, String(repeating: "let a = 1\n", count: 300), 0),
        (.longFiles, String(repeating: "/// Why.\nlet a = 1\n", count: 300), 0),
        (.longBodies, "func a() {\n" + String(repeating: "b()\n", count: 41) + "}", 1),
        (.longBodies, "func a() {\n" + String(repeating: "// Why.\nb()\n", count: 40) + "}", 0),
        (.longBodies, "func a() {\n" + String(repeating: "b() // Why.\n", count: 41) + "}", 1),
        (.longBodies, "func a() {\n" + String(repeating: "b()\n", count: 40) + "}", 0),
        (.wideTypes, "struct A {\n" + String(repeating: "let b: C\n", count: 13) + "}", 1),
        (.wideTypes, "struct A {\n" + String(repeating: "let b: C\n", count: 12) + "}", 0),
    ])
    func `each ratchet counts what it is about`(ratchet: Ratchet, text: String, count: Int) {
        #expect(
            ratchet.findings(in: SourceFile(path: "Sources/A/A.swift", text: text)).count == count)
        #expect(ratchet.findings(in: SourceFile(path: "Tests/A/A.swift", text: text)).isEmpty)
    }

    @Test func `a test names a rule by its number and a sentence, and nothing else does`() {
        let text = """
            @Test func `rule 7: a publish is a step`() {}
            @Test func `rule 12: short`() {}
            @Test func `a rule 3: within a sentence`() {}
            // func `rule 4`
            """
        let found = ProtocolRules.named(in: file(text, "Tests/A/A.swift"))
        #expect(found.map(\.rule) == [7] && found.map(\.line) == [1])
    }

    @Test func `a stray name at the top level is found`() {
        let names = [".ci", ".git", "Package.resolved", "Sources", "notes.md", "traces"]
        #expect(Repository.findings(inTopLevel: names).map(\.file) == ["notes.md"])
    }
}
