import Foundation
import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// Descriptors, waits and sinks at the borders of what the system does.
@Suite struct SystemTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Whether a number is an open descriptor.
    private func isOpen(_ number: Int32) -> Bool { fcntl(number, F_GETFD) >= 0 }

    private func write(_ text: String, to writer: any RowWriting) throws {
        try writer.write(Array(text.utf8).span.bytes)
    }

    @Test func `the first stored byte behind a hole is found, and the end where none is`() throws {
        let file = try Descriptor(opening: folder.create("a", "text"), flags: O_RDWR)
        #expect(file.stored(from: 0, size: 4) == 0 && file.stored(from: 2, size: 4) == 2)
        #expect(file.stored(from: 4, size: 9) == 9)
        #expect(file.stored(from: .max, size: 9) == nil)
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let stream = Descriptor(owning: ends[0])
        close(ends[1])
        #expect(stream.stored(from: 0, size: 4) == nil)
    }

    @Test func `bytes are read from where they are asked for`() throws {
        let file = try Descriptor(opening: folder.create("a", "0123456789"), flags: O_RDONLY)
        #expect(try file.read(from: 3, maximum: 4) == Array("3456".utf8))
        #expect(try file.read(from: 8, maximum: 4) == Array("89".utf8))
        #expect(try file.read(from: 10, maximum: 4) == [])
        #expect(try file.read(maximum: 2) == Array("01".utf8))
        #expect(try file.read(maximum: 2) == Array("23".utf8))
        #expect(throws: SystemFailure(code: EOVERFLOW)) { try file.read(from: .max, maximum: 1) }
        let writing = try Descriptor(opening: folder.file("a"), flags: O_WRONLY)
        #expect(throws: SystemFailure(code: EBADF)) { try writing.read(maximum: 1) }
        #expect(throws: SystemFailure(code: ENOENT)) {
            _ = try Descriptor(opening: folder.file("none"), flags: O_RDONLY)
        }
    }

    @Test func `a status says what a file is, and whether anything of it changed`() throws {
        let path = try folder.create("a", "text")
        let before = try #require(FileStatus.of(path))
        #expect(before.kind == .regular && before.size == 4)
        #expect(FileStatus.of(folder.path)?.kind == .directory)
        #expect(FileStatus.of("/dev/null")?.kind == .other)
        #expect(FileStatus.of(folder.file("none")) == nil)
        #expect(FileStatus.of(path) == before)
        var raw = stat()
        raw.st_mtim = timespec(tv_sec: 2, tv_nsec: 3)
        raw.st_ctim = timespec(tv_sec: 4, tv_nsec: 5)
        raw.st_size = -1
        let odd = FileStatus(raw)
        #expect(odd.modified == 2_000_000_003 && odd.changed == 4_000_000_005 && odd.size == 0)
    }

    @Test func `a wait ends with its time, with what can be read, and for good if cancelled`()
        throws
    {
        let cancellation = try Cancellation()
        try cancellation.wait(readable: -1, milliseconds: 0)
        #expect(throws: SystemFailure(code: EBADF)) {
            try cancellation.wait(readable: 1_000_000, milliseconds: 0)
        }
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let reading = Descriptor(owning: ends[0])
        let writing = Descriptor(owning: ends[1])
        var byte: UInt8 = 0
        try #require(Glibc.write(writing.number, &byte, 1) == 1)
        try cancellation.wait(readable: reading.number)
        #expect(!cancellation.isCancelled)
        for _ in 0..<2 {
            cancellation.cancel()
            #expect(cancellation.isCancelled)
            try cancellation.wait(readable: -1)
        }
    }

    @Test func `a writer closes what is its own, at its end or with itself, and once`() throws {
        for closes in [true, false] {
            for isDropped in [true, false] {
                let number = open(folder.file("out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                var writer: DescriptorWriter? = DescriptorWriter(
                    number, location: "out", closesDescriptor: closes)
                if !isDropped { try writer?.close() }
                #expect(isOpen(number) == (isDropped || !closes))
                // The number is another file's by now, which has to stay open.
                let other = !isDropped && closes ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1
                writer = nil
                if other >= 0 { #expect(isOpen(other)) }
                #expect(isOpen(number) == (other == number || !closes))
                if isOpen(number) { close(number) }
                if other >= 0, other != number { close(other) }
            }
        }
    }

    @Test func `a close that fails is told with what was written before`() throws {
        let number = open(folder.file("out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let writer = DescriptorWriter(1_000_000, location: "gone", closesDescriptor: true)
        let own = DescriptorWriter(number, location: "out", closesDescriptor: true)
        try write("row\n", to: own)
        try own.close()
        let error = #expect(throws: ConnectorError.self) { try writer.close() }
        #expect(
            error?.description == "writing to \"gone\" failed at byte 0: Bad file descriptor")
    }

    @Test func `a sink writes the file that was expected, and makes one where none was`() throws {
        let path = try folder.create("out", "before")
        let status = try #require(FileStatus.of(path))
        let expected = FileSink.Expectation.file(
            device: status.identity.device, inode: status.identity.inode)
        let writer = try FileSink(path: "shown", target: path, expecting: expected).open()
        try write("row\n", to: writer)
        try writer.close()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "row\n")
        let new = folder.file("new")
        try FileSink(path: "shown", target: new, expecting: .nothing).open().close()
        #expect(FileStatus.of(new)?.size == 0)
        try folder.remove("out")
        let error = #expect(throws: ConnectorError.self) {
            _ = try FileSink(path: "shown", target: path, expecting: expected).open()
        }
        #expect(error?.description == "\"shown\" changes while it is looked at. Try it again")
        #expect(FileStatus.of(path) == nil)
        #expect(throws: Trouble.unusablePath) { _ = try FileSink(path: "").open() }
    }

    @Test func `memory takes as much as its limit, and goes on when it is opened again`() throws {
        let sink = MemorySink(byteLimit: 4)
        var writer = try sink.open()
        try write("abc\n", to: writer)
        try writer.close()
        #expect(sink.isClosed && sink.location == "(memory)")
        writer = try sink.open()
        #expect(!sink.isClosed)
        try write("", to: writer)
        let error = #expect(throws: ConnectorError.self) { try write("d", to: writer) }
        #expect(
            error?.description == "the rows in memory would exceed 4 bytes. Write them to a file")
        #expect(error?.kind == .operating)
        #expect(sink.bytes == Array("abc\n".utf8))
        #expect(DiscardSink().location == "(discarded)")
        #expect(FileSink(path: "f").location == "f" && FileSource(path: "f").location == "f")
        #expect(FollowedFileSource(path: "f").location == "f")
    }

    @Test(arguments: ["", "a\0b"])
    func `a path that names nothing is not followed`(path: String) {
        #expect(throws: Trouble.unusablePath) { _ = try FollowedFileSource(path: path).open() }
    }

    @Test func `what is no regular file is read without following it`() {
        let error = #expect(throws: ConnectorError.self) {
            _ = try FollowedFileSource(path: "/dev/null").open()
        }
        #expect(
            error?.description == "\"/dev/null\" is not a regular file and cannot be followed. "
                + "Leave --follow out: it is read until its writers close it")
    }

    @Test func `a reader that was opened on a pipe gives its bytes and their offsets`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let reader = StreamReader(
            Descriptor(owning: ends[0]), location: "pipe", try Cancellation())
        try #require(Glibc.write(ends[1], "abcde", 5) == 5)
        #expect(reader.next(maximum: 2) == .bytes(Array("ab".utf8), offset: 0))
        #expect(reader.next(maximum: 3) == .bytes(Array("cde".utf8), offset: 2))
        close(ends[1])
        #expect(reader.next(maximum: 3) == .end)
        reader.cancel()
        #expect(reader.next(maximum: 3) == nil)
    }

    @Test func `a file that is cut says how much of it was read`() throws {
        let reader = try FileSource(path: folder.create("in", "0123456789")).open()
        #expect(reader.next(maximum: 7) == .bytes(Array("0123456".utf8), offset: 0))
        try #require(truncate(folder.file("in"), 5) == 0)
        let path = try #require(reader.path)
        #expect(
            reader.next(maximum: 7)
                == .failure(
                    "\"\(path)\" was cut to 7 of its 10 bytes while it was read. Use --follow for "
                        + "files that change"))
    }
}
