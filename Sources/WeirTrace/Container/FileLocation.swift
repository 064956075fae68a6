import Glibc
package import WeirBase

/// Where a path leads and what is there, found out before anything is written.
///
/// Whoever is about to create or replace a file looks first, judges what was found, and then
/// acts. The look opens nothing that opening could disturb: only a regular file is opened, and
/// only to read its first bytes. A pipe or a terminal is left alone.
///
/// Symbolic links are followed to what they lead to, also when nothing is there yet. What was
/// found may change at any time after the look. So whoever writes must either create `target` as
/// a file that does not exist (`O_EXCL`), or compare what it opened with `number`. Any thread
/// may look.
package struct FileLocation: Equatable, Sendable {
    /// What is at the end of a path, told apart as far as Weir decides by it.
    package enum Kind: Equatable, Sendable {
        /// There is no file, but there is a folder in which one could be made.
        case absent
        /// A recording of Weir's, as its first bytes say: MCAP's magic and a header with our
        /// profile.
        case trace
        /// The lanes of a run, as their first bytes say.
        case lanes
        /// Any other regular file, among them those that may not be read.
        case file
        case directory
        case characterDevice
        case blockDevice
        case pipe
        case socket
    }

    /// The path as the user gave it, for messages.
    package let path: String
    /// The path behind all symbolic links, to be opened or created.
    package let target: String
    package let kind: Kind
    /// The identity of what was found; nil where nothing is.
    package let number: FileNumber?

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

    /// Looks at a name itself and does not follow it.
    ///
    /// A link counts as `.file`, a file that is none of ours, so that nobody replaces it. This
    /// is the look for a path at which Weir makes files of its own, such as the lanes beside a
    /// trace.
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
        // Whoever replaces a file compares its number, and must have one for whatever is there.
        precondition(
            (kind == .absent) == (number == nil),
            "\(path) is found \(kind), with the number \(String(describing: number))")
        self.path = path
        self.target = target
        self.kind = kind
        self.number = number
    }

    /// The path without links, where there is one.
    ///
    /// What `/dev/fd/63` leads to may have no other name, or `realpath` may give a name that has
    /// passed to another file meanwhile. In both cases the numbers differ and the given path
    /// stays.
    private static func behindLinks(_ path: String, is number: FileNumber) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { Glibc.free(resolved) }
        var status = stat()
        guard stat(resolved, &status) == 0, FileNumber(status) == number else { return path }
        return String(cString: resolved)
    }

    /// The path at which a file would be made that does not exist yet.
    ///
    /// That is the given path, or where its links lead. `realpath` cannot tell, as it needs the
    /// last file to exist.
    private static func free(_ path: String) throws(TraceError) -> String {
        let target: String
        switch LinkedPath.end(of: path) {
        case .path(let end): target = end
        case .endless:
            throw TraceError(.usage, "\(path) leads through too many links. Name the file itself")
        case .unreadable:
            throw TraceError(
                .usage, "\(path) leads through a link that cannot be followed. Name the file itself"
            )
        }
        var status = stat()
        // `stat` found nothing here a moment ago, so that what is there now has come in between.
        guard lstat(target, &status) != 0 else {
            throw TraceError(.usage, "\(path) changes while it is looked at. Try it again")
        }
        guard errno == ENOENT else { throw failure(path) }
        // A trailing slash asks for a folder, and we make files only.
        guard isFolder(LinkedPath.split(target).folder), !LinkedPath.asksForFolder(target) else {
            throw TraceError(.usage, "\(path) cannot be created. Check that its folder exists")
        }
        // No link makes the answer depend on the folder of this process.
        assert(
            LinkedPath.isAbsolute(target) || !LinkedPath.isAbsolute(path),
            "the absolute path \(path) leads to the relative one \(target)")
        return target
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// What a status says, and for a regular file its first bytes.
    private static func kind(_ status: stat, _ path: String) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: contents(of: path, FileNumber(status))
        case S_IFDIR: .directory
        case S_IFCHR: .characterDevice
        case S_IFBLK: .blockDevice
        case S_IFIFO: .pipe
        case S_IFSOCK: .socket
        // A link, which only the look at a name itself (`lstat`) can meet.
        default: .file
        }
    }

    /// What a regular file says it is by its first bytes. One that may not be read is none of
    /// ours.
    private static func contents(of path: String, _ number: FileNumber) -> Kind {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { return .file }
        defer { close(descriptor) }
        var status = stat()
        // Another file may have come to the name between the look and the opening.
        guard fstat(descriptor, &status) == 0, FileNumber(status) == number else { return .file }
        let profile = Array(Mcap.profile.utf8)
        // The first record of a trace is its header: an opcode of one byte, a length of eight,
        // and then the profile as a string with a length of four bytes.
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

    /// The error of a path that could not be looked at. Call it before anything resets `errno`.
    private static func failure(_ path: String) -> TraceError {
        switch errno {
        case ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL:
            TraceError(
                .usage,
                "\(path) is no usable path: \(String(cString: strerror(errno))). Name another file")
        default: .operating("cannot look at", path: path)
        }
    }

    /// What is there, to be put into a sentence: `a directory`.
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

/// A file that was moved away from its name until its successor is known to exist.
///
/// The protocol is: make the value, which moves the file; create the successor under the old
/// name; then call exactly one of `discard` (it exists) and `putBack` (it could not be made).
///
/// The file waits in a folder of its own beside its name, on the same disk, so that moving it is
/// a rename. Only after the move is it certain which file was moved; one that had come to the
/// name after the judgement is put back. A process that dies in between leaves both files, and
/// the old one can be found in its folder.
struct SetAside {
    private let path: String
    /// The folder that was made for the file. `mkdtemp` chose the last six characters of its
    /// name.
    private let folder: String
    /// The path at which the file waits.
    private var aside: String { folder + "/trace" }

    /// Moves the file with this number, which was judged to be of this kind, away from `path`.
    ///
    /// - Throws: `.operating` when the folder cannot be made or the file cannot be moved,
    ///   `.usage` when the name had passed to another file.
    init(_ path: String, _ number: FileNumber, _ kind: FileLocation.Kind) throws(TraceError) {
        self.path = path
        var template = Array("\(path).replaced-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .operating("cannot replace", path: path) }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // `mkdtemp` replaces the six letters and nothing else; `rmdir` is given this path later.
        assert(
            folder.utf8.count == path.utf8.count + ".replaced-XXXXXX".utf8.count,
            "the folder \(folder) is not the one that was asked for beside \(path)")
        guard rename(path, aside) == 0 else {
            let failure = TraceError.operating("cannot replace", path: path)
            rmdir(folder)
            throw failure
        }
        // The file system may have given the number of a file that is gone to the one that came.
        guard let moved = try? FileLocation(nameOf: aside), moved.number == number,
            moved.kind == kind
        else {
            putBack()
            throw TraceError(.usage, "\(path) changes while it is looked at. Try it again")
        }
    }

    /// Undoes the move.
    ///
    /// Where something else has taken the name by now, nothing is overwritten: the file stays in
    /// its folder, which `rmdir` then does not remove.
    func putBack() {
        var status = stat()
        // `link` refuses a name that is taken, in one step. Some file systems have no links;
        // there the name is looked at first and the file is renamed.
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
