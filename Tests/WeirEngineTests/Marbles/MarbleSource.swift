import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// The frame that a marble run is in, for its sources and what comes out.
final class MarbleClock: @unchecked Sendable {
    // Unchecked: a sequential execution has one thread at work, and the test waits for it.
    var frame = 0
}

/// Something that a diagram has go wrong.
struct MarbleFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String = "as the diagram says") { self.description = description }
}

/// A source that gives what a diagram says, each marble in its frame and not before.
final class MarbleSource: SourceDriver {
    private let marbles: [(frame: Int, event: MarbleDiagram.Event)]
    private let clock: MarbleClock
    /// The next marble.
    private var next = 0
    private(set) var taken: UInt64 = 0
    private var isEnded = false

    init(_ diagram: MarbleDiagram, _ clock: MarbleClock) {
        marbles = diagram.frames.enumerated().flatMap { frame, events in
            events.map { (frame: frame, event: $0) }
        }
        self.clock = clock
    }

    func look(time: RunTime, isEnding: Bool) -> Look {
        if isEnded { return .done }
        guard next < marbles.count, marbles[next].frame <= clock.frame else {
            return .waiting(until: nil)
        }
        switch marbles[next].event {
        case .element, .watermark, .active:
            var choice = Choice(kind: .input)
            choice.count = UInt32(elementsAhead)
            return .choice(choice)
        case .idle: return .choice(Choice(kind: .idle))
        case .end: return .choice(Choice(kind: .end))
        case .failure: return .choice(Choice(kind: .failure))
        case .bareEnd: preconditionFailure("no source ends without its last watermark")
        }
    }

    /// Elements that come in this frame before anything else does.
    private var elementsAhead: Int {
        marbles[next...].prefix {
            if case .element = $0.event { $0.frame <= clock.frame } else { false }
        }.count
    }

    /// Takes so many elements, or where none come next, the one watermark that does.
    func run(_ count: Int, _ subtask: Subtask) {
        subtask.becomeActive()
        if count > 0 { return give(count, subtask) }
        if case .watermark(let instant) = marbles[next].event { subtask.advance(to: instant) }
        next += 1
    }

    private func give(_ count: Int, _ subtask: Subtask) {
        let room = UnsafeMutablePointer<String>.allocate(capacity: count)
        let times = UnsafeMutablePointer<Int64>.allocate(capacity: count)
        defer {
            room.deallocate()
            times.deallocate()
        }
        for (index, marble) in marbles[next..<next + count].enumerated() {
            guard case .element(let value, let time) = marble.event else {
                preconditionFailure("a turn was to take \(count) elements and there are \(index)")
            }
            (room + index).initialize(to: value)
            times[index] = time.nanoseconds
        }
        next += count
        taken += UInt64(count)
        var done = 0
        while done < count, !subtask.hasFailed {
            let length = min(subtask.sliceLimit, count - done)
            var slice = ElementSlice(
                elements: UnsafeMutableRawPointer(room + done), times: times + done, count: length)
            subtask.chain.run(&slice, from: 0)
            done += length
        }
        (room + done).deinitialize(count: count - done)
        subtask.counters.drop(UInt64(count - done), .stopped)
    }

    func becomeIdle() { next += 1 }

    func end(_ kind: StepKind, _ subtask: Subtask) {
        next += 1
        isEnded = true
        if kind == .failure { subtask.failAsSource(MarbleFailure()) }
    }

    var takenBytes: ByteCount { .zero }
    var lag: UInt64? { nil }
    var lagSince: RunTime? { nil }
    var newestEvent: Int64? { nil }
    var readLatency: LatencyCounts? { nil }
    var leftover: SourceLeftover { SourceLeftover() }
    var remarks: SourceRemarks { SourceRemarks() }
    func describe(element index: UInt64) -> String? { nil }

    var partName: String { "marbles" }

    func digest(into hash: inout StableHash) {
        hash.combine(UInt64(next))
        hash.combine(isEnded ? 1 : 0)
    }

    struct Snapshot {
        var next: Int
        var taken: UInt64
        var isEnded: Bool
    }

    func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(next: next, taken: taken, isEnded: isEnded),
            bytes: ByteCount(of: 1, Snapshot.self))
    }

    func restore(_ snapshot: Snapshot) {
        (next, taken, isEnded) = (snapshot.next, snapshot.taken, snapshot.isEnded)
    }
}

extension Flow {
    /// A stream of a diagram's marbles.
    func marbles(
        _ name: String, _ diagram: MarbleDiagram, _ clock: MarbleClock
    ) -> DataStream<String> {
        var spec = NodeSpec(name: name, kind: "source")
        spec.width = .one
        spec.outputs = [TypedForm<String>()]
        spec.role = .source(
            SourceSpec(readsBytes: false, defaultSource: nil) { _ in MarbleSource(diagram, clock) })
        return DataStream(self, StreamPort(node: add(spec).id, output: 0))
    }
}
