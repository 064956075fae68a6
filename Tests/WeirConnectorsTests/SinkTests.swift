import Foundation
import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

private func write(_ text: String, to writer: any RowWriting) throws {
    try writer.write(Array(text.utf8).span.bytes)
}

@Suite struct SinkTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // As the program does; otherwise a closed pipe would end the test process.
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func `a file holds the rows in their order and nothing from before`() throws {
        let path = try folder.create("out", "what was there before, and longer\n")
        let writer = try FileSink(path: path).open()
        try write("one\n", to: writer)
        try write("", to: writer)
        try write("two\nthree\n", to: writer)
        try writer.close()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\nthree\n")
    }

    @Test func `a missing folder is wrong usage and says what to do`() {
        let error = #expect(throws: ConnectorError.self) {
            try FileSink(path: folder.file("none/out")).open()
        }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains("Create the folder") == true)
    }

    @Test func `a directory is wrong usage`() {
        let error = #expect(throws: ConnectorError.self) {
            try FileSink(path: folder.path).open()
        }
        #expect(error?.kind == .usage)
    }

    @Test func `a file that came to the place after it was judged is not emptied`() throws {
        let path = try folder.create("out", "mine")
        for expectation in [FileSink.Expectation.nothing, .file(device: 0, inode: 0)] {
            let error = #expect(throws: ConnectorError.self) {
                try FileSink(path: path, target: path, expecting: expectation).open()
            }
            #expect(error?.kind == .usage)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test func `a full disk is an operating failure that names path and offset`() throws {
        let writer = try FileSink(path: "/dev/full").open()
        let error = #expect(throws: ConnectorError.self) { try write("row\n", to: writer) }
        #expect(error?.kind == .operating)
        #expect(error?.description.hasPrefix("writing to \"/dev/full\" failed at byte 0") == true)
    }

    @Test func `a pipe that nobody reads is a closed pipe`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let writer = DescriptorWriter(ends[1], location: "pipe", closesDescriptor: true)
        #expect(throws: ClosedPipe.self) { try write("row\n", to: writer) }
        try writer.close()
    }

    @Test func `a slow reader of a non-blocking pipe gets every byte of a large row`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let text = String(repeating: "0123456789", count: 100_000) + "\n"
        let writer = DescriptorWriter(ends[1], location: "pipe", closesDescriptor: true)
        let failure = Guarded<String?>(nil)
        let thread = SystemThread("writer") {
            do {
                try write(text, to: writer)
                try writer.close()
            } catch { failure.withLock { $0 = "\(error)" } }
        }
        let read = try reader.readToEnd()
        thread.join()
        #expect(read == Data(text.utf8))
        #expect(failure.withLock { $0 } == nil)
    }

    @Test func `standard output is named by a hyphen`() {
        #expect(StandardOutputSink().location == "-")
    }

    @Test func `memory gives the rows back without their line ends`() throws {
        let sink = MemorySink()
        #expect(sink.rows.isEmpty)
        let writer = try sink.open()
        try write("one\n\ntwo\n", to: writer)
        #expect(sink.rows == ["one", "", "two"])
        #expect(!sink.isClosed)
        try write("unfinished", to: writer)
        try writer.close()
        #expect(sink.rows == ["one", "", "two", "unfinished"])
        #expect(sink.isClosed)
    }

    @Test func `memory refuses what exceeds its limit and keeps the rest`() throws {
        let sink = MemorySink(byteLimit: 4)
        let writer = try sink.open()
        try write("abc\n", to: writer)
        #expect(throws: ConnectorError.self) { try write("d\n", to: writer) }
        #expect(sink.rows == ["abc"])
    }

    @Test func `the discarding sink takes everything`() throws {
        let writer = try DiscardSink().open()
        try write("row\n", to: writer)
        try writer.close()
    }
}
