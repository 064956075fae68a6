import Testing

@testable import WeirTerminal

/// The table of wide characters, against what the standard library knows and as a whole.
@Suite struct CharacterWidthTests {
    private static let wide: [UInt32] = (0x300...0x10_FFFF as ClosedRange<UInt32>).filter {
        Unicode.Scalar($0).map { CharacterWidth.cells(of: $0) == 2 } ?? false
    }

    @Test func `what is shown as a picture by itself takes two cells`() {
        let wide = Set(Self.wide)
        let pictures = (0x300...0x1_FFFF as ClosedRange<UInt32>).filter {
            // The letters of flags are wide in pairs alone, and the table is that of Unicode 16.
            guard let properties = Unicode.Scalar($0)?.properties, let age = properties.age else {
                return false
            }
            return properties.isEmojiPresentation && age.major <= 16
                && !(0x1F1E6...0x1F1FF ~= $0)
        }
        #expect(pictures.count > 1_000)
        #expect(pictures.filter { !wide.contains($0) } == [])
    }

    @Test func `no entry of the table moves unseen`() {
        #expect(Self.wide.count == 182_950)
        #expect(Self.wide.reduce(0) { $0 &* 31 &+ UInt64($1) } == 5_849_397_468_272_532_461)
    }
}
