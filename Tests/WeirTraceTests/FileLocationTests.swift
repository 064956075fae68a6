import Foundation
import Glibc
import Testing
import WeirBase

@testable import WeirTrace

/// Where a path leads. The system tells names apart by bytes, and so does the look.
@Suite struct FileLocationTests {
    /// A mark that joins the character before it: behind a slash the two are one character to
    /// Swift, which is no slash.
    private let accent = "\u{301}"

    @Test func `a name that begins with an accent is looked for in its own folder`() throws {
        try withFolder { folder in
            let error = #expect(throws: TraceError.self) {
                try FileLocation("\(folder)/missing/\(accent)a")
            }
            #expect(error?.code == .usage)
            mkdir("\(folder)/there", 0o700)
            let found = try FileLocation("\(folder)/there/\(accent)a")
            #expect(found.kind == .absent)
            #expect(Array(found.target.utf8) == Array("\(folder)/there/\(accent)a".utf8))
        }
    }

    @Test func `a link to the root's name with an accent leads to the root`() throws {
        try withFolder { folder in
            let target = "/\(accent)weir-nothing"
            try #require(symlink(target, folder + "/link") == 0)
            let found = try FileLocation(folder + "/link")
            #expect(Array(found.target.utf8) == Array(target.utf8))
        }
    }

    @Test func `a relative link leads on from its own folder`() throws {
        try withFolder { folder in
            mkdir(folder + "/one", 0o700)
            try #require(symlink("../two.mcap", folder + "/one/link") == 0)
            try #require(symlink("one/link", folder + "/first") == 0)
            let found = try FileLocation(folder + "/first")
            #expect(found.kind == .absent)
            #expect(found.target == folder + "/one/../two.mcap")
            #expect(throws: TraceError.self) { try FileLocation(folder + "/first/") }
        }
    }

    @Test func `a path that ends with a slash names no file`() throws {
        try withFolder { folder in
            let error = #expect(throws: TraceError.self) { try FileLocation(folder + "/new/") }
            #expect(error?.code == .usage)
        }
    }
}
