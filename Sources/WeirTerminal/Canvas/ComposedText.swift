import Foundation

/// Text in composed form (NFC), and the base letters of composed characters.
///
/// File names of some systems, and input methods, write decomposed text: `か` and a mark for `が`,
/// three letters for `한`. A terminal shows both alike; curses loses the marks of the former.
enum ComposedText {
    /// Whether composing may change a text. For a text without marks that costs one comparison for
    /// each character, and saves a copy of it.
    static func mayCompose(_ text: String) -> Bool {
        text.unicodeScalars.contains { scalar in
            // Nothing below this combines with what stands before it.
            if scalar.value < 0x300 { return false }
            // Vowels and finals of Hangul are letters and no marks.
            if (0x1160...0x11FF).contains(scalar.value) { return true }
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark: return true
            default: return false
            }
        }
    }

    /// The characters of a text, composed where Unicode has a character for them.
    static func scalars(of text: String) -> String.UnicodeScalarView {
        text.precomposedStringWithCanonicalMapping.unicodeScalars
    }

    /// The letter under the marks of a composed character, where that is ASCII: `e` for `é`.
    static func letter(under scalar: Unicode.Scalar) -> Unicode.Scalar? {
        String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.first
            .flatMap { $0.isASCII ? $0 : nil }
    }
}
