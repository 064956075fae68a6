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
        #if WEIR_PROBES
            if Probe.has(.twoProducers) { spec.width = .inherited }
        #endif
        spec.edge = edge
        spec.sink = SinkSpec(defaultSink: sink)
        spec.makeLink = { context in
            guard let rows = context.rows else {
                preconditionFailure("sink \(context.name) was bound without a place for its rows")
            }
            var reactions = Link.Reactions()
            reactions.control = { control, _, _ in rows.append(control) }
            return Link(name: context.name, state: Link.noState(), reactions: reactions) {
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
