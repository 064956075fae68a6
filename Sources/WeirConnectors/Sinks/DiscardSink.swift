public import WeirEngine

/// Throws its rows away: for measurements, and for pipelines whose rows nobody wants.
public struct DiscardSink: RowSink {
    /// A sink that keeps nothing.
    public init() {}

    /// A name for people; nothing has it.
    public var location: String { "(discarded)" }

    /// Always succeeds.
    public func open() throws -> any RowWriting { Writer() }

    private final class Writer: RowWriting {
        func write(_ rows: RawSpan) throws {}
        func close() throws {}
    }
}
