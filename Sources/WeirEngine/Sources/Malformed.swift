import WeirBase

/// A line of a source: an element, or what could not be read as one.
private enum ReadLine<Element: Sendable>: Sendable {
    case element(Element)
    case malformed(MalformedInput)
}

/// Room for one element, which is empty between lines.
private final class ElementRoom<Element> {
    let element = UnsafeMutablePointer<Element>.allocate(capacity: 1)
    deinit { element.deallocate() }
}

extension Source {
    /// The same source with malformed lines among its elements: they cannot become a second output
    /// here, since a source has one.
    fileprivate var withMalformed: Source<ReadLine<Element>> {
        switch kind {
        case .generator(let form):
            // Nothing that is generated is malformed.
            Source<ReadLine<Element>>.generated(form.count, by: form.prepare, watermark) {
                prepared, seed, indices, target, times in
                let made = UnsafeMutablePointer<Element>.allocate(capacity: indices.count)
                defer { made.deallocate() }
                let count = form.fill(
                    prepared, seed, indices, UnsafeMutableRawPointer(made), times)
                let lines = target.assumingMemoryBound(to: ReadLine<Element>.self)
                for index in 0..<count {
                    (lines + index).initialize(to: .element((made + index).move()))
                }
                return count
            }
        case .lines(let source, let idleAfter, _, let fill):
            Source<ReadLine<Element>>(
                kind: .lines(
                    default: source, idleAfter: idleAfter,
                    malformed: .element { .malformed($0) },
                    fill: { started in
                        let fill = fill(started)
                        let room = ElementRoom<Element>()
                        return { bytes, index, slot in
                            let time = try fill(bytes, index, UnsafeMutableRawPointer(room.element))
                            let line = ReadLine.element(room.element.move())
                            slot.initializeMemory(as: ReadLine<Element>.self, to: line)
                            return time
                        }
                    }), watermark: watermark)
        }
    }
}

extension Flow {
    /// Reads a source and gives what cannot be read as a stream of its own.
    ///
    /// The source's own policy for malformed lines does not apply: none ends the run, none is
    /// dropped. Malformed lines have no event time. Costs one more operator in the source's stage.
    public func readWithMalformed<Element: Sendable>(
        _ name: String, from source: Source<Element>
    ) -> (elements: DataStream<Element>, malformed: DataStream<MalformedInput>) {
        let read = read(name, from: source.withMalformed)
        var spec = NodeSpec(name: nil, kind: "split")
        spec.inputs = read.ports
        spec.outputs = [TypedForm<Element>(), TypedForm<MalformedInput>()]
        spec.makeLink = { context in
            guard let malformed = context.sides.first as? Distributor<MalformedInput> else {
                preconditionFailure("\(context.name) was bound without its second stream")
            }
            return split(ReadLine<Element>.self, named: context.name, malformed)
        }
        let node = add(spec)
        return (
            DataStream(self, StreamPort(node: node.id, output: 0)),
            DataStream(self, StreamPort(node: node.id, output: 1))
        )
    }
}

/// The operator behind such a source: it sends elements on and malformed lines aside.
private func split<Element>(
    _ type: ReadLine<Element>.Type, named name: String, _ malformed: Distributor<MalformedInput>
) -> Link {
    let elements = OutputRoom<Element>()
    return Link(name: name) { slice, frame, _ in
        let count = slice.count
        let done = slice.consume(as: ReadLine<Element>.self, frame) { line, time in
            switch consume line {
            case .element(let element): elements.buffer.pointee.append(element, time: time, frame)
            case .malformed(let input): malformed.append(input, time: time)
            }
        }
        frame.pointee.handled(done, of: count)
        elements.buffer.pointee.flush(frame)
    }
}
