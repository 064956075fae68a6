import Testing

/// The working tree keeps the rules of the house.
@Suite struct TidyTests {
    private let repository = Repository()

    private func expectNone(_ findings: [Finding]) {
        for finding in findings { Issue.record("\(finding)") }
    }

    @Test func `every import follows an arrow`() throws {
        let files = try repository.swiftFiles()
        #expect(files.count > 20, "the scan found too few files to mean anything")
        expectNone(files.flatMap(ImportRule.findings(in:)))
    }

    @Test func `no room names what it sees through a protocol`() throws {
        expectNone(try repository.swiftFiles().flatMap(ImportRule.findings(behindSeam:)))
    }

    @Test func `no target depends on more than the table allows`() throws {
        let manifest = try repository.file("Package.swift")
        #expect(ImportRule.targets(inManifest: manifest).count > 10)
        expectNone(ImportRule.findings(inManifest: manifest))
    }

    @Test func `every target of the manifest is a room of the table`() throws {
        let targets = ImportRule.targets(inManifest: try repository.file("Package.swift"))
        for target in targets where !target.isTest {
            #expect(Rooms.all[target.name] != nil, "add \(target.name) to Rooms.swift")
        }
    }

    @Test func `files, lines and bodies keep their sizes`() throws {
        expectNone(try repository.swiftFiles().flatMap(SizeRule.findings(in:)))
    }

    @Test func `every allowed long function still exists and is long`() throws {
        let long = try repository.swiftFiles().flatMap { file in
            FunctionBody.all(in: file.tokens)
                .filter {
                    $0.lineCount > (file.isTest ? SizeRule.testBodyLines : SizeRule.bodyLines)
                }
                .map { "\(file.path):\($0.name)" }
        }
        for entry in SizeRule.longFunctions.keys.sorted() {
            #expect(long.contains(entry), "take \(entry) out of longFunctions")
        }
    }

    @Test(arguments: Ratchet.allCases)
    func `what there is too much of becomes less`(ratchet: Ratchet) throws {
        let found = try repository.swiftFiles().flatMap(ratchet.findings(in:))
        let list = found.map { "\($0)\n" }.joined()
        #expect(
            found.count <= ratchet.allowed,
            "\(found.count) \(ratchet.rawValue), at most \(ratchet.allowed):\n\(list)")
        #expect(
            found.count >= ratchet.allowed,
            "\(found.count) \(ratchet.rawValue): lower the \(ratchet.allowed) in Ratchet.swift")
    }

    @Test func `everything public is documented`() throws {
        expectNone(try repository.swiftFiles().flatMap(DocumentationRule.findings(in:)))
    }

    @Test func `nothing public hides a type of the standard library`() throws {
        expectNone(try repository.swiftFiles().flatMap(ShadowRule.findings(in:)))
    }

    @Test func `every lock is one that the thread sanitizer sees`() throws {
        expectNone(try repository.swiftFiles().flatMap(LockRule.findings(in:)))
    }

    @Test func `nothing with a unit is declared as a bare integer`() throws {
        let files = try repository.swiftFiles()
        expectNone(files.flatMap(UnitRule.findings(in:)))
        expectNone(files.flatMap(UnitRule.findings(inUnits:)))
        expectNone(files.flatMap(UnitRule.findings(inBounds:)))
        for path in UnitRule.bareFiles.keys.sorted() {
            #expect(files.contains { $0.path == path }, "take \(path) out of bareFiles")
        }
    }

    @Test func `no name holds a retired word`() throws {
        let files = try repository.swiftFiles()
        expectNone(files.flatMap(RetiredWordRule.findings(in:)))
        let names = Set(files.flatMap { $0.tokens.map(\.text) })
        for name in RetiredWordRule.allowed.keys.sorted() {
            #expect(names.contains(name), "take \(name) out of allowed")
        }
    }

    @Test func `the table of the house counts by the same words as the rule`() throws {
        let script = try repository.file(".ci/house").text
        let tables: [(name: String, entries: [String])] = [
            ("RETIRED", Array(RetiredWordRule.words.keys)),
            ("RETIRED_NAMES", Array(RetiredWordRule.names.keys)),
            ("ALLOWED", Array(RetiredWordRule.allowed.keys)),
        ]
        for (name, entries) in tables {
            let table = try #require(script.split(separator: "\n\(name) = {").dropFirst().first)
            let words = table.prefix { $0 != "}" }.split(separator: "\"").filter {
                $0.allSatisfy(\.isLetter)
            }
            #expect(words.map(String.init).sorted() == entries.sorted(), "\(name)")
        }
    }

    @Test func `no file holds words that do not belong`() throws {
        expectNone(try repository.allFiles().flatMap(WordRule.findings(in:)))
    }

    @Test func `every rule of the protocol has a test that names it`() throws {
        let files = try repository.swiftFiles().filter(\.isTest)
        var named: Set<Int> = []
        for file in files {
            for (rule, line) in ProtocolRules.named(in: file) {
                named.insert(rule)
                if ProtocolRules.all[rule] == nil {
                    Issue.record("\(file.path):\(line): there is no rule \(rule)")
                }
            }
        }
        for (rule, sentence) in ProtocolRules.all.sorted(by: { $0.key < $1.key }) {
            #expect(named.contains(rule), "no test names rule \(rule): \(sentence)")
        }
    }

    @Test func `the top level holds what it should`() throws {
        expectNone(Repository.findings(inTopLevel: try repository.topLevelNames()))
    }
}
