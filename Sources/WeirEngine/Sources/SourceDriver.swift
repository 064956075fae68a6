package import WeirBase
import WeirTelemetry

/// What a source does in its subtask's turns.
///
/// The subtask asks `look`, and calls `run`, `becomeIdle` or `end` in the turn that comes of it. A
/// look influences only which turn is taken; what a turn does follows from its count and the input
/// alone. Its state is its position: how much of the input turns have taken.
///
/// It belongs to the subtask, and only the thread that has claimed that uses it. The elements it
/// makes go through `SourceEmitter`.
protocol SourceDriver: SavablePart {
    /// What a turn could take at `time`. `isEnding` says that the source is to end now. May take
    /// input into the driver's own memory; never waits in a parallel run.
    func look(time: RunTime, isEnding: Bool) -> Look
    /// Takes `count` elements through the subtask's chain. There being fewer is the source's
    /// failure.
    func run(_ count: Int, _ subtask: Subtask)
    /// A turn without elements: the source has nothing to say for now. The subtask tells its
    /// readers.
    func becomeIdle()
    /// The source ends, or failed, by `kind`. It gives nothing any more.
    func end(_ kind: StepKind, _ subtask: Subtask)
    /// Elements taken so far.
    var taken: UInt64 { get }
    /// Bytes taken so far; 0 for generators.
    var takenBytes: ByteCount { get }
    /// Elements that wait, where that is known.
    var lag: UInt64? { get }
    /// When the oldest element that waits was read, or the next was due; nil where nothing is known
    /// to wait.
    var lagSince: RunTime? { get }
    /// The newest event time seen, nanoseconds since 1970; nil where there is none.
    var newestEvent: Int64? { get }
    /// How long input waited to be taken; nil where that takes no time.
    var readLatency: LatencyCounts? { get }
    /// What was read and will not be taken; after the last turn.
    var leftover: SourceLeftover { get }
    /// The element with this index as text, where it can be made out of order; else nil.
    func describe(element index: UInt64) -> String?
    /// What was odd about the input so far.
    var remarks: SourceRemarks { get }
}

/// What a source had read when nothing more was taken of it; for the books.
struct SourceLeftover: Equatable {
    /// Whole elements.
    var elements: UInt64 = 0
    /// Lines that have begun and not ended; each is no whole element yet.
    var openLines: UInt64 = 0
}

/// What was odd about a source's input, for the summary. Totals since the run's start. Part of a
/// snapshot, and in no digest: it says nothing that turns compute with.
package struct SourceRemarks: Equatable, Sendable {
    /// Elements whose event times were so far ahead that the watermark did not believe them, and
    /// that were contradicted by what followed.
    package var heldBack: UInt64 = 0
    /// The first of the elements that were held back and contradicted.
    package var firstHeldBack: HeldBack?
    /// NUL bytes at the beginning of a followed file that were passed over.
    package var nulBytes = ByteCount.zero
    /// Lines that could not be read, where the source makes elements of those; nil elsewhere.
    package var unparsed: Unparsed?
    /// How often the watermark was right not to believe.
    var refutations: UInt64 = 0
    /// So many refutations are told one by one; behind them, only every doubling.
    static let toldEach: UInt64 = 16

    /// An element by its number from 1, and how far it was ahead in nanoseconds.
    package struct HeldBack: Equatable, Sendable {
        package var number: UInt64
        package var distance: Int64
    }

    /// Lines that could not be read and went on as elements made for that.
    package struct Unparsed: Equatable, Sendable {
        /// Bytes of the first one that are kept.
        static let shownBytes: ByteCount = 200

        package var count: UInt64 = 0
        /// All lines that were taken so far, blank ones left out.
        package var lines: UInt64 = 0
        /// The first one by its number from 1, its beginning, and what is wrong with it.
        package var first: (line: UInt64, bytes: [UInt8], reason: String)? {
            reason.map { (firstLine, firstBytes, $0) }
        }
        package var advice: String?
        private var firstLine: UInt64 = 0
        private var firstBytes: [UInt8] = []
        private var reason: String?

        init(advice: String?) { self.advice = advice }

        mutating func take(_ input: MalformedInput) {
            count += 1
            guard reason == nil else { return }
            (firstLine, reason) = (input.line, input.reason)
            firstBytes = Array(input.bytes.prefix(Self.shownBytes.count))
        }
    }
}

