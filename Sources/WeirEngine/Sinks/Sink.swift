import WeirBase

extension DataStream {
    /// Writes each element as a row; the sink is a stage of its own with one subtask.
    ///
    /// `encode` gives the row as text without a line end. Elements cross to the sink's stage, so
    /// `Element` must be `Codable`.
    public func write(
        _ name: String, to sink: (any RowSink)? = nil,
        _ encode: @escaping @Sendable (Element) throws -> String
    ) {
        var spec = NodeSpec(name: name, kind: "sink")
        spec.inputs = ports
        spec.width = .one
        spec.edge = edge
        spec.role = .sink(SinkSpec(defaultSink: sink))
        spec.makeLink = { context in
            guard let rows = context.rows else {
                preconditionFailure("sink \(context.name) was bound without a place for its rows")
            }
            return Link(name: context.name, state: SinkState(name: context.name, rows: rows)) {
                slice, frame, _ in
                let count = slice.count
                let done = slice.consume(as: Element.self, frame) { element, _ in
                    var row = Array(try encode(element).utf8)
                    row.append(0x0A)
                    rows.append(row)
                }
                frame.pointee.handled(done, of: count)
            }
        }
        _ = flow.add(spec)
    }
}

/// The end of a chain that writes rows: it tells the outlet when no more come. The rows themselves
/// are the outlet's state, so this has none.
private final class SinkState: KeepsNothing {
    let partName: String
    private let rows: RowOutlet

    init(name: String, rows: RowOutlet) {
        partName = "sink \(name)"
        self.rows = rows
    }

    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) { rows.append(control) }
}
