public import WeirBase

/// What a source is made of: generated elements, or lines of bytes that are decoded.
public struct Source<Element: Sendable>: Sendable {
    enum Kind: Sendable {
        case generator(GeneratorForm)
        case lines(
            default: (any ByteSource)?, idleAfter: Duration?, malformed: MalformedPolicy<Element>,
            fill: @Sendable (Instant) -> LineFill)
    }
    let kind: Kind
    let watermark: WatermarkPolicy?

    /// Elements made from their index and a random generator of their own, with event times.
    ///
    /// `make` must depend on its arguments alone: an element can be made again by itself. How many
    /// there are is the run's limit.
    @inlinable
    public static func generator(
        watermark: WatermarkPolicy = .ordered,
        _ make: @escaping @Sendable (UInt64, inout SeededGenerator) -> (Element, Instant)
    ) -> Source {
        generated(nil, by: { nil }, watermark) { _, seed, indices, elements, times in
            let room = elements.assumingMemoryBound(to: Element.self)
            var count = 0
            for index in indices {
                // A generator for each element, whose stream is the element's index: nothing goes
                // from one element to the next.
                var random = SeededGenerator(seed: seed, stream: index)
                let (element, time) = make(index, &random)
                (room + count).initialize(to: element)
                times[count] = time.nanoseconds
                count += 1
            }
            return count
        }
    }

    /// Elements made many at a time, from their indices and from what `prepare` made for the run.
    ///
    /// For elements that lie in memory already, or whose making costs less than a call.
    /// `prepare` is called once when a run is bound, before it starts, and again for a replay; it
    /// must give the same each time. `make` adds one element for each index to the batch, in order,
    /// with its event time; a batch of another number of elements fails the source. It must depend
    /// on its arguments alone, whatever the indices of a batch are. The source ends after `count`
    /// elements, or earlier at the run's limit.
    @inlinable
    public static func batches<Prepared: Sendable>(
        watermark: WatermarkPolicy = .ordered, count: UInt64 = .max,
        prepare: @escaping @Sendable () -> Prepared,
        _ make:
            @escaping @Sendable (
                borrowing Prepared, Range<UInt64>, inout SourceBatch<Element>
            ) -> Void
    ) -> Source {
        generated(count, by: { PreparedSource(prepare()) }, watermark) {
            prepared, _, indices, elements, times in
            var batch = SourceBatch<Element>(
                elements: elements.assumingMemoryBound(to: Element.self), times: times,
                capacity: indices.count)
            make(prepared.assumingMemoryBound(to: Prepared.self).pointee, indices, &batch)
            return batch.count
        }
    }

    @usableFromInline
    static func generated(
        _ count: UInt64?, by prepare: @escaping @Sendable () -> PreparedSource?,
        _ watermark: WatermarkPolicy?,
        _ fill: @escaping SourceFill
    ) -> Source {
        Source(
            kind: .generator(
                GeneratorForm(
                    count: count ?? .max, prepare: prepare, fill: fill,
                    describe: { room in
                        let element = room.assumingMemoryBound(to: Element.self).move()
                        return "\(element)"
                    })),
            watermark: watermark)
    }

    /// Lines of bytes, each decoded by `decode` from the line (without its end) and its number.
    ///
    /// `decode` also gives the event time, where the line has one. A line for which it throws is
    /// malformed, and so is one that is longer than 16 MiB: `malformed` says what becomes of it.
    /// After `idleAfter` without a line the source does not hold back the watermark of what reads
    /// it.
    @inlinable
    public static func lines(
        from source: (any ByteSource)? = nil, watermark: WatermarkPolicy? = nil,
        idleAfter: Duration? = nil, malformed: MalformedPolicy<Element> = .fail,
        decode: @escaping @Sendable (RawSpan, UInt64) throws -> (Element, Instant?)
    ) -> Source {
        lines(
            from: source, watermark: watermark, idleAfter: idleAfter, malformed: malformed,
            decoder: { _ in decode })
    }

