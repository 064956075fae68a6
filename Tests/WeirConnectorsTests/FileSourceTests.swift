import Foundation
import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

@Suite struct FileSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `a file comes in pieces with their offsets and then ends`() throws {
        let reader = try FileSource(path: folder.create("in", "abcdefg")).open()
        #expect(reader.next(maximum: 4) == .bytes(Array("abcd".utf8), offset: 0))
        #expect(reader.next(maximum: 4) == .bytes(Array("efg".utf8), offset: 4))
        #expect(reader.next(maximum: 4) == .end)
    }

    @Test func `an empty file ends at once and is repeatable`() throws {
        let reader = try FileSource(path: folder.create("in", "")).open()
        #expect(reader.isRepeatable)
        #expect(reader.byteCount == 0)
        #expect(reader.text() == "[end]")
    }

    @Test func `a regular file says where it can be read again`() throws {
        let path = try folder.create("in", "abc")
        let reader = try FileSource(path: path).open()
        #expect(reader.isRepeatable)
        #expect(reader.byteCount == 3)
        let readPath = try #require(reader.path)
        #expect(readPath.hasPrefix("/") && readPath.hasSuffix("/in"))
    }

    @Test func `what is appended after the opening is left alone`() throws {
        let reader = try FileSource(path: folder.create("in", "one\n")).open()
        try folder.append("in", "two\n")
        #expect(reader.texts(2) == ["one\n", "[end]"])
    }

    @Test func `a file that is cut while it is read is a failure that names the place`() throws {
        let path = try folder.create("in", "0123456789")
        let reader = try FileSource(path: path).open()
        _ = reader.next(maximum: 4)
        try folder.truncate("in")
        let text = reader.text()
        #expect(text.contains("was cut to 4 of its 10 bytes"), "\(text)")
    }

    @Test func `a missing file is wrong usage and says what to do`() throws {
        let error = #expect(throws: ConnectorError.self) {
            try FileSource(path: folder.file("none")).open()
        }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains("does not exist. Check the path") == true)
    }

    @Test func `a directory is wrong usage`() throws {
        let error = #expect(throws: ConnectorError.self) {
            try FileSource(path: folder.path).open()
        }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains("is a directory") == true)
    }

    @Test(arguments: ["", "a\0b"])
    func `a path that names nothing is wrong usage`(path: String) {
        let error = #expect(throws: ConnectorError.self) { try FileSource(path: path).open() }
        #expect(error?.kind == .usage)
    }

    @Test func `control characters of a path do not reach the message`() throws {
        let error = #expect(throws: ConnectorError.self) {
            try FileSource(path: folder.file("a\u{1B}[2Jb")).open()
        }
        #expect(error?.description.contains("\u{1B}") == false)
    }

    @Test func `a file of the kernel that claims to be empty is read as a stream`() throws {
        let reader = try FileSource(path: "/proc/self/status").open()
        #expect(!reader.isRepeatable)
        #expect(reader.text().hasPrefix("Name:"))
    }

    @Test func `a cancelled file gives nothing more`() throws {
        let reader = try FileSource(path: folder.create("in", "abc")).open()
        reader.cancel()
        #expect(reader.next(maximum: 4) == nil)
    }
}

@Suite struct StreamTests {
    private let folder: TemporaryFolder
    private let fifo: String

    init() throws {
        folder = try TemporaryFolder()
        fifo = folder.file("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
    }

    @Test func `a FIFO is a stream that ends with its writer`() throws {
        let reader = try FileSource(path: fifo).open()
        let watchdog = Watchdog(reader)
        defer { withExtendedLifetime(watchdog) {} }
        #expect(!reader.isRepeatable && reader.path == nil && reader.byteCount == nil)
        let writer = try #require(FileHandle(forWritingAtPath: fifo))
        try writer.write(contentsOf: Data("one".utf8))
        #expect(reader.next(maximum: 16) == .bytes(Array("one".utf8), offset: 0))
        try writer.write(contentsOf: Data("two".utf8))
        #expect(reader.next(maximum: 16) == .bytes(Array("two".utf8), offset: 3))
        try writer.close()
        #expect(reader.next(maximum: 16) == .end)
    }

    @Test func `opening a FIFO and cancelling it need no writer`() throws {
        let reader = try FileSource(path: fifo).open()
        let watchdog = Watchdog(reader)
        defer { withExtendedLifetime(watchdog) {} }
        let canceller = SystemThread("canceller") { reader.cancel() }
        #expect(reader.next(maximum: 16) == nil)
        canceller.join()
        #expect(reader.next(maximum: 16) == nil)
    }

    @Test func `a writer that only comes later is waited for`() throws {
        let reader = try FileSource(path: fifo).open()
        let watchdog = Watchdog(reader)
        defer { withExtendedLifetime(watchdog) {} }
        let path = fifo
        let writer = SystemThread("writer") {
            guard let handle = FileHandle(forWritingAtPath: path) else { return }
            handle.write(Data("late".utf8))
            handle.closeFile()
        }
        #expect(reader.texts(2) == ["late", "[end]"])
        writer.join()
    }

    @Test func `a device without data is an empty stream`() throws {
        let reader = try FileSource(path: "/dev/null").open()
        #expect(!reader.isRepeatable)
        #expect(reader.text() == "[end]")
    }

    @Test func `a borrowed stream is read to its end and stays open`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        var reader: StreamReader? = StreamReader(
            borrowing: ends[0], location: "-", try Cancellation())
        try #require(write(ends[1], "abc", 3) == 3)
        #expect(reader?.text() == "abc")
        close(ends[1])
        #expect(reader?.text() == "[end]")
        reader = nil
        #expect(fcntl(ends[0], F_GETFD) >= 0)
    }

    @Test func `a stream that is no more is a failure that names the place`() throws {
        let reader = StreamReader(borrowing: 1_000_000, location: "-", try Cancellation())
        #expect(reader.text().contains("reading standard input failed at byte 0"))
    }

    @Test func `standard input is named by a hyphen`() {
        #expect(StandardInputSource().location == "-")
    }
}
