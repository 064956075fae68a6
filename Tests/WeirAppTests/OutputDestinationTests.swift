import Foundation
import Testing

@testable import WeirApp

/// What may be written, before anything is.
@Suite struct OutputDestinationTests {
    private func withFolder(_ body: (_ folder: String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "weir-output-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder + "/inside", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    /// Whether `path` may be written where `other` is written as well.
    private func isAllowed(_ path: String, beside other: String) throws -> Bool {
        let others = [OutputDestination.Other(path: other, what: "the other")]
        do {
            _ = try OutputDestination(path, writer: "sink rows", others: others)
            return true
        } catch let failure as CommandFailure {
            #expect(failure.code == 2 && failure.what == "sink rows would overwrite the other")
            return false
        }
    }

    @Test func `files that are not there yet differ by their names and their folders`() throws {
        try withFolder { folder in
            for other in ["/b", "/inside/a"] {
                let isAllowed = try isAllowed(folder + "/a", beside: folder + other)
                #expect(isAllowed, "\(other)")
            }
        }
    }

    @Test func `a file that is not there yet is the same whatever way leads to it`() throws {
        try withFolder { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link", withDestinationPath: "inside")
            for (one, other) in [("/a", "/a"), ("/a", "/inside/../a"), ("/link/a", "/inside/a")] {
                let isAllowed = try isAllowed(folder + one, beside: folder + other)
                #expect(!isAllowed, "\(one), \(other)")
            }
        }
    }
}
