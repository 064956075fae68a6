/// Text from outside, made safe to show.
///
/// Names, keys, file names and log texts may hold control sequences that a terminal would obey.
/// Whatever a message shows of them goes through here: C0 and C1 controls, DEL, the bidirectional
/// overrides and other invisible format characters become visible escapes.
package enum PrintableText {
    /// The text with every control and format character written as `\u{1B}`. At most `limit`
    /// characters are taken, and an ellipsis stands for the rest.
    ///
    /// Characters are counted as Unicode scalars of the text, so that an escape makes the
    /// result longer than the limit. What is escaped already stays as it is when it is
    /// escaped again.
    package static func escaped(_ text: some StringProtocol, limit: Int = 200) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            // Only where something is left out: a text of exactly `limit` characters is shown
            // whole.
            if count >= limit { return result + "…" }
            count += 1
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if isUnsafe(scalar) {
                    result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    /// A text of this program in ASCII alone, for terminals that show nothing else. What
    /// stands in messages for other characters is replaced by what reads the same, anything
    /// else by an escape.
    package static func ascii(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{B5}": result += "u"
            case "\u{2026}": result += "..."
            case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
            default: result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            }
        }
        return result
    }

    /// Whether a character does something, or shows as nothing, instead of being text.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
            true
        default: false
        }
    }
}
