import Foundation
import Glibc
import Testing

@testable import WeirBase

@Suite struct LinkedPathTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-base-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test(arguments: [
        ("name", ".", "name"), ("/name", "/", "name"), ("a/b/c", "a/b", "c"), ("a/", "a", ""),
        ("", ".", ""), ("/", "/", ""), ("a/\u{301}b", "a", "\u{301}b"),
    ])
    func `a path is taken apart at the last slash, whatever stands behind it`(
        path: String, folder: String, name: String
    ) {
        let parts = LinkedPath.split(path)
        #expect(Array(parts.folder.utf8) == Array(folder.utf8))
        #expect(Array(parts.name.utf8) == Array(name.utf8))
    }

    @Test func `a slash with an accent behind it is a slash`() {
        #expect(LinkedPath.isAbsolute("/\u{301}a"))
        #expect(!LinkedPath.isAbsolute("a/"))
        #expect(LinkedPath.asksForFolder("a/"))
        #expect(!LinkedPath.asksForFolder("/a"))
    }

    @Test func `forty links are followed, and no more`() throws {
        try withFolder { folder in
            for number in 0...LinkedPath.maximumLinks {
                try #require(symlink("\(number + 1)", "\(folder)/\(number)") == 0)
            }
            let last = LinkedPath.maximumLinks + 1
            #expect(LinkedPath.end(of: "\(folder)/1") == .path("\(folder)/\(last)"))
            #expect(LinkedPath.end(of: "\(folder)/0") == .endless)
        }
    }

    @Test func `a ring of links has no end, and a link of no text cannot be read`() throws {
        try withFolder { folder in
            try #require(symlink("b", folder + "/a") == 0)
            try #require(symlink("a", folder + "/b") == 0)
            #expect(LinkedPath.end(of: folder + "/a") == .endless)
            let bytes: [CChar] = [CChar(bitPattern: 0xFF), 0]
            try #require(symlink(bytes, folder + "/odd") == 0)
            #expect(LinkedPath.end(of: folder + "/odd") == .unreadable)
        }
    }
}
