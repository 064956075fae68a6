import Glibc
import WeirBase

/// A command of a script and its location, for messages.
struct ScriptCommand {
    let text: String
    /// Where the command comes from: `checks.weir:3`, `-x 2`, `standard input:1`.
    let location: String
}

/// The commands of `-x`, of a script's file or of standard input, one after the other.
/// `DebuggerRun` asks for the next one when the one before is done; one thread owns it.
///
/// A pipe is read as it comes, so that each command can be obeyed before the next one is written:
/// another program may wait for the answer.
final class CommandSource {
    /// The commands of `-x`, which come first.
    private var given: ArraySlice<ScriptCommand>
    /// What messages call the script.
    private let name: String
    /// The script; nil where there is none.
    private let descriptor: Int32?
    /// Whether waiting for input is to be given up, because a signal came.
    private let isPending: () -> Bool
    /// What was read and not yet handed out: the beginning of a line, or more.
    private var bytes: [UInt8] = []
    /// The number of the last line that was handed out.
    private var line = 0
    private var isAtEnd = false

    /// `isPending` says whether waiting for input is to be given up.
    init(commands: [String], script: String?, isPending: @escaping () -> Bool) throws {
        given = commands.enumerated().map { ScriptCommand(text: $1, location: "-x \($0 + 1)") }[...]
        self.isPending = isPending
        switch script {
        case nil: (name, descriptor) = ("", nil)
        // Standard input belongs to the program and is never closed here.
        case "-"?: (name, descriptor) = ("standard input", STDIN_FILENO)
        case let path?:
            let opened = open(path, O_RDONLY | O_CLOEXEC)
            let shown = PrintableText.escaped(path)
            guard opened >= 0 else {
                throw CommandFailure.usage(
                    "the script \(shown) cannot be read: \(String(cString: strerror(errno)))",
                    "Name a file with a command on each line, or - for standard input")
            }
            var status = stat()
            // A folder can be opened and not read: it is refused here, with words about what it is.
            guard fstat(opened, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
                close(opened)
                throw CommandFailure.usage(
                    "the script \(shown) is a folder", "Name a file with a command on each line")
            }
            (name, descriptor) = (shown, opened)
        }
    }

    deinit { if let descriptor, descriptor != STDIN_FILENO { close(descriptor) } }

    /// The next command; nil at the end, and when waiting was given up. A last line without an end
    /// counts.
    func next() throws -> ScriptCommand? {
        if let command = given.popFirst() { return command }
        guard descriptor != nil else { return nil }
        while true {
            if let end = bytes.firstIndex(of: 0x0A) {
                defer { bytes.removeSubrange(...end) }
                return command(bytes[..<end])
            }
            if isAtEnd {
                guard !bytes.isEmpty else { return nil }
                defer { bytes.removeAll() }
                return command(bytes[...])
            }
            // Without this bound a file that has no lines would be read into memory whole.
            guard bytes.count <= AppBounds.maximumScriptLineBytes.count else {
                throw CommandFailure.usage(
                    "\(name):\(line + 1): a line of more than "
                        + "\(AppBounds.maximumScriptLineBytes) bytes",
                    "A script has one command on each line")
            }
            guard try fill() else { return nil }
        }
    }

    /// A line as a command; a carriage return at its end is not part of it.
    private func command(_ bytes: ArraySlice<UInt8>) -> ScriptCommand {
        line += 1
        let text = bytes.last == 0x0D ? bytes.dropLast() : bytes
        return ScriptCommand(
            text: String(decoding: text, as: UTF8.self), location: "\(name):\(line)")
    }

    /// Reads what there is, and waits for it if need be; false when waiting was given up.
    private func fill() throws -> Bool {
        guard let descriptor else { return false }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Signals are taken by a thread of their own and end no wait.
        while poll(&watched, 1, AppBounds.scriptPollMilliseconds) == 0 {
            if isPending() { return false }
        }
        var block = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &block, block.count)
        if count < 0 {
            if errno == EINTR || errno == EAGAIN { return !isPending() }
            // A standard input that its caller closed has no commands.
            if errno == EBADF {
                isAtEnd = true
                return true
            }
            throw CommandFailure(
                code: 5, what: "reading \(name) failed: \(String(cString: strerror(errno)))")
        }
        isAtEnd = count == 0
        bytes.append(contentsOf: block.prefix(count))
        return true
    }
}
