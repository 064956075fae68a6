/// Text from outside, made safe to show.
///
/// Names, keys, file names and log texts may hold control sequences that a terminal would obey.
/// Whatever a message shows of them goes through here: C0 and C1 controls, DEL, the bidirectional
/// overrides and other invisible format characters become visible escapes.
package enum PrintableText {
    /// The text with every control and format character written as `\u{1B}`; at most `limit`
    /// characters, the rest replaced by an ellipsis.
    package static func escaped(_ text: some StringProtocol, limit: Int = 200) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
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

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
            true
        default: false
        }
    }
}
