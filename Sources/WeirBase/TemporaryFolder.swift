import Glibc

/// A folder for files that nobody wants to keep; it is gone with this object.
///
/// It lies in `TMPDIR`, or in `/tmp`, under a name that nothing had before, and is the user's
/// alone. It holds files only. A process that is killed leaves it behind.
package final class TemporaryFolder {
    /// Where it lies, without a slash at the end.
    package let path: String

    /// The system did not make it.
    package struct Failure: Error, CustomStringConvertible {
        /// The folder in which it was to lie.
        package let parent: String
        /// The system's number of the reason.
        package let number: Int32
        package var description: String {
            "no folder can be made in \(parent): \(String(cString: strerror(number)))"
        }
    }

    /// Makes a folder whose name begins with `name`.
    package init(named name: String) throws(Failure) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(parent: parent, number: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        empty()
        rmdir(path)
    }

    /// The size of a file in it, in bytes; 0 where there is none.
    package func size(of name: String) -> Int {
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 ? Int(status.st_size) : 0
    }

    /// Removes the files in it.
    package func empty() {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
    }
}
