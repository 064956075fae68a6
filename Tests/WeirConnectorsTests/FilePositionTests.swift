import Glibc
import Testing
import WeirBase

@testable import WeirConnectors

@Suite struct FilePositionTests {
    private var position = FilePosition()

    /// The status of a file of this size, changed so many nanoseconds after its clock began.
    private func status(_ size: UInt64, changed: Int = 0, inode: UInt64 = 1) -> FileStatus {
        var raw = stat()
        raw.st_mode = S_IFREG
        raw.st_ino = __ino_t(inode)
        raw.st_size = Int(size)
        raw.st_mtim.tv_nsec = changed
        return FileStatus(raw)
    }

    private mutating func take(_ text: String, now: UInt64 = 0) -> FilePosition.Finding {
        position.took(Array(text.utf8), head: position.head, now: now)
    }

    @Test mutating func `what is new is read together with the bytes before it`() {
        #expect(
            position.saw(status(6), maximum: 100, now: 0) == .read(start: 0, count: 6))
        #expect(take("first\n") == .bytes(Array("first\n".utf8)[...], offset: 0, nuls: 0))
        #expect(
            position.saw(status(9, changed: 1), maximum: 100, now: 1) == .read(start: 0, count: 9))
        let both = Array("first\non\n".utf8)
        #expect(
            position.took(both, head: Array("first\n".utf8), now: 1)
                == .bytes(both[6...], offset: 6, nuls: 0))
    }

    @Test mutating func `other bytes before the position say that the file was written anew`() {
        _ = position.saw(status(6), maximum: 100, now: 0)
        _ = take("first\n")
        _ = position.saw(status(6, changed: 1), maximum: 100, now: 1)
        #expect(
            position.took(Array("other\n".utf8), head: Array("other\n".utf8), now: 1) == .restart)
        #expect(position.offset == 0)
    }

    @Test mutating func `other first bytes say it too`() {
        _ = position.saw(status(6), maximum: 100, now: 0)
        _ = take("first\n")
        _ = position.saw(status(6, changed: 1), maximum: 100, now: 1)
        #expect(
            position.took(Array("first\n".utf8), head: Array("Other\n".utf8), now: 1) == .restart)
    }

    @Test mutating func `a file with one stamp is looked at until the stamp is old, then rarely`() {
        _ = position.saw(status(6), maximum: 100, now: 0)
        _ = take("first\n")
        let look = FilePosition.Step.read(start: 0, count: 6)
        let quiet = ConnectorBounds.settlingNanoseconds + 1
        // Written anew within one tick of the file system's clock, the stamp is the same.
        #expect(position.saw(status(6), maximum: 100, now: quiet - 2) == look)
        #expect(position.saw(status(6), maximum: 100, now: quiet) == .nothing)
        #expect(
            position.saw(status(6), maximum: 100, now: ConnectorBounds.comparisonNanoseconds)
                == look)
    }

    @Test mutating func `a shorter file begins again, and is looked at in any case`() {
        _ = position.saw(status(6), maximum: 100, now: 0)
        _ = take("first\n")
        #expect(position.saw(status(3), maximum: 100, now: 1) == .restart)
        #expect(position.saw(status(3), maximum: 100, now: 1) == .read(start: 0, count: 3))
    }

    @Test mutating func `NULs at the beginning are passed over, wherever the reads are cut`() {
        _ = position.saw(status(2), maximum: 2, now: 0)
        #expect(take("\0\0") == .bytes([], offset: 2, nuls: 2))
        #expect(
            take("\0\0\0a\0") == .bytes(Array("\0\0\0a\0".utf8)[3...], offset: 3, nuls: 1))
        #expect(
            take("\0\0\0a\0\0b") == .bytes(Array("\0\0\0a\0\0b".utf8)[5...], offset: 5, nuls: 0))
    }

    @Test func `a file with the number of one that was let go is told by its bytes`() {
        let identity = FileNumber(device: 0, inode: 1)
        var files = FollowedFiles(linger: 0)
        let first = files.opened(identity)
        _ = files.saw(status(6), of: first, maximum: 100, now: 0)
        _ = files.took(Array("first\n".utf8), head: [], of: first, now: 0)
        files.leave(first)
        let second = files.opened(identity)
        #expect(files.position(of: second).offset == 6)
        _ = files.saw(status(9, changed: 1), of: second, maximum: 100, now: 1)
        let bytes = Array("something".utf8)
        #expect(
            files.took(bytes, head: Array("someth".utf8), of: second, now: 1) == .restart)
    }

    @Test func `a file's time to be quiet begins where it is replaced`() {
        var files = FollowedFiles(linger: 10)
        let first = files.opened(FileNumber(device: 0, inode: 1))
        _ = files.saw(status(0), of: first, maximum: 100, now: 0)
        _ = files.opened(FileNumber(device: 0, inode: 2))
        _ = files.saw(status(0), of: first, maximum: 100, now: 100)
        #expect(files.leaving(now: 109, othersWait: false) == nil)
        #expect(files.leaving(now: 110, othersWait: false) == first)
    }
}
