import Foundation
import WeirBase

/// A decimal that is no number, in what Foundation's encoder wrote: it writes `NaN`, as no JSON.
enum NotANumber {
    /// Throws where one is outside of texts.
    ///
    /// - Throws: `EncodingError.invalidValue` with the way to the first one.
    static func refuse(_ text: [UInt8]) throws {
        var (bytes, starts) = (text, [Int]())
        var isText = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\\") { index += 1 }
            if byte == UInt8(ascii: "\"") { isText.toggle() }
            if byte == UInt8(ascii: "N"), !isText {
                starts.append(index)
                // What is as long, so that the others stay where they are.
                bytes.replaceSubrange(index..<index + 3, with: "0  ".utf8)
                index += 2
            }
            index += 1
        }
        guard let first = starts.first else { return }
        throw EncodingError.invalidValue(
            Decimal.nan,
            .init(codingPath: path(in: bytes, at: first), debugDescription: "it is no number"))
    }

    /// The way to the value that begins there.
    private static func path(in text: [UInt8], at start: Int) -> [any CodingKey] {
        let lent = LentTape()
        return text.withUnsafeBytes { bytes in
            guard lent.tape.pointee.read(bytes) else { return [] }
            defer { lent.clear() }
            let index = (0..<lent.tape.pointee.count).first {
                lent[$0].kind == .number && Int(lent[$0].start) == start
            }
            return index.map { TapeDecoder(lent: lent, index: $0).codingPath } ?? []
        }
    }
}
