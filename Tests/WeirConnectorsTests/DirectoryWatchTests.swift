import Glibc
import Testing

@testable import WeirConnectors

/// What a watched folder tells of its names.
@Suite struct DirectoryWatchTests {
    /// The files that wait under their names after what `body` does in a watched folder.
    private func waiting(
        _ body: (_ folder: TemporaryFolder, _ outside: TemporaryFolder) throws -> Void
    ) throws -> [String] {
        let (folder, outside) = (try TemporaryFolder(), try TemporaryFolder())
        var arrivals = Arrivals(name: Array("log".utf8))
        guard var watch = DirectoryWatch(directory: folder.path) else {
            throw SystemFailure.latest
        }
        try body(folder, outside)
        try watch.drain(into: &arrivals)
        watch.settle(into: &arrivals)
        return arrivals.waiting.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a file is followed through a rename in the folder`() throws {
        let names = try waiting { folder, _ in
            _ = try folder.create("log", "")
            try folder.rename("log", to: "log.1")
        }
        #expect(names == ["log.1"])
    }

    @Test func `a file that leaves and another that comes are not one that is renamed`() throws {
        let names = try waiting { folder, outside in
            _ = try folder.create("log", "")
            _ = try outside.create("other", "")
            #expect(rename(folder.file("log"), outside.file("gone")) == 0)
            #expect(rename(outside.file("other"), folder.file("other")) == 0)
        }
        #expect(names == [])
    }
}
