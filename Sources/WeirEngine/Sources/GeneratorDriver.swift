import WeirBase
import WeirTelemetry

/// A source that makes its elements from its seed and their index.
///
/// Element n is made by the user's closure from n and a generator of random numbers whose stream is
/// n. So any element can be made again by itself, out of order, and a snapshot of the source is how
/// many were taken. Nothing is read, and a replay makes the same elements.
final class GeneratorDriver<Element: Sendable>: SourceDriver {
    private let make: @Sendable (UInt64, inout SeededGenerator) -> (Element, Instant)
    private let seed: UInt64
    /// After so many elements it ends.
    private let limit: UInt64
    private let pace: Pace
    private var emitter: SourceEmitter<Element>
    /// Elements made so far; the index of the next.
    private(set) var taken: UInt64 = 0
    private var isEnded = false

    init(
        context: SourceContext, watermark: WatermarkPolicy,
        make: @escaping @Sendable (UInt64, inout SeededGenerator) -> (Element, Instant)
    ) {
        self.make = make
        seed = context.seed
        limit = context.limit ?? .max
        pace = Pace(context.rate)
        emitter = SourceEmitter(watermark)
    }

    deinit { emitter.deallocate() }

    var lag: UInt64? { nil }
    var lagSince: RunTime? { isEnded || taken >= limit ? nil : pace.next(taken: taken) }
    var newestEvent: Int64? { emitter.watermarker?.newest }
    var readLatency: LatencyCounts? { nil }
    var takenBytes: ByteCount { .zero }
    /// Nothing is ever left over: an element is made when it is taken.
    var leftover: SourceLeftover { SourceLeftover() }
    var remarks: SourceRemarks { emitter.remarks }

    func look(time: RunTime, isEnding: Bool) -> Look {
        if isEnded { return .done }
        // The end is a turn of its own, so that it is recorded at which element a source ended.
        if isEnding || taken >= limit { return .choice(Choice(kind: .end)) }
        // The limit is not reached here, so that this cannot go below zero.
        let count = min(UInt64(pace.allowed(at: time, taken: taken)), limit - taken)
        guard count > 0 else { return .waiting(until: pace.next(taken: taken)) }
        var choice = Choice(kind: .input)
        choice.count = UInt32(count)
        return .choice(choice)
    }

    func run(_ count: Int, _ subtask: Subtask) {
        for _ in 0..<count {
            // A generator for each element, whose stream is the element's index: nothing goes from
            // one element to the next.
            var random = SeededGenerator(seed: seed, stream: taken)
            let (element, time) = make(taken, &random)
            emitter.emit(element, time: time, number: taken, subtask)
            taken += 1
        }
        emitter.flush(subtask)
    }

    /// A generator is never idle: it knows when its next element is due.
    func becomeIdle() {}

    func end(_ kind: StepKind, _ subtask: Subtask) { isEnded = true }

    var partName: String { "source" }

    struct Snapshot {
        var taken: UInt64
        var isEnded: Bool
        var watermarker: Watermarker?
        var remarks: SourceRemarks
    }

    func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(
                taken: taken, isEnded: isEnded, watermarker: emitter.watermarker,
                remarks: emitter.remarks),
            bytes: ByteCount(of: 1, Snapshot.self))
    }

    func restore(_ snapshot: Snapshot) {
        (taken, isEnded) = (snapshot.taken, snapshot.isEnded)
        (emitter.watermarker, emitter.remarks) = (snapshot.watermarker, snapshot.remarks)
    }

    func describe(element index: UInt64) -> String? {
        var random = SeededGenerator(seed: seed, stream: index)
        let (element, time) = make(index, &random)
        return "\(element) at \(time)"
    }

    func digest(into hash: inout StableHash) {
        hash.combine(taken)
        hash.combine(isEnded ? 1 : 0)
        emitter.watermarker?.digest(into: &hash)
    }
}
