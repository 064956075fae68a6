import Glibc
import WeirBase

/// An open file among those that come to be at a followed path one after the other.
///
/// Its descriptor keeps it readable whatever becomes of its name.
final class FollowedFile {
    let descriptor: Descriptor
    let identity: FileNumber

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
}
