import KeptText
import Testing
import WeirMonitor
import WeirTerminal

/// Frames that are kept in `Frames/`: what is on the screen, and below it how it is styled.
enum FrameFiles {
    /// Holds a model's frame against the kept one.
    ///
    /// With `WEIR_WRITE_FRAMES` in the environment the frame is written into that folder instead.
    static func compare(_ model: ScreenModel, _ name: String) throws {
        let canvas = model.frame
        let frame = canvas.text + "~\n" + canvas.styleText
        if model.state.theme.symbols.isASCII { #expect(canvas.text.utf8.allSatisfy { $0 < 0x7F }) }
        let kept = KeptText("Frames", variable: "WEIR_WRITE_FRAMES")
        #expect(try kept.difference(of: frame, from: "\(name).txt") == nil)
    }
}
