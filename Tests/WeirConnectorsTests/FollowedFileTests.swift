import Foundation
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

@Suite struct FollowedFileTests {
    private let folder: TemporaryFolder
    private let reader: any ByteReading
    private let watchdog: Watchdog

    init() throws {
        folder = try TemporaryFolder()
        reader = try FollowedFileSource(
            path: folder.create("log", "first\n"), linger: .zero
        ).open()
        watchdog = Watchdog(reader)
    }

    /// A reader that keeps replaced files for the usual time.
    private func lingering(_ name: String = "log") throws -> any ByteReading {
        try FollowedFileSource(path: folder.file(name)).open()
    }

    @Test func `a growing file is read from its start and on`() throws {
        #expect(reader.next(maximum: 64) == .bytes(Array("first\n".utf8), offset: 0))
        try folder.append("log", "second\n")
        #expect(reader.next(maximum: 64) == .bytes(Array("second\n".utf8), offset: 6))
        #expect(!reader.isRepeatable && reader.path == nil && reader.byteCount == nil)
    }

    @Test func `after a rotation the old file is read, then the new one, then the old one ends`()
        throws
    {
        try folder.rename("log", to: "log.1")
        _ = try folder.create("log", "new\n")
        #expect(
            reader.texts(5) == ["first\n", "[file 1]", "new\n", "[file 0]", "[rotation]"])
    }

    @Test func `what the old file still gets after the rename is read while it lingers`() throws {
        let reader = try lingering()
        #expect(reader.text() == "first\n")
        try folder.rename("log", to: "log.1")
        try folder.append("log.1", "late\n")
        #expect(reader.text() == "late\n")
        _ = try folder.create("log", "new\n")
        #expect(reader.texts(2) == ["[file 1]", "new\n"])
        try folder.append("log.1", "later\n")
        #expect(reader.texts(2) == ["[file 0]", "later\n"])
    }

    @Test func `rotations in quick succession lose no file`() throws {
        for number in 1...3 {
            for older in (0..<number).reversed() where older > 0 {
                try folder.rename("log.\(older)", to: "log.\(older + 1)")
            }
            try folder.rename("log", to: "log.1")
            _ = try folder.create("log", "file \(number)\n")
        }
        let expected = [
            "first\n", "[file 1]", "file 1\n", "[file 2]", "file 2\n", "[file 3]", "file 3\n",
        ]
        #expect(reader.texts(expected.count) == expected)
    }

    @Test func `a file that disappears is waited for`() throws {
        #expect(reader.text() == "first\n")
        try folder.remove("log")
        let path = folder.file("log")
        let writer = SystemThread("writer") {
            _ = FileManager.default.createFile(atPath: path, contents: Data("again\n".utf8))
        }
        #expect(reader.texts(2) == ["[file 1]", "again\n"])
        writer.join()
    }

    @Test func `a file that is renamed away and back is the same file`() throws {
        #expect(reader.text() == "first\n")
        try folder.rename("log", to: "other")
        try folder.rename("other", to: "log")
        try folder.append("log", "on\n")
        #expect(reader.text() == "on\n")
    }

    @Test func `another file that is renamed onto the path is a rotation`() throws {
        _ = try folder.create("next", "new\n")
        try folder.rename("next", to: "log")
        #expect(reader.texts(3) == ["first\n", "[file 1]", "new\n"])
    }

    @Test func `a cut file begins again`() throws {
        #expect(reader.text() == "first\n")
        try folder.truncate("log")
        #expect(reader.text() == "[truncation]")
        try folder.append("log", "new\n")
        #expect(reader.next(maximum: 64) == .bytes(Array("new\n".utf8), offset: 0))
    }

    @Test func `a file that is cut and grows beyond what was read begins again`() throws {
        #expect(reader.text() == "first\n")
        try folder.truncate("log")
        try folder.append("log", "a longer new line\n")
        #expect(reader.texts(2) == ["[truncation]", "a longer new line\n"])
    }

    @Test func `a symbolic link that points elsewhere is a rotation`() throws {
        _ = try folder.create("a", "a\n")
        _ = try folder.create("b", "b\n")
        let files = FileManager.default
        try files.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "a")
        let reader = try lingering("link")
        #expect(reader.text() == "a\n")
        try folder.remove("link")
        try files.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "b")
        #expect(reader.texts(2) == ["[file 1]", "b\n"])
    }

    @Test func `a file that is written anew with the same size begins again`() throws {
        #expect(reader.text() == "first\n")
        try folder.overwrite("log", "other\n")
        #expect(reader.texts(2) == ["[truncation]", "other\n"])
    }

    @Test func `the NULs that a program leaves that keeps its place are passed over`() throws {
        #expect(reader.text() == "first\n")
        try folder.truncate("log")
        try folder.write("log", "new\n", at: 200_000)
        var collector = LineCollector()
        while collector.lines.isEmpty { collector.take(reader.next(maximum: 65_536)) }
        #expect(collector.lines == ["new"])
        #expect(collector.nuls == 200_000)
    }

    @Test func `a file that comes back is not read again`() throws {
        #expect(reader.text() == "first\n")
        try folder.rename("log", to: "old")
        _ = try folder.create("log", "new\n")
        #expect(reader.texts(4) == ["[file 1]", "new\n", "[file 0]", "[rotation]"])
        try folder.rename("old", to: "log")
        try folder.append("log", "on\n")
        #expect(reader.texts(2) == ["[file 2]", "on\n"])
    }

    @Test func `a file that was let go is not taken up by the name of a rotation`() throws {
        // Without the folder's events the names `log.1`, `log.2` tell what came in between.
        let reader = try FollowedFileReader(path: folder.file("log"), linger: 0, usesWatch: false)
        #expect(reader.text() == "first\n")
        try folder.rename("log", to: "old")
        _ = try folder.create("log", "second\n")
        #expect(reader.texts(4) == ["[file 1]", "second\n", "[file 0]", "[rotation]"])
        try folder.rename("log", to: "log.2")
        try folder.rename("old", to: "log.1")
        _ = try folder.create("log", "third\n")
        #expect(reader.texts(4) == ["[file 2]", "third\n", "[file 1]", "[rotation]"])
    }

    @Test func `a file gets a last look before it is let go, however long its round was`() throws {
        let reader = try FollowedFileReader(path: folder.file("log"), linger: 10)
        func look(_ now: UInt64) throws -> InputPiece? {
            try reader.look(maximum: 4, now: now)
        }
        #expect(try look(0) == .bytes(Array("firs".utf8), offset: 0))
        #expect(try look(0) == .bytes(Array("t\n".utf8), offset: 4))
        try folder.rename("log", to: "log.1")
        _ = try folder.create("log", "")
        // The rest of the round in which it was read, and one in which it gives nothing.
        for _ in 0..<2 { #expect(try look(0) == nil) }
        try folder.append("log", "new one\n")
        // The old file has had its turn of the round when the new one's first piece comes.
        #expect(try look(20) == .file(1))
        try folder.append("log.1", "late")
        #expect(try look(20) == .bytes(Array("new ".utf8), offset: 0))
        #expect(try look(20) == .bytes(Array("one\n".utf8), offset: 4))
        #expect(try look(20) == .file(0))
        #expect(try look(20) == .bytes(Array("late".utf8), offset: 6))
    }

    @Test func `more files than may be open wait by their names`() throws {
        let count = ConnectorBounds.maximumOpenFiles + 10
        for number in 1...count {
            try folder.rename("log", to: "old.\(number)")
            _ = try folder.create("log", "file \(number)\n")
        }
        var collector = LineCollector()
        while collector.lines.count < count + 1 { collector.take(reader.next(maximum: 512)) }
        #expect(collector.lines == ["first"] + (1...count).map { "file \($0)" })
    }

    @Test func `cancel from another thread ends the wait for good`() {
        #expect(reader.text() == "first\n")
        let reader = reader
        let canceller = SystemThread("canceller") { reader.cancel() }
        #expect(reader.next(maximum: 64) == nil)
        canceller.join()
        #expect(reader.next(maximum: 64) == nil)
    }

    @Test func `a path where nothing stands is wrong usage`() {
        let error = #expect(throws: ConnectorError.self) {
            try FollowedFileSource(path: folder.file("none")).open()
        }
        #expect(error?.kind == .usage)
    }

    @Test(arguments: ["", "/dev/null"])
    func `what cannot be followed is wrong usage`(path: String) {
        let error = #expect(throws: ConnectorError.self) {
            try FollowedFileSource(path: path.isEmpty ? folder.path : path).open()
        }
        #expect(error?.kind == .usage)
    }

    @Test func `six thousand lines over three rotations arrive once`() throws {
        let count = 6_000
        var collector = LineCollector()
        collector.take(reader.next(maximum: 512))
        for number in 0..<count {
            let line = "line \(number) of the log\n"
            if number % 1_500 == 1_499, number < 5_000 {
                // The rotation falls into the line: its halves are two lines.
                try folder.append("log", String(line.prefix(7)))
                try rotate()
                try folder.append("log", String(line.dropFirst(7)))
            } else {
                try folder.append("log", line)
            }
            if number % 700 == 0 { collector.take(reader.next(maximum: 512)) }
        }
        // Every rotation makes two lines of one.
        while collector.lines.count < count + 1 + 3 {
            let piece = try #require(reader.next(maximum: 512))
            collector.take(piece)
        }
        let expected =
            ["first"]
            + (0..<count).flatMap { number in
                let line = "line \(number) of the log"
                return number % 1_500 == 1_499 && number < 5_000
                    ? [String(line.prefix(7)), String(line.dropFirst(7))] : [line]
            }
        // The halves of a line come when their files do.
        #expect(collector.lines.sorted() == expected.sorted())
    }

    @Test func `lines that another thread writes while it rotates arrive once`() {
        let count = 5_000
        let folder = folder
        let failure = Guarded<String?>(nil)
        let writer = SystemThread("writer") {
            do {
                try folder.writeRotating(count: count, every: 500)
            } catch { failure.withLock { $0 = "\(error)" } }
        }
        var collector = LineCollector()
        while collector.lines.count <= count, let piece = reader.next(maximum: 512) {
            collector.take(piece)
        }
        writer.join()
        #expect(failure.withLock { $0 } == nil)
        // What is written to a file after its rename may come behind the first of the new one.
        #expect(Set(collector.lines) == Set(["first"] + (0..<count).map { "line \($0)" }))
        #expect(collector.lines.count == count + 1)
    }

    private func rotate() throws {
        for older in [2, 1]
        where FileManager.default.fileExists(atPath: folder.file("log.\(older)")) {
            try folder.rename("log.\(older)", to: "log.\(older + 1)")
        }
        try folder.rename("log", to: "log.1")
        _ = try folder.create("log", "")
    }
}
