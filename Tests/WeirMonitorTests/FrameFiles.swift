import Foundation
import Testing
import WeirMonitor
import WeirTerminal

/// Frames that are kept in `Frames/`: what is on the screen, and below it how it is styled.
enum FrameFiles {
    /// Holds a model's frame against the kept one and records the first line that differs.
    ///
    /// With `WEIR_WRITE_FRAMES` in the environment the frame is written into that folder instead.
    static func compare(_ model: ScreenModel, _ name: String) throws {
        let canvas = model.frame
        let frame = canvas.text + "~\n" + canvas.styleText
        if model.state.theme.symbols.isASCII { #expect(canvas.text.utf8.allSatisfy { $0 < 0x7F }) }
        if let folder = ProcessInfo.processInfo.environment["WEIR_WRITE_FRAMES"] {
            try Data(frame.utf8).write(to: URL(filePath: "\(folder)/\(name).txt"))
            return
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Frames/\(name).txt")
        let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let got = frame.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = expected.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(got.count == kept.count)
        for (line, (new, old)) in zip(got, kept).enumerated() where new != old {
            Issue.record("\(name), line \(line + 1):\n  kept \(old)\n  got  \(new)")
            return
        }
    }
}
