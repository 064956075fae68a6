import Glibc

/// How far something long has come: one line that replaces itself, on a terminal only.
enum Progress {
    /// Longer lines would wrap, and what wraps is not replaced.
    private static let maximumCharacters = 78

    static func show(_ text: String) { write("\r\u{1B}[K\(text.prefix(maximumCharacters))") }
    static func end() { write("\r\u{1B}[K") }

    private static func write(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