extension SourceRemarks {
    /// Keeps, and tells in the log, what the watermark was right not to believe.
    mutating func take(_ refuted: JumpGuard.Refuted, _ subtask: Subtask) {
        heldBack += UInt64(refuted.count)
        if firstHeldBack == nil {
            firstHeldBack = HeldBack(number: refuted.first + 1, distance: refuted.distance)
        }
        refutations += 1
        // A clock that is always wrong would fill the log: from some on only every doubling.
        let isTold = refutations <= Self.toldEach || refutations & (refutations - 1) == 0
        guard isTold else { return }
        subtask.chain.frame.pointee.record(
            .warning, "event_time_ahead",
            [
                "line": .integer(Int64(clamping: refuted.first + 1)),
                "event_time": .text(Instant(nanoseconds: refuted.time).rfc3339()),
                "ahead": .text(Quantities.describe(span: refuted.distance)),
                "lines": .integer(Int64(refuted.count)),
            ], line: #line)
    }
}

/// Collects a source's elements into slices and sends watermarks between them.
///
/// The driver calls `emit` for each element of a turn and `flush` at its end. A watermark goes
/// behind the element that moved it, so the slice ends there: operators see elements and watermarks
/// in one order, whatever the slices. Between turns the slice is empty. Not copied; its owner calls
/// `deallocate` once.
struct SourceEmitter {
    /// Room for `ElementSlice.capacity` elements. Without their type, which would be looked up for
    /// each of them.
    private let elements: UnsafeMutableRawPointer
    private let times: UnsafeMutablePointer<Int64>
    private let stride: Int
    private let destroy: (UnsafeMutableRawPointer, Int) -> Void
    private var count = 0
    /// Decides the watermarks; nil for a source without event times. Between turns it and `remarks`
    /// are all the state there is.
    var watermarker: Watermarker?
    var remarks = SourceRemarks()

    init<Element>(_ policy: WatermarkPolicy?, of type: Element.Type) {
        elements = UnsafeMutableRawPointer(
            UnsafeMutablePointer<Element>.allocate(capacity: ElementSlice.capacity))
        times = .allocate(capacity: ElementSlice.capacity)
        stride = MemoryLayout<Element>.stride
        destroy = { $0.assumingMemoryBound(to: Element.self).deinitialize(count: $1) }
        watermarker = policy.map { Watermarker($0) }
    }

    func deallocate() {
        assert(count == 0, "a source ends and keeps \(count) elements that it never passed on")
        elements.deallocate()
        times.deallocate()
    }

    /// Where the next element belongs: who writes it there calls `emitNext`.
    var next: UnsafeMutableRawPointer { elements + count &* stride }

    /// Sends the element with this number on, and the watermark behind it.
    mutating func emit<Element>(
        _ element: consuming Element, time: Instant?, number: UInt64, _ subtask: Subtask
    ) {
        next.initializeMemory(as: Element.self, to: element)
        emitNext(time: time, number: number, subtask)
    }

    /// The same of an element that was written to `next`.
    mutating func emitNext(time: Instant?, number: UInt64, _ subtask: Subtask) {
        assert(
            count < min(subtask.sliceLimit, ElementSlice.capacity),
            "\(subtask.name) collects \(count) elements, a full slice, and did not pass them on")
        times[count] = (time ?? .distantPast).nanoseconds
        count += 1
        if count >= subtask.sliceLimit { flush(subtask) }
        guard let time else { return }
        if let refuted = watermarker?.judge(time.nanoseconds, element: number) {
            remarks.take(refuted, subtask)
        }
        if let watermark = watermarker?.passed(time.nanoseconds) {
            flush(subtask)
            subtask.advance(to: watermark)
        }
    }

