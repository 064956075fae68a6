import WeirBase
import WeirTelemetry

/// A source that makes its elements from its seed and their index.
///
/// Elements are made a slice at a time by a closure that was specialised where the user wrote it,
/// and each from its index alone. So any element can be made again by itself, out of order, and a
/// snapshot of the source is how many were taken. Nothing is read, and a replay makes the same
/// elements.
final class GeneratorDriver<Element: Sendable>: SourceDriver {
    private let form: GeneratorForm
    private let prepared: PreparedSource?
    private let seed: UInt64
    /// After so many elements it ends.
    private let limit: UInt64
    private let pace: Pace
    private var emitter: BatchEmitter
    /// Elements made so far; the index of the next.
    private(set) var taken: UInt64 = 0
    private var isEnded = false

    init(context: SourceContext, watermark: WatermarkPolicy, form: GeneratorForm) {
        self.form = form
        prepared = form.prepare()
        seed = context.seed
        limit = min(context.limit ?? .max, form.count)
        pace = Pace(context.rate)
        emitter = BatchEmitter(watermark, of: Element.self)
    }

    deinit { emitter.deallocate() }

    var lag: UInt64? { nil }
    var lagSince: RunTime? { isEnded || taken >= limit ? nil : pace.next(taken: taken) }
    var newestEvent: Int64? { emitter.watermarker.newest }
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
        // A source that prepared nothing is given a pointer that it does not read.
        let value = prepared?.value ?? UnsafeRawPointer(emitter.times)
        var rest = count
        while rest > 0 {
            let wanted = min(rest, ElementSlice.capacity)
            let made = form.fill(
                value, seed, taken..<taken + UInt64(wanted),
                emitter.elements, emitter.times)
            let first = taken
            taken += UInt64(made)
            emitter.pass(made, first: first, subtask)
            rest -= wanted
            guard made == wanted else {
                subtask.failAsSource(IncompleteBatch(made: made, wanted: wanted, first: first))
                break
            }
        }
    }

    /// A generator is never idle: it knows when its next element is due.
    func becomeIdle() {}

    func end(_ kind: StepKind, _ subtask: Subtask) { isEnded = true }

    var partName: String { "source" }

    struct Snapshot {
        var taken: UInt64
        var isEnded: Bool
        var watermarker: Watermarker
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
        // Behind the last index there is nothing that the closure was written for.
        guard index < form.count else { return nil }
        let room = SliceRoom<Element>()
        let times = UnsafeMutablePointer<Int64>.allocate(capacity: ElementSlice.capacity)
        defer { times.deallocate() }
        let value = prepared?.value ?? UnsafeRawPointer(times)
        let elements = UnsafeMutableRawPointer(room.elements)
        guard form.fill(value, seed, index..<index + 1, elements, times) == 1 else { return nil }
        return "\(form.describe(elements)) at \(Instant(nanoseconds: times[0]))"
    }

    func digest(into hash: inout StableHash) {
        hash.combine(taken)
        hash.combine(isEnded ? 1 : 0)
        emitter.watermarker.digest(into: &hash)
    }
}

/// A source's closure made fewer elements than there were indices.
struct IncompleteBatch: Error, CustomStringConvertible {
    let made: Int
    let wanted: Int
    let first: UInt64
    var description: String {
        "its closure made \(made) of \(wanted) elements for the indices from \(first) on"
    }
}
