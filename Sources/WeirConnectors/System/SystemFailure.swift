import Glibc

/// A refusal of the operating system: the error number of a call, and its words.
///
/// It is what the calls of this room throw among themselves; `Trouble` makes sentences of it
/// for people.
struct SystemFailure: Error, Equatable {
    let code: Int32

    /// The error of the call that has just failed on this thread. Ask before any other call.
    static var latest: SystemFailure { SystemFailure(code: errno) }

    /// The system's own words, for example `No such file or directory`.
    var words: String {
        // The C library keeps the text per thread, so that no other thread can change it.
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
