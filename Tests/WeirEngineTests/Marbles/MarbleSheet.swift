import WeirBase

@testable import WeirEngine

/// Draws what comes out of a pipeline, marble by marble.
///
/// An operator at the end of a stream. What it has drawn is the test's and not the pipeline's: it
/// is in no digest, and an execution that goes on from a saved state draws on the same sheet.
final class MarbleSheet: @unchecked Sendable {
    // Unchecked: as for the clock.
    private(set) var diagram = MarbleDiagram()
    private let clock: MarbleClock
    private var isAtEndOfTime = false

    init(_ clock: MarbleClock) { self.clock = clock }

    func draw(_ event: MarbleDiagram.Event) { diagram.add(event, frame: clock.frame) }

    func pass(_ control: Control) {
        switch control {
        case .watermark(.distantFuture): isAtEndOfTime = true
        case .watermark(let instant): draw(.watermark(instant))
        case .idle: draw(.idle)
        case .active: draw(.active)
        case .end: draw(isAtEndOfTime ? .end : .bareEnd)
        }
    }
}

/// A value that a diagram shows otherwise than Swift does.
protocol MarbleText {
    var marble: String { get }
}

extension Pane: MarbleText {
    /// The key and what was aggregated for it.
    var marble: String { "\(key)\(value)" }
}

/// The operator that draws, in one subtask.
private final class MarbleSheetState: KeepsNothing {
    private let sheet: MarbleSheet

    init(_ sheet: MarbleSheet) { self.sheet = sheet }

    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) { sheet.pass(control) }

    var partName: String { "sheet" }
}

extension DataStream {
    /// Ends the stream on a sheet, in one subtask.
    func draw(on sheet: MarbleSheet) {
        var spec = NodeSpec(name: nil, kind: "sheet")
        spec.inputs = ports
        spec.width = .one
        spec.makeLink = { context in
            Link(name: context.name, state: MarbleSheetState(sheet)) { slice, frame, _ in
                let count = slice.count
                let done = slice.consume(as: Element.self, frame) { element, time in
                    let text = (element as? any MarbleText)?.marble ?? "\(element)"
                    sheet.draw(.element(text, at: Instant(nanoseconds: time)))
                }
                frame.pointee.handled(done, of: count)
            }
        }
        _ = flow.add(spec)
    }
}
