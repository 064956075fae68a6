/// How whoever runs this program calls it, for advice that is pasted into a shell as it
/// stands.
package enum ProgramName {
    /// The name as it was typed: bare where the shell found the program, else the path.
    package static var typed: String { CommandLine.arguments.first ?? "weir" }

    /// The name without its folder, for help.
    package static var bare: String {
        typed.split(separator: "/").last.map(String.init) ?? "weir"
    }

    /// A command line of this program, each word quoted where a shell would read it otherwise.
    package static func command(_ words: String...) -> String {
        ([typed] + words).map(ShellWord.quoted).joined(separator: " ")
    }
}

/// One word of a command line.
package enum ShellWord {
    /// The characters that mean nothing to a shell, wherever they stand in a word.
    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-".utf8)

    /// The word as a shell takes it: as it is where every character is plain, else in quotes.
    ///
    /// Control characters are written out as bash, zsh and ksh read them, so that the word is one
    /// line and steers no terminal.
    package static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.utf8.allSatisfy({ plain.contains($0) }) { return word }
        // In single quotes nothing means anything but the quote itself, which is put outside
        // of them.
        guard word.unicodeScalars.contains(where: { isControl($0) }) else {
            let parts = word.split(separator: "'", omittingEmptySubsequences: false)
            return "'" + parts.joined(separator: "'\\''") + "'"
        }
        var text = "$'"
        for scalar in word.unicodeScalars {
            switch scalar {
            case "'", "\\": text += "\\\(scalar)"
            case _ where isControl(scalar):
                for byte in String(scalar).utf8 {
                    let digits = String(byte, radix: 16)
                    text += "\\x" + (digits.count == 1 ? "0" : "") + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "'"
    }

    /// A path as the argument of a command: one that begins with a dash is no flag then.
    package static func path(_ path: String) -> String {
        path.hasPrefix("-") ? "./" + path : path
    }

    /// Whether a character could steer a terminal or break the line.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
