import Glibc
import Testing
import WeirEngine

@testable import WeirConnectors

/// The sentences of errors, whole, and whether the request or the system is at fault.
@Suite struct TroubleTests {
    private func said(_ error: ConnectorError) -> String { "\(error.kind): \(error)" }

    @Test(arguments: [
        (ENOENT, #"usage: "f" does not exist. Check the path"#),
        (ENOTDIR, #"usage: "f" does not exist. Check the path"#),
        (EISDIR, #"usage: "f" is a directory. Name a file inside it"#),
        (ENAMETOOLONG, #"usage: "f" is no usable path: File name too long"#),
        (ELOOP, #"usage: "f" is no usable path: Too many levels of symbolic links"#),
        (EINVAL, #"usage: "f" is no usable path: Invalid argument"#),
        (EACCES, #"operating: "f" cannot be read: Permission denied. Check its permissions"#),
        (EPERM, #"operating: "f" cannot be read: Operation not permitted. Check its permissions"#),
        (EMFILE, #"operating: "f" cannot be opened: Too many open files"#),
    ])
    func `a file that cannot be read`(code: Int32, sentence: String) {
        #expect(said(Trouble.opening("f", toRead: SystemFailure(code: code))) == sentence)
    }

    @Test(arguments: [
        (
            ENOENT,
            #"usage: "f" cannot be created: its folder does not exist. Create the folder"#
        ),
        (EISDIR, #"usage: "f" is a directory. Name a file inside it to write to"#),
        (EINVAL, #"usage: "f" is no usable path: Invalid argument"#),
        (
            EROFS,
            #"operating: "f" cannot be written: Read-only file system. Choose a place you may "#
                + "write to"
        ),
        (EMFILE, #"operating: "f" cannot be created: Too many open files"#),
    ])
    func `a file that cannot be written`(code: Int32, sentence: String) {
        #expect(said(Trouble.opening("f", toWrite: SystemFailure(code: code))) == sentence)
    }

    @Test(arguments: [
        (ENOSPC, "No space left on device. Free some space, or write to another place"),
        (EDQUOT, "Disk quota exceeded. Free some space, or write to another place"),
        (EFBIG, "File too large. The limit on file sizes was reached"),
        (EIO, "Input/output error"),
    ])
    func `writing that fails`(code: Int32, rest: String) {
        #expect(
            said(Trouble.writing("f", at: 7, SystemFailure(code: code)))
                == #"operating: writing to "f" failed at byte 7: "# + rest)
    }

    @Test func `the other sentences, and how a path is shown`() {
        #expect(
            Trouble.reading("-", at: 3, SystemFailure(code: EIO))
                == "reading standard input failed at byte 3: Input/output error")
        #expect(
            said(Trouble.changed("f"))
                == #"usage: "f" changes while it is looked at. Try it again"#)
        #expect(
            said(Trouble.unusablePath)
                == "usage: the path is empty or holds a NUL byte. Name a file")
        #expect(!Trouble.isUsable("") && !Trouble.isUsable("a\0") && Trouble.isUsable("a"))
        let long = String(repeating: "p", count: ConnectorBounds.maximumShownPath)
        #expect(Trouble.shown(long) == "\"\(long)\"")
        #expect(Trouble.shown(long + "p") == "\"\(long)…\"")
    }
}