    /// Takes what was collected through the chain. Behind a failure it is destroyed and counted as
    /// stopped.
    mutating func flush(_ subtask: Subtask) {
        guard count > 0 else { return }
        let slice = ElementSlice(elements: elements, times: times, count: count)
        count = 0
        subtask.pass(slice, orDestroy: destroy)
    }
}

/// Passes a source's elements, made many at a time, through the chain in slices, with watermarks
/// between them.
///
/// The driver fills `elements` and `times` and calls `pass`. A watermark goes behind the element
/// that moved it, so a slice ends there, and at the subtask's limit for slices: what operators see
/// does not depend on how elements were made. Without the type of the elements, which would be
/// looked up for each slice. Not copied; its owner calls `deallocate` once.
struct BatchEmitter {
    /// Room for `ElementSlice.capacity` elements; empty between calls.
    let elements: UnsafeMutableRawPointer
    let times: UnsafeMutablePointer<Int64>
    private let stride: Int
    private let destroy: (UnsafeMutableRawPointer, Int) -> Void
    /// Decides the watermarks. Between turns it and `remarks` are all the state there is.
    var watermarker: Watermarker
    var remarks = SourceRemarks()

    init<Element>(_ policy: WatermarkPolicy, of type: Element.Type) {
        elements = UnsafeMutableRawPointer(
            UnsafeMutablePointer<Element>.allocate(capacity: ElementSlice.capacity))
        times = .allocate(capacity: ElementSlice.capacity)
        stride = MemoryLayout<Element>.stride
        destroy = { $0.assumingMemoryBound(to: Element.self).deinitialize(count: $1) }
        watermarker = Watermarker(policy)
    }

    func deallocate() {
        elements.deallocate()
        times.deallocate()
    }

    /// Takes `count` elements through the chain, of which the first has this number. Behind a
    /// failure they are destroyed and counted as stopped.
    mutating func pass(_ count: Int, first: UInt64, _ subtask: Subtask) {
        var start = 0
        var index = 0
        while index < count {
            let limit = min(count, start + subtask.sliceLimit)
            index = watermarker.quiet(times, from: index, to: limit)
            if index == limit {
                run(start, limit, subtask)
                start = limit
                continue
            }
            // Something comes of this element's time.
            let time = times[index]
            index += 1
            if index == limit {
                run(start, limit, subtask)
                start = limit
            }
            if let refuted = watermarker.judge(time, element: first + UInt64(index - 1)) {
                remarks.take(refuted, subtask)
            }
            if let watermark = watermarker.passed(time) {
                run(start, index, subtask)
                start = index
                subtask.advance(to: watermark)
            }
        }
        run(start, count, subtask)
    }

    /// Takes the elements from `start` up to `end` through the chain.
    private func run(_ start: Int, _ end: Int, _ subtask: Subtask) {
        guard start < end else { return }
        let slice = ElementSlice(
            elements: elements + start * stride, times: times + start, count: end - start)
        subtask.pass(slice, orDestroy: destroy)
    }
}

extension Subtask {
    /// Takes a slice of its source through the chain. Behind a failure the elements are destroyed
    /// and counted as stopped.
    fileprivate func pass(
        _ slice: ElementSlice, orDestroy destroy: (UnsafeMutableRawPointer, Int) -> Void
    ) {
        var slice = slice
        if hasFailed {
            destroy(slice.elements, slice.count)
            counters.drop(UInt64(slice.count), .stopped)
        } else {
            chain.run(&slice, from: 0)
        }
    }
}

/// Lets a source's elements come at a rate instead of as fast as possible: element n is due n /
/// rate seconds after the run's start. By the whole run's count and not by the time since the last
/// element, so that a turn that came late is made up for.
struct Pace {
    /// Elements a second; nil for as fast as possible.
    private let rate: Double?

    init(_ rate: Double?) { self.rate = rate }

    /// How many more elements may have been taken by `time`; at most a turn's budget. Asked by a
    /// look alone, so that its floating point reaches no state.
    func allowed(at time: RunTime, taken: UInt64) -> Int {
        guard let rate else { return EngineBounds.maximumTurnMessages }
        let due = Double(time.rawValue) * rate / 1e6 + 1
        return Int(min(Double(EngineBounds.maximumTurnMessages), max(0, due - Double(taken))))
    }

    /// When the next element may be taken, rounded up; nil without a rate.
    func next(taken: UInt64) -> RunTime? {
        guard let rate, rate > 0 else { return nil }
        return RunTime(Int64((Double(taken) * 1e6 / rate).rounded(.up)))
    }
}
