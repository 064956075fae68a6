import Glibc

/// One file among those that stand at a followed path one after the other, and how far it is read.
final class FollowedFile {
    /// How many of the last bytes read are compared before more are read. 64 bytes of a log hold
    /// a time stamp or a counter, so that a file written anew does not have the same ones.
    static let fingerprintSize = 64

    let descriptor: Descriptor
    let identity: FileStatus.Identity
    private(set) var offset: UInt64 = 0
    private var fingerprint: [UInt8] = []

    /// - Throws: `EISDIR` for a directory, `EINVAL` for what is no regular file either.
    init(opening path: UnsafePointer<CChar>) throws(SystemFailure) {
        let opened = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let status = try opened.status()
        switch status.kind {
        case .regular: break
        case .directory: throw SystemFailure(code: EISDIR)
        case .other: throw SystemFailure(code: EINVAL)
        }
        identity = status.identity
        descriptor = opened
    }

    enum Look: Equatable {
        case bytes([UInt8], offset: UInt64)
        case truncation
        case nothing
    }

    /// What is new in the file.
    func read(maximum: Int) throws(SystemFailure) -> Look {
        let size = try descriptor.status().size
        if size < offset { return restart() }
        if size == offset { return .nothing }
        if try !holdsFingerprint() { return restart() }
        let bytes = try descriptor.read(
            from: offset, maximum: min(maximum, Int(clamping: size - offset)))
        // Cut between the two looks: the next call sees it.
        if bytes.isEmpty { return .nothing }
        defer { advance(over: bytes) }
        return .bytes(bytes, offset: offset)
    }

    private func restart() -> Look {
        offset = 0
        fingerprint.removeAll()
        return .truncation
    }

    private func holdsFingerprint() throws(SystemFailure) -> Bool {
        if fingerprint.isEmpty { return true }
        let start = offset - UInt64(fingerprint.count)
        return try descriptor.read(from: start, maximum: fingerprint.count) == fingerprint
    }

    private func advance(over bytes: [UInt8]) {
        offset += UInt64(bytes.count)
        if bytes.count < Self.fingerprintSize {
            fingerprint.append(contentsOf: bytes)
            fingerprint.removeFirst(max(0, fingerprint.count - Self.fingerprintSize))
        } else {
            fingerprint = Array(bytes.suffix(Self.fingerprintSize))
        }
        assert(UInt64(fingerprint.count) <= offset)
    }
}
