import WeirBase

/// Text that may be drawn: the only kind that a canvas takes.
///
/// Names, keys, logs and file names come from outside, and a terminal obeys what it finds in them:
/// clipboard writes, titles, cursor movements. Making one of these is the only way for text onto
/// the screen, and making it replaces every control, format and unassigned character by something
/// visible. What is written with combining marks is composed (NFC) where Unicode has a character
/// for it. The rule is a type, so that a view that forgets it does not compile.
package struct SafeText: Equatable, Sendable, ExpressibleByStringLiteral,
    ExpressibleByStringInterpolation
{
    /// A character with its marks, and how many cells it takes.
    package struct Glyph: Equatable, Sendable {
        package var scalar: Unicode.Scalar
        package var combiningMarks: CombiningMarks
        package var width: Int
    }

    package private(set) var glyphs: [Glyph] = []

    /// Makes any text fit to draw, in time proportional to what is kept.
    package init(_ text: some StringProtocol, limit: Int = TerminalBounds.maximumTextLength) {
        let escaped = PrintableText.escaped(text, limit: limit)
        glyphs.reserveCapacity(escaped.utf8.count)
        if ComposedText.mayCompose(escaped) {
            for scalar in ComposedText.scalars(of: escaped) { append(scalar) }
        } else {
            for scalar in escaped.unicodeScalars { append(scalar) }
        }
    }

    package init(stringLiteral value: String) { self.init(value) }

    /// How many cells it takes. Counted anew at each call.
    package var width: Int { glyphs.reduce(0) { $0 + $1.width } }

    package var isEmpty: Bool { glyphs.isEmpty }

    /// The text without what does not fit into `cells`, ending in `ellipsis` where it was cut. The
    /// ellipsis takes one of the cells.
    package func cut(to cells: Int, ellipsis: Character) -> SafeText {
        if width <= cells { return self }
        var kept = SafeText("")
        var used = 0
        for glyph in glyphs {
            if used + glyph.width > cells - 1 { break }
            kept.glyphs.append(glyph)
            used += glyph.width
        }
        if cells > 0 { for scalar in ellipsis.unicodeScalars { kept.append(scalar) } }
        return kept
    }

    /// The text in at most `lines` lines of at most `cells` cells each, broken at spaces where
    /// there are any, else anywhere. What does not fit into them is left out. The space at a break
    /// is not shown.
    package func wrapped(to cells: Int, lines: Int) -> [SafeText] {
        guard cells > 0, lines > 0 else { return [] }
        var result: [SafeText] = []
        var rest = glyphs[...]
        while !rest.isEmpty, result.count < lines {
            var (end, used, space) = (rest.startIndex, 0, Int?.none)
            while end < rest.endIndex, used + rest[end].width <= cells {
                if rest[end].scalar == " " { space = end }
                used += rest[end].width
                end += 1
            }
            var next = end
            if end < rest.endIndex, rest[end].scalar == " " {
                next = end + 1
            } else if end < rest.endIndex, let space {
                // A word would be cut: the line ends before it.
                (end, next) = (space, space + 1)
            } else if end == rest.startIndex {
                // A single character that is wider than the line.
                next = end + 1
            }
            var line = SafeText("")
            line.glyphs = Array(rest[rest.startIndex..<end])
            result.append(line)
            rest = rest[next...]
        }
        return result
    }

    package static func + (left: SafeText, right: SafeText) -> SafeText {
        var sum = left
        sum.glyphs.append(contentsOf: right.glyphs)
        return sum
    }

    /// Adds a character as a glyph of its own, or a mark to the last glyph.
    private mutating func append(_ scalar: Unicode.Scalar) {
        let shown = Self.shown(scalar)
        let width = CharacterWidth.cells(of: shown)
        if width > 0 {
            glyphs.append(Glyph(scalar: shown, combiningMarks: CombiningMarks(), width: width))
        } else if let last = glyphs.indices.last {
            glyphs[last].combiningMarks.add(shown)
        }
        // A mark that has nothing to stand on is left out.
    }

    /// What is drawn for a character that was escaped already: itself, or a substitute where
    /// terminals disagree about it.
    private static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x20...0x7E: return scalar
        case 0x1F1E6...0x1F1FF:
            // Halves of flags; terminals disagree about their width, so the letters are shown.
            return Unicode.Scalar(UInt8(scalar.value - 0x1F1E6) + 0x41)
        case 0xFE00...0xFE0F, 0xE0100...0xE01EF:
            // Variation selectors change the width in some terminals; a mark that is never drawn.
            return "\u{FE00}"
        default: break
        }
        return scalar.properties.generalCategory == .unassigned ? "\u{FFFD}" : scalar
    }
}

/// At most two marks that combine with a character. Further ones are left out, so that a tower of
/// them costs nothing.
package struct CombiningMarks: Equatable, Sendable {
    package private(set) var first: UInt32 = 0
    package private(set) var second: UInt32 = 0

    package init() {}

    /// Adds a mark where there is room. U+FE00 stands for a variation selector, which is never
    /// drawn.
    package mutating func add(_ combiningMark: Unicode.Scalar) {
        if combiningMark == "\u{FE00}" { return }
        if first == 0 {
            first = combiningMark.value
        } else if second == 0 {
            second = combiningMark.value
        }
    }
}
