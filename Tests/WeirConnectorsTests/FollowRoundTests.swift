import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// Rounds of looks at the files of a followed path, and how files are found without events.
@Suite struct FollowRoundTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.create("log", "first\n")
    }

    /// All that a look at a time gives, in the words of the other tests.
    private func looks(
        _ reader: FollowedFileReader, _ now: UInt64 = 0, maximum: Int = 64
    ) throws -> [String] {
        var texts: [String] = []
        while let piece = try reader.look(maximum: maximum, now: now), texts.count < 40 {
            switch piece {
            case .bytes(let bytes, let offset):
                texts.append("\(offset):" + String(decoding: bytes, as: UTF8.self))
            case .rotation: texts.append("rotation")
            case .truncation: texts.append("truncation")
            case .file(let number): texts.append("file \(number)")
            case .nuls(let count): texts.append("\(count) NULs")
            case .end: texts.append("end")
            case .failure(let sentence): texts.append(sentence)
            }
        }
        return texts
    }

    private func reader(linger: UInt64 = 10, usesWatch: Bool = true) throws -> FollowedFileReader {
        try FollowedFileReader(path: folder.file("log"), linger: linger, usesWatch: usesWatch)
    }

    @Test func `a file that grows while it is read does not keep the others waiting`() throws {
        let reader = try reader()
        #expect(try looks(reader) == ["0:first\n"])
        try folder.rename("log", to: "log.1")
        try folder.append("log.1", "12345678")
        _ = try folder.create("log", "new\n")
        var seen: [String] = []
        for _ in 0..<4 {
            // It grows by as much as is read of it.
            let piece = try #require(try reader.look(maximum: 4, now: 1))
            if case .bytes(let bytes, _) = piece {
                seen.append(String(decoding: bytes, as: UTF8.self))
            } else {
                seen.append("\(piece)")
            }
            try folder.append("log.1", "more")
        }
        #expect(seen == ["1234", "5678", "file(1)", "new\n"])
        // In the next round it is the old one's turn again.
        #expect(try looks(reader, 1) == [])
        #expect(try looks(reader, 1) == ["file 0", "14:moremoremoremore"])
    }

    @Test func `without events the names tell what came between two looks, oldest first`() throws {
        let reader = try reader(usesWatch: false)
        #expect(try looks(reader) == ["0:first\n"])
        for number in 1...3 {
            for older in (1..<4).reversed() {
                _ = rename(folder.file("log.\(older)"), folder.file("log.\(older + 1)"))
            }
            try folder.rename("log", to: "log.1")
            _ = try folder.create("log", "file \(number)\n")
        }
        #expect(
            try looks(reader, 1) == [
                "file 1", "0:file 1\n", "file 2", "0:file 2\n", "file 3", "0:file 3\n",
            ])
        // The old one has given nothing since the look at 1, the others since the one at 2.
        #expect(try looks(reader, 2) == [])
        #expect(try looks(reader, 11) == ["file 0", "rotation"])
        #expect(try looks(reader, 12) == ["file 1", "rotation", "file 2", "rotation"])
        #expect(try looks(reader, 100) == [])
    }

    @Test func `without events files whose names lead to no known file are none of the log`() throws
    {
        let reader = try reader(usesWatch: false)
        #expect(try looks(reader) == ["0:first\n"])
        try folder.rename("log", to: "old")
        _ = try folder.create("log.1", "other\n")
        _ = try folder.create("log", "new\n")
        #expect(try looks(reader, 1) == ["file 1", "0:new\n"])
    }

    @Test func `without events a gap in the numbers ends what is looked at`() throws {
        let reader = try reader(usesWatch: false)
        #expect(try looks(reader) == ["0:first\n"])
        try folder.rename("log", to: "log.3")
        _ = try folder.create("log.1", "one\n")
        _ = try folder.create("log", "new\n")
        #expect(try looks(reader, 1) == ["file 1", "0:new\n"])
    }

    @Test func `without events no more files are opened than may be open`() throws {
        let reader = try reader(linger: .max, usesWatch: false)
        #expect(try looks(reader) == ["0:first\n"])
        let count = UInt64(ConnectorBounds.maximumOpenFiles)
        for number in 1..<count {
            try folder.rename("log", to: "old.\(number)")
            _ = try folder.create("log", "\(number)\n")
            #expect(try looks(reader, number) == ["file \(number)", "0:\(number)\n"])
        }
        try folder.rename("log", to: "old.\(count)")
        _ = try folder.create("log", "one too many\n")
        #expect(try looks(reader, count) == [])
    }

    @Test func `a file that comes back is the current one, and the other is let go`() throws {
        let reader = try reader()
        #expect(try looks(reader) == ["0:first\n"])
        try folder.rename("log", to: "old")
        _ = try folder.create("log", "new\n")
        #expect(try looks(reader, 1) == ["file 1", "0:new\n"])
        try folder.rename("log", to: "new")
        try folder.rename("old", to: "log")
        try folder.append("log", "on\n")
        #expect(try looks(reader, 2) == ["file 0", "6:on\n"])
        #expect(try looks(reader, 11) == [])
        #expect(try looks(reader, 12) == ["file 1", "rotation"])
    }

    @Test func `a directory under the log's name is waited out`() throws {
        let reader = try reader()
        #expect(try looks(reader) == ["0:first\n"])
        try folder.rename("log", to: "old")
        try #require(mkdir(folder.file("log"), 0o700) == 0)
        #expect(try looks(reader, 1) == [])
        #expect(try looks(reader, 1 + 2 * ConnectorBounds.refusalNanoseconds) == [])
        try #require(rmdir(folder.file("log")) == 0)
        _ = try folder.create("log", "new\n")
        #expect(
            try looks(reader, 2 + 2 * ConnectorBounds.refusalNanoseconds).prefix(2)
                == ["file 1", "0:new\n"])
    }

    /// Whether files may be opened just now, and why not.
    private final class Refusal { var code: Int32 = 0 }

    private func reader(_ refusal: Refusal) throws -> FollowedFileReader {
        try FollowedFileReader(
            path: folder.file("log"), linger: .max,
            opening: { path throws(SystemFailure) in
                if refusal.code != 0 { throw SystemFailure(code: refusal.code) }
                return try FollowedFile(opening: path)
            })
    }

    @Test func `a file that may not be read is waited for a minute and no longer`() throws {
        let refusal = Refusal()
        let reader = try reader(refusal)
        #expect(try looks(reader) == ["0:first\n"])
        refusal.code = EACCES
        try folder.rename("log", to: "old")
        _ = try folder.create("log", "new\n")
        let minute = ConnectorBounds.refusalNanoseconds
        #expect(try looks(reader, 5) == [])
        #expect(try looks(reader, 5 + minute - 1) == [])
        let failure = #expect(throws: FollowFailure.self) { try looks(reader, 5 + minute) }
        #expect(
            failure?.sentence
                == "\"\(folder.file("log"))\" cannot be read: Permission denied. Check its "
                + "permissions")
    }

    @Test func `a file that is gone without an event is waited for a minute at most`() throws {
        let refusal = Refusal()
        let reader = try reader(refusal)
        #expect(try looks(reader) == ["0:first\n"])
        refusal.code = ENOENT
        try folder.rename("log", to: "old")
        _ = try folder.create("log", "new\n")
        let minute = ConnectorBounds.refusalNanoseconds
        for now in [5, 5 + minute - 1, 5 + minute, 5 + 3 * minute] {
            #expect(try looks(reader, now) == [])
        }
        refusal.code = 0
        #expect(try looks(reader, 6 + 3 * minute) == ["file 1", "0:new\n"])
    }

    @Test(arguments: [0, 1])
    func `a hole is passed over when enough follows it`(less: UInt64) throws {
        let reader = try reader()
        #expect(try looks(reader) == ["0:first\n"])
        try folder.truncate("log")
        #expect(try looks(reader, 1) == ["truncation"])
        let size = ConnectorBounds.minimumHoleBytes.rawValue - less
        try folder.write("log", "x\n", at: size - 2)
        let seen = try looks(reader, 2, maximum: 1 << 20)
        // A file system may store a whole block of it, which is read; together they are the hole.
        let nuls = seen.compactMap { $0.hasSuffix(" NULs") ? UInt64($0.dropLast(5)) : nil }
        #expect(nuls.reduce(0, +) == size - 2)
        #expect(seen.last == "\(size - 2):x\n")
        #expect(less == 0 ? nuls.count == 2 || nuls[0] < size - 2 : nuls.count == 1)
    }

    private func number(_ inode: UInt64) -> FileNumber { FileNumber(device: 0, inode: inode) }

    @Test func `what stands at the path is current, back, or new`() {
        var files = FollowedFiles(linger: 10)
        let (first, second) = (files.opened(number(1)), files.opened(number(2)))
        #expect(first == 0 && second == 1)
        #expect(files.stands(number(2)) == .current && files.stands(number(3)) == .new)
        #expect(files.stands(number(1)) == .back)
        #expect(files.current?.number == first && files.open.map(\.number) == [second, first])
        #expect(files.stands(number(1)) == .current)
        #expect(files.opened(number(3)) == 2)
    }

    @Test func `the time of a file that is replaced again begins anew, and so does one that grows`()
    {
        var raw = stat()
        raw.st_mode = S_IFREG
        let empty = FileStatus(raw)
        raw.st_size = 1
        let grown = FileStatus(raw)
        var files = FollowedFiles(linger: 10)
        let first = files.opened(number(1))
        _ = files.opened(number(2))
        _ = files.saw(empty, of: first, maximum: 9, now: 100)
        _ = files.saw(empty, of: first, maximum: 9, now: 105)
        #expect(files.leaving(now: 110, othersWait: false) == first)
        _ = files.saw(grown, of: first, maximum: 9, now: 106)
        _ = files.took([1], head: [], of: first, now: 106)
        #expect(files.leaving(now: 120, othersWait: false) == nil)
        _ = files.took([1], head: [1], of: first, now: 120)
        #expect(files.leaving(now: 129, othersWait: false) == nil)
        #expect(files.leaving(now: 130, othersWait: false) == first)
        // Back at the path, and replaced once more: what was before no longer counts.
        #expect(files.stands(number(1)) == .back)
        #expect(files.leaving(now: 1_000, othersWait: false) == nil)
        #expect(files.stands(number(2)) == .back)
        #expect(files.leaving(now: 1_000, othersWait: false) == nil)
        _ = files.saw(empty, of: first, maximum: 9, now: 1_000)
        #expect(files.leaving(now: 1_010, othersWait: false) == nil)
    }
}

@Suite struct FollowPaceTests {
    @Test(arguments: [(0, 20), (999, 20), (1_000, 100), (3_000, 300), (5_000, 500), (60_000, 500)])
    func `a file is looked at the less often the longer it is quiet`(quiet: UInt64, pause: Int32) {
        #expect(FollowedFileReader.pollMilliseconds(quietFor: quiet * 1_000_000) == pause)
    }
}
