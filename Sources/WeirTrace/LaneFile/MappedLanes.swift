import Glibc
package import WeirTelemetry
import WeirBase

/// The lanes of a run in a mapped file beside its trace, where they outlive the process.
///
/// What a thread notes is in this memory with the last store of the note, long before the
/// recorder writes it into the trace. After a kill the kernel still has it, so that nothing
/// noted is lost.
///
/// A run creates the file before its trace, holds a lock on it for as long as the recorder
/// lives, and removes it after the trace was closed. Whoever opens a trace without an end looks
/// for the file with `find`, and the lock tells whether the recorder is alive. The lock belongs
/// to the open file and not to a process, so the kernel takes it back however the process ends.
///
/// Whoever cuts the file while its recorder lives ends that process: the next store into a page
/// that the file no longer has is a signal. The file is its owner's alone, and nothing of Weir
/// cuts it. What a dead run left is copied out, so that a reader depends on nobody.
///
/// Keep this object for as long as anything uses its `lanes`. Any thread may create and release
/// it; the lanes have rules of their own.
package final class MappedLanes: @unchecked Sendable {
    // Unchecked: everything here is immutable; the memory belongs to the lanes.

    /// The path of the lane file itself.
    package let path: String
    /// The run that the lanes belong to: `RunHeader.run`.
    package let run: String
    /// The lanes over the mapped memory.
    package let lanes: LaneSet
    /// The open file that holds the lock. It is not inherited by programs that this one starts
    /// (rule 29).
    private let descriptor: Int32
    /// The mapped file, or the copy of one that was left behind: its header page, and the lanes
    /// behind it.
    private let mapping: UnsafeMutableRawPointer
    private let byteCount: Int

    /// What is appended to the path of a trace.
    static let suffix = ".lanes"

    /// The path of the lanes of a trace: beside it, or, when the trace's path is a link and
    /// nothing is beside the link, beside what it leads to.
    package static func path(beside trace: String) -> String {
        let beside = trace + suffix
        var status = stat()
        guard lstat(trace, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
            access(beside, F_OK) != 0, let resolved = realpath(trace, nil)
        else { return beside }
        defer { free(resolved) }
        return String(cString: resolved) + suffix
    }

    /// Whether a recorder holds the lock of a lane file. False where the file cannot be opened.
    ///
    /// - Throws: `.operating` when the system cannot say.
    package static func isLocked(_ path: String) throws(TraceError) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        // Closing the descriptor gives back the lock that this attempt may have got.
        return try isLocked(descriptor, path)
    }

    /// Whether somebody else holds the lock of an open lane file. Where nobody does, it is held
    /// by this descriptor afterwards.
    ///
    /// - Throws: `.operating` when the system cannot say, as on a disk that keeps no locks.
    private static func isLocked(_ descriptor: Int32, _ path: String) throws(TraceError) -> Bool {
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return false }
        // Any other error says nothing of a recorder.
        guard errno == EWOULDBLOCK else {
            throw .operating("cannot ask for the lock of", path: path)
        }
        return true
    }

    /// Creates the lane file of a run, locks it and maps it.
    ///
    /// All its blocks are allocated here, so that a full disk is this call's error and not a
    /// trap at a later store into the mapped memory. A file that is there already is an error.
    /// After an error no file is left behind.
    package static func create(
        path: String, run: String, layout: LaneLayout
    ) throws(TraceError) -> MappedLanes {
        let page = try page(run: run, layout)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            if errno == EEXIST {
                throw TraceError(
                    .usage,
                    "\(path) exists already: a run may still be recording, or died. "
                        + "Name another trace, or recover and remove this one")
            }
            throw .operating("cannot create", path: path)
        }
        do throws(TraceError) {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw .operating("cannot lock", path: path)
            }
            let byteCount = LaneFileHeader.size + layout.byteCount
            // A mapped page without a block would be allocated at the first store, and a full
            // disk would then be a signal that ends the process.
            let status = posix_fallocate(descriptor, 0, byteCount)
            if status != 0 {
                errno = status
                throw .operating("cannot make room for", path: path)
            }
            let mapping = try map(descriptor, byteCount, path)
            precondition(
                page.count == LaneFileHeader.size && page.count <= byteCount,
                "a header of \(page.count) bytes is copied into a mapping of \(byteCount)")
            UnsafeMutableRawBufferPointer(start: mapping, count: byteCount).copyBytes(from: page)
            return MappedLanes(path, run: run, layout, descriptor, mapping, byteCount)
        } catch {
            Glibc.close(descriptor)
            unlink(path)
            throw error
        }
    }

    /// The header page of a new lane file; an error where the lanes do not fit one.
    private static func page(run: String, _ layout: LaneLayout) throws(TraceError) -> [UInt8] {
        if layout.byteCount <= LaneFileHeader.maximumBytes.count,
            let page = LaneFileHeader(run: run, layout: layout).page
        {
            return page
        }
        throw TraceError(
            .usage,
            "the lanes of run \(run) do not fit a lane file: it has room for "
                + "\(LaneFileHeader.maximumLanes) lanes of "
                + "\(Quantities.describe(bytes: LaneFileHeader.maximumBytes)) together and a run "
                + "of 32 digits")
    }

    /// What is known of the lane file beside a trace.
    package enum Found {
        /// There is no such file: the run ended as it should, or the file was removed.
        case missing
        /// A recorder holds its lock.
        case recording
        /// It was left behind by a run that died. The lanes are a copy: what is done to them never
        /// reaches the file, and what becomes of the file never reaches them.
        case left(MappedLanes)
    }

    /// Looks for a lane file without changing it.
    ///
    /// - Throws: `.damaged` when its header cannot be one, `.operating` when the system refuses.
    package static func find(path: String) throws(TraceError) -> Found {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        if descriptor < 0 {
            if errno == ENOENT { return .missing }
            throw .operating("cannot open", path: path)
        }
        do throws(TraceError) {
            if try isLocked(descriptor, path) {
                Glibc.close(descriptor)
                return .recording
            }
            // The lock was only asked for. Keeping it would make the next one who looks take us
            // for a recorder.
            flock(descriptor, LOCK_UN)
            return .left(try open(descriptor, path))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Reads the header and copies the rest, for a file that nobody writes any more.
    private static func open(
        _ descriptor: Int32, _ path: String
    ) throws(TraceError) -> MappedLanes {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .operating("cannot examine", path: path)
        }
        let page = [UInt8](unsafeUninitializedCapacity: LaneFileHeader.size) { target, count in
            count = max(0, pread(descriptor, target.baseAddress, target.count, 0))
        }
        let header: LaneFileHeader
        do throws(MalformedBytes) {
            header = try LaneFileHeader(page: page, fileSize: UInt64(max(0, status.st_size)))
        } catch {
            throw .damaged(UInt64(error.offset), "\(path): \(error.reason)")
        }
        let byteCount = LaneFileHeader.size + header.layout.byteCount
        let memory = try map(nil, byteCount, path)
        do throws(TraceError) {
            try copy(
                descriptor, to: UnsafeMutableRawBufferPointer(start: memory, count: byteCount), path
            )
        } catch {
            munmap(memory, byteCount)
            throw error
        }
        return MappedLanes(path, run: header.run, header.layout, descriptor, memory, byteCount)
    }

    /// Maps the file from its beginning, shared with everybody; memory of this process alone,
    /// zeroed, where `descriptor` is nil.
    private static func map(
        _ descriptor: Int32?, _ byteCount: Int, _ path: String
    ) throws(TraceError) -> UnsafeMutableRawPointer {
        let sharing = descriptor == nil ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED
        let mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, sharing, descriptor ?? -1, 0)
        guard let mapping, mapping != MAP_FAILED else { throw .operating("cannot map", path: path) }
        return mapping
    }

    /// Linux' `SEEK_DATA` and `SEEK_HOLE`, which the module of the C library leaves out.
    private static let (seekData, seekHole): (Int32, Int32) = (3, 4)

    /// Copies a file's beginning into memory that is zero.
    ///
    /// A mapping would do with less, but whoever cut the file meanwhile would end this process.
    /// Holes are passed over: of a file that claims much and holds little, little is copied.
    ///
    /// - Throws: `.damaged` where the file became shorter.
    private static func copy(
        _ descriptor: Int32, to memory: UnsafeMutableRawBufferPointer, _ path: String
    ) throws(TraceError) {
        var position = 0
        while position < memory.count {
            let data = lseek(descriptor, off_t(position), seekData)
            // There is nothing but a hole from here on. File systems without holes never say so.
            if data < 0, errno == ENXIO { break }
            guard data >= 0 else { throw .operating("cannot read", path: path) }
            let hole = lseek(descriptor, data, seekHole)
            // The file may have been cut between the two.
            let end = hole < 0 ? memory.count : min(memory.count, Int(hole))
            position = min(Int(data), memory.count)
            while position < end {
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[position..<end])
                let count = pread(descriptor, rest.baseAddress, rest.count, off_t(position))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw .operating("cannot read", path: path) }
                if count == 0 { break }
                position += count
            }
            // Behind the data of a file that was cut there is neither data nor a hole.
            if position < end { break }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) >= memory.count else {
            throw .damaged(
                UInt64(position), "\(path) became shorter while it was read. Look at it again")
        }
    }

    private init(
        _ path: String, run: String, _ layout: LaneLayout, _ descriptor: Int32,
        _ mapping: UnsafeMutableRawPointer, _ byteCount: Int
    ) {
        // Nobody who writes into a lane looks at the mapping's end again. Both callers take the
        // size from the layout, and the header's reader has held a found file's size against it.
        precondition(
            byteCount == LaneFileHeader.size + layout.byteCount,
            "lanes of \(layout.byteCount) bytes are put into a mapping of \(byteCount)")
        assert(
            UInt(bitPattern: mapping).isMultiple(of: UInt(LaneFileHeader.size)),
            "the lanes behind \(mapping) do not begin on a page")
        self.path = path
        self.run = run
        self.descriptor = descriptor
        self.mapping = mapping
        self.byteCount = byteCount
        lanes = LaneSet(layout: layout, memory: mapping + LaneFileHeader.size)
    }

    /// Ends the mapping and gives the lock back, which closing the descriptor does.
    deinit {
        munmap(mapping, byteCount)
        Glibc.close(descriptor)
    }

    /// Removes the file: the trace was closed and nothing in the lanes is needed any more.
    ///
    /// The memory stays mapped as long as this object lives.
    package func remove() throws(TraceError) {
        if unlink(path) != 0, errno != ENOENT { throw .operating("cannot remove", path: path) }
    }
}
