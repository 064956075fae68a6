import Foundation
import Testing
import Weir
import WeirTesting

@testable import WeirConnectors

/// Real logs that lie beside the package on some machines; elsewhere these tests are skipped.
private let folder: URL = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("../shared/data/loghub").standardizedFileURL

@Suite(.enabled(if: FileManager.default.fileExists(atPath: folder.path), "needs the real logs"))
struct RealLogTests {
    private struct Counts {
        var lines = 0
        var unparsed = 0
        var levels: [String: Int] = [:]
        var components: [String: Int] = [:]
        var forms: Set<LineForm> = []
    }

    private func count(_ file: String) throws -> Counts {
        let data = try Data(contentsOf: folder.appendingPathComponent(file))
        var counts = Counts()
        var last: LineForm?
        for line in data.split(separator: 0x0A) {
            counts.lines += 1
            guard let parsed = LineFormat.parse(line, last: last, defaultYear: 2024) else {
                counts.unparsed += 1
                continue
            }
            last = parsed.form
            if let form = parsed.form { counts.forms.insert(form) }
            counts.levels[parsed.level, default: 0] += 1
            counts.components[parsed.component, default: 0] += 1
        }
        return counts
    }

    // The figures are those of grep and awk on the files.

    @Test func `OpenStack's lines are all read`() throws {
        let counts = try count("OpenStack_2k.log")
        #expect(counts.lines == 2_000 && counts.unparsed == 0 && counts.forms == [.openStack])
        #expect(counts.levels == ["info": 1_969, "warning": 31])
        #expect(counts.components.count == 10)
        #expect(counts.components["nova.osapi_compute.wsgi.server"] == 809)
    }

    @Test func `the lines of Hadoop's file system are all read`() throws {
        let counts = try count("HDFS_2k.log")
        #expect(counts.lines == 2_000 && counts.unparsed == 0 && counts.forms == [.hdfs])
        #expect(counts.levels == ["info": 1_920, "warning": 80])
    }

    @Test func `Apache's lines are all read`() throws {
        let counts = try count("Apache_2k.log")
        #expect(counts.lines == 2_000 && counts.unparsed == 0 && counts.forms == [.apache])
        #expect(counts.levels == ["notice": 1_405, "error": 595])
        #expect(counts.components == ["httpd": 2_000])
    }

    @Test func `Android's lines are all read`() throws {
        let counts = try count("Android_2k.log")
        #expect(counts.lines == 2_000 && counts.unparsed == 0 && counts.forms == [.logcat])
        #expect(
            counts.levels == ["debug": 650, "error": 3, "info": 920, "trace": 257, "warning": 170])
        #expect(counts.components["WindowManager"] ?? 0 > 40)
    }

    @Test(arguments: [
        ("Apache_2k.log", ["error": 595, "notice": 1_405]),
        ("HDFS_2k.log", ["info": 1_920, "warning": 80]),
        ("OpenStack_2k.log", ["info": 1_969, "warning": 31]),
        ("Android_2k.log", ["debug": 650, "error": 3, "info": 920, "trace": 257, "warning": 170]),
    ])
    func `a run counts each line once, at its level`(
        file: String, expected: [String: Int]
    ) throws {
        let data = try Data(contentsOf: folder.appendingPathComponent(file))
        var levels: [String: Int] = [:]
        for row in try counted(Array(data), seed: 11) { levels[row.level, default: 0] += row.count }
        #expect(levels == expected)
    }
}
