import Foundation
import Testing

@testable import WeirApp

@Suite struct TraceFolderTests {
    @Test func `the newest trace is the one that was written last, whatever it is called`() throws {
        let folder = NSTemporaryDirectory() + "weir-folder-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, days) in [("b", 3.0), ("c", 1), ("a", 2), ("d", 2)] {
            let path = "\(folder)/\(name).mcap"
            try Data().write(to: URL(fileURLWithPath: path))
            let time = Date(timeIntervalSince1970: 1_800_000_000 - days * 86_400)
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        }
        try Data().write(to: URL(fileURLWithPath: folder + "/z.txt"))
        #expect(
            TraceFolder(folder).entries.map(\.path)
                == ["b", "a", "d", "c"].map { "\(folder)/\($0).mcap" })
    }
}
