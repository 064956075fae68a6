import Glibc
import Testing

@testable import WeirBase

@Suite struct TemporaryFolderTests {
    @Test func `a temporary folder goes with its files, and no two are one`() throws {
        var folder: TemporaryFolder? = try TemporaryFolder(named: "weir-test")
        let other = try TemporaryFolder(named: "weir-test")
        let path = try #require(folder?.path)
        #expect(path != other.path)
        let file = try #require(fopen("\(path)/piece", "w"))
        fputs("four", file)
        fclose(file)
        #expect(folder?.size(of: "piece") == 4)
        #expect(folder?.size(of: "another") == 0)
        folder = nil
        #expect(access(path, F_OK) == -1)
        #expect(access(other.path, F_OK) == 0)
    }
}
