import Glibc
import Testing

@testable import WeirConnectors

/// What a folder's watch makes of the system's events, byte by byte.
@Suite struct DirectoryEventTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An event as the system writes it: watch, mask, cookie, length, and the padded name. The
    /// folder's own watch is the first of its queue, which the system numbers 1.
    private static func event(
        _ mask: Int, _ name: String, cookie: UInt32 = 0, watch: Int32 = 1, length: UInt32? = nil
    ) -> [UInt8] {
        var padded = Array(name.utf8)
        if !padded.isEmpty {
            padded += [UInt8](repeating: 0, count: 16 - padded.count % 16)
        }
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        return bytes(watch) + bytes(UInt32(mask)) + bytes(cookie)
            + bytes(length ?? UInt32(padded.count)) + padded
    }

    /// The files that wait after each of the reads, separated by commas.
    private func waiting(_ reads: [[UInt8]]...) throws -> [String] {
        var arrivals = Arrivals(name: Array("log".utf8))
        guard var watch = DirectoryWatch(directory: folder.path) else {
            throw SystemFailure.latest
        }
        return reads.map { read in
            read.flatMap(\.self).withUnsafeBytes { watch.take($0, into: &arrivals) }
            return arrivals.waiting.map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: ",") + (watch.isMidway ? "…" : "")
        }
    }

    @Test func `events of one read are taken one after the other`() throws {
        let seen = try waiting(
            [
                Self.event(Int(IN_CREATE), "log"), Self.event(Int(IN_MOVED_FROM), "log", cookie: 7),
                Self.event(Int(IN_MOVED_TO), "log.1", cookie: 7),
                Self.event(Int(IN_CREATE), "log"),
            ],
            [Self.event(Int(IN_DELETE), "log.1")])
        #expect(seen == ["log.1,log", "log"])
    }

    @Test func `the halves of a rename may come in two reads`() throws {
        let seen = try waiting(
            [Self.event(Int(IN_CREATE), "log"), Self.event(Int(IN_MOVED_FROM), "log", cookie: 7)],
            [Self.event(Int(IN_MOVED_TO), "log.1", cookie: 7)])
        #expect(seen == ["log…", "log.1"])
    }

    @Test func `the second half of another rename is a file that came from elsewhere`() throws {
        let seen = try waiting(
            [Self.event(Int(IN_CREATE), "log"), Self.event(Int(IN_MOVED_FROM), "log", cookie: 7)],
            [Self.event(Int(IN_MOVED_TO), "log", cookie: 8)],
            [Self.event(Int(IN_MOVED_TO), "other", cookie: 7)])
        #expect(seen == ["log…", "log", "log"])
    }

    @Test func `anything between the halves says that the file left`() throws {
        let seen = try waiting(
            [Self.event(Int(IN_CREATE), "log"), Self.event(Int(IN_MOVED_FROM), "log", cookie: 7)],
            [Self.event(Int(IN_CREATE), "other")],
            [Self.event(Int(IN_MOVED_TO), "log.1", cookie: 7)])
        #expect(seen == ["log…", "", ""])
    }

    @Test func `lost events forget what waited, and half a rename with it`() throws {
        let lost = Self.event(Int(IN_Q_OVERFLOW), "", watch: -1)
        let seen = try waiting(
            [Self.event(Int(IN_CREATE), "log")], [lost],
            [Self.event(Int(IN_MOVED_FROM), "log", cookie: 7)], [lost],
            [Self.event(Int(IN_MOVED_TO), "log", cookie: 7)])
        #expect(seen == ["log", "", "…", "", "log"])
    }

    @Test func `events of the followed file itself are not the folder's`() throws {
        let seen = try waiting([
            Self.event(Int(IN_MODIFY), "", watch: 2), Self.event(Int(IN_CREATE), "log", watch: 2),
        ])
        #expect(seen == [""])
    }

    @Test func `an event whose name does not lie within the read ends it`() throws {
        let name = Array("log".utf8) + [UInt8](repeating: 0, count: 13)
        let whole = Self.event(Int(IN_CREATE), "log")
        let seen = try waiting(
            [Self.event(Int(IN_CREATE), "log", length: 17)],
            [Array(whole.dropLast(name.count + 1))], [whole])
        #expect(seen == ["", "", "log"])
    }

    @Test func `only the file that is watched last wakes`() throws {
        guard var watch = DirectoryWatch(directory: folder.path) else {
            throw SystemFailure.latest
        }
        func isWoken() -> Bool {
            var polled = pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0)
            return poll(&polled, 1, 0) > 0
        }
        let files = try ["a", "b"].map { name throws(SystemFailure) in
            guard let path = try? folder.create(name, "") else { throw .latest }
            return try FollowedFile(opening: path)
        }
        var arrivals = Arrivals(name: [])
        try watch.drain(into: &arrivals)
        for file in files { watch.watchFile(file.descriptor) }
        try watch.drain(into: &arrivals)
        try folder.append("a", "x")
        #expect(!isWoken())
        try folder.append("b", "x")
        #expect(isWoken())
        try watch.drain(into: &arrivals)
        #expect(!isWoken())
    }
}
