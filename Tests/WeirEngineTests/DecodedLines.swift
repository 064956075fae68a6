import WeirBase

@testable import WeirEngine

extension LineDriver {
    /// A driver whose lines `decode` makes elements of, with their event times.
    convenience init(
        feed: any InputFeed, context: SourceContext, watermark: WatermarkPolicy?,
        idleAfter: Duration?, malformed: MalformedPolicy<Element>,
        decode: @escaping @Sendable (RawSpan, UInt64) throws -> (Element, Instant?)
    ) {
        self.init(
            feed: feed, context: context, watermark: watermark, idleAfter: idleAfter,
            malformed: malformed,
            fill: { line, number, room in
                let (element, time) = try decode(line, number)
                room.assumingMemoryBound(to: Element.self).initialize(to: element)
                return time
            })
    }
}
