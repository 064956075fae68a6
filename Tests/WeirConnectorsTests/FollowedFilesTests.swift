import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// Which followed files are kept, and for how long; and how long one is waited for.
@Suite struct FollowedFilesTests {
    private func number(_ inode: UInt64) -> FileNumber { FileNumber(device: 0, inode: inode) }

    private func empty() -> FileStatus {
        var raw = stat()
        raw.st_mode = S_IFREG
        return FileStatus(raw)
    }

    @Test func `a replaced file lingers while there is room for the one that waits`() {
        var files = FollowedFiles(linger: 10)
        let first = files.opened(number(1))
        _ = files.opened(number(2))
        _ = files.saw(empty(), of: first, maximum: 100, now: 0)
        #expect(files.leaving(now: 9, othersWait: true) == nil)
        #expect(files.leaving(now: 10, othersWait: true) == first)
    }

    @Test func `a replaced file that is quiet makes room when there is none`() {
        var files = FollowedFiles(linger: 10)
        let first = files.opened(number(0))
        for inode in 1..<UInt64(ConnectorBounds.maximumOpenFiles) {
            _ = files.opened(number(inode))
        }
        _ = files.saw(empty(), of: first, maximum: 100, now: 0)
        #expect(!files.hasRoom)
        #expect(files.leaving(now: 1, othersWait: false) == nil)
        #expect(files.leaving(now: 1, othersWait: true) == first)
    }

    @Test func `so many files that were let go are known and no more`() {
        var files = FollowedFiles(linger: 0)
        for inode in 0...UInt64(ConnectorBounds.maximumKnownFiles) {
            let opened = files.opened(number(inode))
            files.leave(opened)
        }
        #expect(!files.isKnown(number(0)))
        #expect(files.isKnown(number(1)))
        #expect(files.isKnown(number(UInt64(ConnectorBounds.maximumKnownFiles))))
    }

    /// Whether files may be opened just now.
    private final class Permission { var isRefused = false }

    @Test func `the patience with a file that may not be read begins with each file`() throws {
        let second: UInt64 = 1_000_000_000
        let (folder, permission) = (try TemporaryFolder(), Permission())
        let reader = try FollowedFileReader(
            path: folder.create("log", "first\n"), linger: 0,
            opening: { path throws(SystemFailure) in
                if permission.isRefused { throw SystemFailure(code: EACCES) }
                return try FollowedFile(opening: path)
            })
        func look(at seconds: UInt64) throws -> [InputPiece] {
            var pieces: [InputPiece] = []
            while let piece = try reader.look(maximum: 64, now: seconds * second) {
                pieces.append(piece)
            }
            return pieces
        }
        func rotate(_ text: String) throws {
            try folder.rename("log", to: "log.\(text)")
            _ = try folder.create("log", text)
        }
        #expect(try look(at: 0) == [.bytes(Array("first\n".utf8), offset: 0)])
        permission.isRefused = true
        try rotate("a\n")
        #expect(try !look(at: 1).contains(.bytes(Array("a\n".utf8), offset: 0)))
        permission.isRefused = false
        #expect(try look(at: 2).contains(.bytes(Array("a\n".utf8), offset: 0)))
        permission.isRefused = true
        try rotate("b\n")
        // More than a minute after the first refusal of all, and the first of this file.
        #expect(try !look(at: 70).contains(.bytes(Array("b\n".utf8), offset: 0)))
        #expect(throws: FollowFailure.self) { try look(at: 130) }
    }
}

@Suite struct ArrivalRenameTests {
    @Test func `a waiting file that another is renamed onto no longer waits`() {
        var arrivals = Arrivals(name: Array("log".utf8))
        func bytes(_ name: String) -> [UInt8] { Array(name.utf8) }
        arrivals.apply(.appeared(bytes("log")))
        arrivals.apply(.moved(from: bytes("log"), to: bytes("log.1")))
        arrivals.apply(.moved(from: bytes("other"), to: bytes("log.1")))
        #expect(arrivals.waiting.isEmpty)
    }
}
