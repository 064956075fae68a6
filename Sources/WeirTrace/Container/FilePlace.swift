import Glibc

/// Which file it is, whatever it is called.
package struct FileNumber: Equatable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// Where a path leads and what stands there: judged before anything is written, and without
/// opening anything that opening could disturb.
///
/// Symbolic links are followed to what they lead to, also to where nothing is yet. What was found
/// may change at any time: whoever writes opens `target` as new, or holds what it opened against
/// `number`.
package struct FilePlace: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// Nothing, in a folder that is there.
        case absent
        /// A trace of Weir's, by its first bytes.
        case trace
        /// The lanes of a run, by their first bytes.
        case lanes
        /// Any other regular file.
        case file
        case directory
        case characterDevice
        case blockDevice
        case pipe
        case socket
    }

    /// The path as it was given.
    package let path: String
    /// The path behind all links.
    package let target: String
    package let kind: Kind
    /// Nil where nothing is.
    package let number: FileNumber?

    private static let maximumLinks = 40

    /// Looks at a path.
    ///
    /// - Throws: `.usage` where no file can be, `.operating` where one may not look.
    package init(_ path: String) throws(TraceError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw TraceError(.usage, "the path is empty or holds a NUL byte. Name a file")
        }
        var status = stat()
        if stat(path, &status) == 0 {
            let number = FileNumber(status)
            let target = Self.behindLinks(path, is: number)
            self.init(path, target, Self.kind(status, target), number)
            return
        }
        guard errno == ENOENT else { throw Self.failure(path) }
        self.init(path, try Self.free(path), .absent, nil)
    }

    /// Looks at a name itself: a link there is a file that is none of ours.
    init(nameOf path: String) throws(TraceError) {
        var status = stat()
        if lstat(path, &status) == 0 {
            self.init(path, path, Self.kind(status, path), FileNumber(status))
        } else if errno == ENOENT {
            self.init(path, path, .absent, nil)
        } else {
            throw Self.failure(path)
        }
    }

    private init(_ path: String, _ target: String, _ kind: Kind, _ number: FileNumber?) {
        self.path = path
        self.target = target
        self.kind = kind
        self.number = number
    }

    /// The path without links, where there is one: what `/dev/fd/63` leads to has no other name.
    private static func behindLinks(_ path: String, is number: FileNumber) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { Glibc.free(resolved) }
        var status = stat()
        guard stat(resolved, &status) == 0, FileNumber(status) == number else { return path }
        return String(cString: resolved)
    }

    /// Where a file would be made that is not there: at the path, or where its links lead.
    private static func free(_ path: String) throws(TraceError) -> String {
        var target = path
        for _ in 0..<maximumLinks {
            var status = stat()
            if lstat(target, &status) != 0 {
                guard errno == ENOENT else { throw failure(path) }
                guard isFolder(folder(of: target)), !target.hasSuffix("/") else {
                    throw TraceError(
                        .usage, "\(path) cannot be created. Check that its folder exists")
                }
                return target
            }
            guard status.st_mode & S_IFMT == S_IFLNK, let next = destination(of: target) else {
                throw TraceError(.usage, "\(path) changes while it is looked at. Try it again")
            }
            target = next.hasPrefix("/") ? next : "\(folder(of: target))/\(next)"
        }
        throw TraceError(.usage, "\(path) leads through too many links. Name the file itself")
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func destination(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(link, $0, bytes.count) } ?? -1
        }
        guard count > 0, count < buffer.count else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func kind(_ status: stat, _ path: String) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: contents(of: path, FileNumber(status))
        case S_IFDIR: .directory
        case S_IFCHR: .characterDevice
        case S_IFBLK: .blockDevice
        case S_IFIFO: .pipe
        case S_IFSOCK: .socket
        // A link, where the name itself is asked for.
        default: .file
        }
    }

    /// What a regular file says it is. One that may not be read is none of ours.
    private static func contents(of path: String, _ number: FileNumber) -> Kind {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { return .file }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, FileNumber(status) == number else { return .file }
        let profile = Array(Mcap.profile.utf8)
        let profileStart = Mcap.magic.count + 1 + 8 + 4
        let bytes = [UInt8](unsafeUninitializedCapacity: profileStart + profile.count) {
            target, count in
            count = max(0, pread(descriptor, target.baseAddress, target.count, 0))
        }
        if bytes.starts(with: LaneFileHeader.magic) { return .lanes }
        let isTrace =
            bytes.starts(with: Mcap.magic) && bytes.count == profileStart + profile.count
            && bytes[profileStart...].elementsEqual(profile)
        return isTrace ? .trace : .file
    }

    private static func failure(_ path: String) -> TraceError {
        switch errno {
        case ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL:
            TraceError(
                .usage,
                "\(path) is no usable path: \(String(cString: strerror(errno))). Name another file")
        default: .operating("cannot look at", path: path)
        }
    }

    /// What stands there, for a sentence: `a directory`.
    package var noun: String {
        switch kind {
        case .absent: "absent"
        case .trace: "a recorded run"
        case .lanes: "the lanes of a recorded run"
        case .file: "a file that is no trace of Weir's"
        case .directory: "a directory"
        case .characterDevice, .blockDevice: "a device"
        case .pipe: "a named pipe"
        case .socket: "a socket"
        }
    }
}

/// A file that was moved away from its name, until it is known that its successor is there.
///
/// It waits in a folder made for it. The move itself tells whether it was the file that was
/// judged: another one that had come to the name meanwhile is put back. A process that dies in
/// between leaves both files.
struct SetAside {
    private let path: String
    private let folder: String
    private var aside: String { folder + "/trace" }

    /// Moves the file with this number away from `path`.
    init(_ path: String, _ number: FileNumber) throws(TraceError) {
        self.path = path
        var template = Array("\(path).replaced-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .operating("cannot replace", path: path) }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard rename(path, aside) == 0 else {
            let failure = TraceError.operating("cannot replace", path: path)
            rmdir(folder)
            throw failure
        }
        var status = stat()
        guard lstat(aside, &status) == 0, FileNumber(status) == number else {
            putBack()
            throw TraceError(.usage, "\(path) changes while it is looked at. Try it again")
        }
    }

    /// Undoes the move, unless something else has the name by now: then it stays in its folder.
    func putBack() {
        var status = stat()
        // A link is refused where the name is taken; some file systems have no links.
        if link(aside, path) == 0 {
            unlink(aside)
        } else if lstat(path, &status) != 0, errno == ENOENT {
            rename(aside, path)
        }
        rmdir(folder)
    }

    /// Removes the file for good.
    func discard() {
        unlink(aside)
        rmdir(folder)
    }
}