    /// Lines of bytes, decoded by what `decoder` makes for one run from the run's start.
    ///
    /// For forms that leave something to the run, such as a time without a year. The start is the
    /// same in a replay. The closure that is made belongs to one subtask and may remember what
    /// makes it faster; what it returns must follow from its arguments and the start alone.
    @inlinable
    public static func lines(
        from source: (any ByteSource)? = nil, watermark: WatermarkPolicy? = nil,
        idleAfter: Duration? = nil, malformed: MalformedPolicy<Element> = .fail,
        decoder: @escaping @Sendable (_ started: Instant) -> LineDecode<Element>
    ) -> Source {
        filled(from: source, watermark, idleAfter, malformed) { started in
            let decode = decoder(started)
            return { line, number, slot in
                let (element, time) = try decode(line, number)
                slot.initializeMemory(as: Element.self, to: element)
                return time
            }
        }
    }

    @usableFromInline
    static func filled(
        from source: (any ByteSource)?, _ watermark: WatermarkPolicy?, _ idleAfter: Duration?,
        _ malformed: MalformedPolicy<Element>,
        by fill: @escaping @Sendable (Instant) -> LineFill
    ) -> Source {
        Source(
            kind: .lines(
                default: source, idleAfter: idleAfter, malformed: malformed, fill: fill),
            watermark: watermark)
    }
}

/// Makes an element of a line and its number where it belongs, and gives its event time; a line for
/// which it throws leaves nothing there. Specialised where the user's closure is written, so that
/// nothing on the way asks for the element's type.
@usableFromInline
typealias LineFill = (
    _ line: RawSpan, _ number: UInt64, _ element: UnsafeMutableRawPointer
) throws -> Instant?

/// Makes an element of a line (without its end) and of the line's number.
///
/// With it comes the element's event time, where the line has one. The bytes are there for the call
/// only: what is kept of them is copied.
public typealias LineDecode<Element> = (RawSpan, UInt64) throws -> (Element, Instant?)

extension String {
    /// The text of a line; what is not UTF-8 becomes U+FFFD. Copies it.
    public init(decoding line: RawSpan) {
        self = line.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension Source where Element == String {
    /// Lines of text; what is not UTF-8 becomes U+FFFD, a line longer than 16 MiB is passed over
    /// and counted unless `malformed` says otherwise.
    public static func text(
        from source: (any ByteSource)? = nil, malformed: MalformedPolicy<String> = .skip
    ) -> Source {
        .lines(from: source, malformed: malformed) { line, _ in
            (String(decoding: line), nil)
        }
    }
}

extension Flow {
    /// Reads a source; the stream begins here.
    public func read<Element: Sendable>(
        _ name: String, from source: Source<Element>
    ) -> DataStream<Element> {
        var spec = NodeSpec(name: name, kind: "source")
        spec.width = .one
        spec.outputs = [TypedForm<Element>()]
        switch source.kind {
        case .generator(let form):
            let watermark = source.watermark ?? .ordered
            let driver = SourceSpec(readsBytes: false, defaultSource: nil) { context in
                GeneratorDriver<Element>(context: context, watermark: watermark, form: form)
            }
            spec.role = .source(driver)
        case .lines(let defaultSource, let idleAfter, let malformed, let fill):
            let driver = SourceSpec(readsBytes: true, defaultSource: defaultSource) { context in
                guard let feed = context.feed else {
                    preconditionFailure("source \(name) was bound without its input")
                }
                return LineDriver(
                    feed: feed, context: context, watermark: source.watermark,
                    idleAfter: idleAfter, malformed: malformed,
                    fill: fill(context.started))
            }
            spec.role = .source(driver)
        }
        let node = add(spec)
        return DataStream(self, StreamPort(node: node.id, output: 0))
    }
}
