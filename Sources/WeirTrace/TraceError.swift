/// Why a trace could not be written or read, where, and what to do.
package struct TraceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is, for the exit code.
    package enum Code: Sendable {
        /// The request cannot work: no such file, a directory, a file that must not be replaced.
        case usage
        /// The file is no trace of Weir.
        case notATrace
        /// The file is a trace of a version that this build does not know.
        case unknownVersion
        /// Bytes of the file are not what was written.
        case damaged
        /// The system refused: disk full, permission, input or output error.
        case operating
        /// The recording reached the size it was given.
        case bound
    }

    package let code: Code
    /// Offset in the file, where there is one.
    package let offset: UInt64?
    /// What happened and what to do, as sentences without a final full stop.
    package let reason: String

    package init(_ code: Code, offset: UInt64? = nil, _ reason: String) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }

    package static func damaged(_ offset: UInt64, _ reason: String) -> TraceError {
        TraceError(.damaged, offset: offset, reason)
    }

    package var description: String {
        guard let offset else { return reason }
        return "\(reason) (at byte \(offset))"
    }
}
