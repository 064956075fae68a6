/// Why a trace could not be written or read, where, and what to do about it.
///
/// This is the one error type of the room. Callers decide by `code` and print `description`.
package struct TraceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is, for the exit code.
    package enum Code: Sendable {
        /// The request cannot work: no such file, a folder, a file that must not be replaced.
        case usage
        /// The file is no trace of Weir.
        case notATrace
        /// The file is a trace of a version that this build does not know.
        case unknownVersion
        /// Bytes of the file are not what was written.
        case damaged
        /// The system refused: disk full, permission, input or output error.
        case operating
        /// The recording reached the size that it was given.
        case bound
    }

    /// What kind of trouble it is.
    package let code: Code
    /// The byte of the file at which the trouble begins; nil where it has no location.
    package let offset: UInt64?
    /// What happened and what to do, in sentences, without a full stop at the end.
    package let reason: String

    package init(_ code: Code, offset: UInt64? = nil, _ reason: String) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }

    /// An error about bytes that are not what was written.
    package static func damaged(_ offset: UInt64, _ reason: String) -> TraceError {
        TraceError(.damaged, offset: offset, reason)
    }

    /// The reason and its location, as the command line prints it.
    package var description: String {
        guard let offset else { return reason }
        return "\(reason) (at byte \(offset))"
    }
}
