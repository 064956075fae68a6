import WeirBase

@testable import WeirEngine

/// A chain of operators in one subtask, driven by hand. What comes out of it is written down in
/// order: `a@3` an element and its event time in seconds, `|3` a watermark, `|end` the last one,
/// `~` idle, `^` active, `]` the end.
final class DrivenChain<Input: Sendable, Output: Sendable> {
    /// The end of the chain: writes down what comes, and keeps nothing that is saved.
    private final class Sheet: KeepsNothing {
        var drawn: [String] = []
        var partName: String { "sheet" }

        func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {
            switch control {
            case .watermark(.distantFuture): drawn.append("|end")
            case .watermark(let instant): drawn.append("|\(seconds(instant.nanoseconds))")
            case .idle: drawn.append("~")
            case .active: drawn.append("^")
            case .end: drawn.append("]")
            }
        }
    }

    let subtask: Subtask
    private let sheet = Sheet()

    init(inlets: Int = 1, _ links: [Link], output: Output.Type = Output.self) {
        let frame = UnsafeMutablePointer<Frame>.allocate(capacity: 1)
        frame.initialize(to: Frame())
        subtask = Subtask(
            index: 0, stage: "driven", ordinal: 0,
            inlets: (0..<inlets).map { port in
                BlockingInlet(
                    ring: Channel<Input>(
                        name: "\(port)", bounds: .standard))
            },
            outlets: [], chain: Chain(links: links + [Self.end(sheet)], frame: frame),
            source: nil, sliceLimit: ElementSlice.capacity)
    }

    private static func end(_ sheet: Sheet) -> Link {
        Link(name: "sheet", state: sheet) { slice, frame, _ in
            let count = slice.count
            let done = slice.consume(as: Output.self, frame) { element, time in
                sheet.drawn.append("\(element)@\(seconds(time))")
            }
            frame.pointee.handled(done, of: count)
        }
    }

    /// What came out since the last time, as one line.
    func taken() -> String {
        defer { sheet.drawn = [] }
        return sheet.drawn.joined(separator: " ")
    }

    var failure: String? { subtask.failure?.message }

    /// Takes elements of one time through the chain.
    func send(_ elements: Input..., at second: Int64) {
        send(elements, at: Instant(nanoseconds: second * 1_000_000_000))
    }

    func send(_ elements: [Input], at instant: Instant) {
        let room = UnsafeMutablePointer<Input>.allocate(capacity: elements.count)
        let times = UnsafeMutablePointer<Int64>.allocate(capacity: elements.count)
        defer {
            room.deallocate()
            times.deallocate()
        }
        for (index, element) in elements.enumerated() {
            (room + index).initialize(to: element)
            times[index] = instant.nanoseconds
        }
        var slice = ElementSlice(
            elements: UnsafeMutableRawPointer(room), times: times, count: elements.count)
        subtask.chain.beginTurn()
        subtask.chain.run(&slice, from: 0)
    }

    /// The watermark of an inlet, in seconds.
    func pass(_ second: Int64, port: Int = 0) {
        subtask.receive(.watermark(Instant(milliseconds: second * 1_000)), port: port)
    }

    func pass(_ control: Control, port: Int = 0) { subtask.receive(control, port: port) }

    /// The end of an inlet's stream, as its producer tells it.
    func finish(port: Int = 0) {
        subtask.receive(.watermark(.distantFuture), port: port)
        subtask.receive(.end, port: port)
    }
}

private func seconds(_ nanoseconds: Int64) -> String {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return rest == 0 ? "\(whole)" : "\(nanoseconds)ns"
}
