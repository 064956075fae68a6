import WeirBase

extension DataStream {
    /// Writes each element as a row; the sink is a stage of its own with one subtask.
    ///
    /// `encode` gives the row as text without a line end. Elements cross to the sink's stage, so
    /// `Element` must be `Codable`. An error thrown by the closure ends the run, naming the sink.
    @inlinable
    public func write(
        _ name: String, to sink: (any RowSink)? = nil,
        _ encode: @escaping @Sendable (Element) throws -> String
    ) {
        write(name, to: sink) { element, row in
            row.append(contentsOf: try encode(element).utf8)
        }
    }

    /// The same with a closure that adds the row's bytes, without a line end.
    ///
    /// It is given those that wait for the sink, and must leave what is there already as it is.
    /// Costs no text for each row.
    @inlinable
    public func write(
        _ name: String, to sink: (any RowSink)? = nil,
        _ encode: @escaping @Sendable (Element, inout [UInt8]) throws -> Void
    ) {
        addingSink(name, SinkForm(sink)) { slice, frame, rows in
            let elements = slice.elements.assumingMemoryBound(to: Element.self)
            let count = slice.count
            var done = 0
            rows.append { writer in
                do {
                    while done < count {
                        try encode(elements[done], &writer.bytes)
                        writer.endRow()
                        done += 1
                    }
                } catch {
                    writer.dropRow()
                    frame.pointee.fail(error)
                }
            }
            elements.deinitialize(count: count)
            return done
        }
    }

    /// Counts elements, keeps the exclusive or of a word of each, and writes nothing.
    ///
    /// The end of a pipeline whose rows nobody needs, such as one that is measured. It runs in the
    /// stage that it reads, as an operator would.
    @inlinable
    public func tally(_ name: String, _ fold: @escaping @Sendable (Element) -> UInt64) {
        addingSink(name, .tally) { slice, _, rows in
            let elements = slice.elements.assumingMemoryBound(to: Element.self)
            let count = slice.count
            var folded: UInt64 = 0
            var index = 0
            while index < count {
                folded ^= fold(elements[index])
                index += 1
            }
            elements.deinitialize(count: count)
            rows.tally(count, folded)
            return count
        }
    }

    /// Adds a sink. `take` consumes a slice's elements and tells for how many it came to its end.
    @usableFromInline
    func addingSink(
        _ name: String, _ form: SinkForm,
        _ take: @escaping (ElementSlice, UnsafeMutablePointer<Frame>, SinkRows) -> Int
    ) {
        var spec = NodeSpec(name: name, kind: "sink")
        spec.inputs = ports
        spec.width = form.isTally ? .inherited : .one
        spec.edge = edge
        spec.role = .sink(SinkSpec(form))
        spec.makeLink = { context in
            guard let rows = context.rows else {
                preconditionFailure("sink \(context.name) was bound without a place for its rows")
            }
            return Link(name: context.name, state: SinkState(name: context.name, rows: rows)) {
                slice, frame, _ in
                let count = slice.count
                let done = take(slice, frame, SinkRows(outlet: rows))
                slice.count = 0
                frame.pointee.handled(done, of: count)
            }
        }
        _ = flow.add(spec)
    }
}

/// What a sink does with its rows.
@usableFromInline
struct SinkForm {
    /// Where it writes unless told; nil where it must be told.
    let defaultSink: (any RowSink)?
    /// Whether it counts its rows and writes none.
    let isTally: Bool

    @usableFromInline
    init(_ sink: (any RowSink)?) { (defaultSink, isTally) = (sink, false) }

    private init() { (defaultSink, isTally) = (nil, true) }

    @usableFromInline static var tally: SinkForm { SinkForm() }
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

/// The feed of a sink that writes nothing: no row ever comes.
final class TallyFeed: RowFeed {
    func offer(_ rows: [UInt8], count: Int) -> Bool {
        preconditionFailure("\(count) rows are to be written for a sink that counts them")
    }
    func finish() {}
    let account = RowAccount()
}
