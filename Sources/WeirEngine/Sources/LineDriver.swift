import DequeModule
import WeirBase
import WeirTelemetry

/// A source that reads lines of bytes and decodes each.
///
/// A look takes blocks from the feed into the assembler, as far as that wants more, and says how
/// many whole lines a turn could take. The turn takes so many, decodes each, and emits the elements
/// with the watermarks behind them. What is taken from the feed at a look is in no digest: only
/// lines that turns took count, by their number and bytes. So it does not matter when blocks come,
/// and a replay, whose feed has all of them, finds the same lines.
///
/// It belongs to the subtask; the feed's other end is the reader's thread.
final class LineDriver<Element: Sendable>: SourceDriver {
    private let feed: any InputFeed
    private let fill: LineFill
    private let malformed: MalformedPolicy<Element>
    private let limit: UInt64
    private let pace: Pace
    /// After so long without a line the source is idle; nil for never.
    private let idleAfter: RunTime?
    private let state: UnsafeMutablePointer<LineState>
    private var isEnded = false
    /// When a turn last took lines.
    private var lastInput = RunTime.start
    private var isIdle = false
    /// When the blocks came whose lines wait; for measuring only, and not saved.
    private var arrivals = Arrivals()
    /// How long blocks waited to be taken.
    private let waitedBefore = LatencyCounts()

    init(
        feed: any InputFeed, context: SourceContext, watermark: WatermarkPolicy?,
        idleAfter: Duration?, malformed: MalformedPolicy<Element>,
        fill: @escaping LineFill
    ) {
        self.feed = feed
        self.fill = fill
        self.malformed = malformed
        limit = context.limit ?? .max
        pace = Pace(context.rate)
        self.idleAfter = idleAfter.map { RunTime($0) }
        state = .allocate(capacity: 1)
        state.initialize(
            to: LineState(emitter: SourceEmitter(watermark, of: Element.self)))
        // Only a source that makes elements of malformed lines tells how many they were.
        if case .element = malformed.kind {
            emitter.remarks.unparsed = SourceRemarks.Unparsed(advice: malformed.advice)
        }
    }

    deinit {
        emitter.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    // What each line changes lies behind a pointer: a variable of a class is checked for exclusive
    // access at each of its changes.

    private var assembler: LineAssembler {
        _read { yield state.pointee.assembler }
        _modify { yield &state.pointee.assembler }
    }
    private var emitter: SourceEmitter {
        _read { yield state.pointee.emitter }
        _modify { yield &state.pointee.emitter }
    }
    private(set) var taken: UInt64 {
        get { state.pointee.taken }
        set { state.pointee.taken = newValue }
    }
    /// Lines so far: elements, and blank lines that are none.
    private var lines: UInt64 {
        get { state.pointee.lines }
        set { state.pointee.lines = newValue }
    }

    var takenBytes: ByteCount { ByteCount(assembler.position) }
    var lag: UInt64? { UInt64(assembler.waiting) }
    var lagSince: RunTime? { arrivals.oldest(behind: lines) }
    var newestEvent: Int64? { emitter.watermarker?.newest }
    var readLatency: LatencyCounts? { waitedBefore }
    var remarks: SourceRemarks {
        var remarks = emitter.remarks
        remarks.unparsed?.lines = taken
        return remarks
    }

    /// Of a file that can be read again nothing is lost: the source's position stays behind the
    /// last line taken. Nor is anything beyond the limit: nobody asked for it.
    var leftover: SourceLeftover {
        if taken >= limit || feed.isRepeatable { return SourceLeftover() }
        // A copy: what is asked here must not take anything.
        var rest = assembler
        for block in feed.rest { rest.take(block) }
        return SourceLeftover(
            elements: UInt64(rest.waiting),
            openLines: rest.isEnded ? 0 : UInt64(rest.unfinishedLines))
    }

    func look(time: RunTime, isEnding: Bool) -> Look {
        if isEnded { return .done }
        if isEnding || taken >= limit { return .choice(Choice(kind: .end)) }
        // Only here and in `run`, on this subtask's thread: the feed has one consumer.
        takeBlocks(at: time)
        // Whole lines come before the end or the failure that follows them.
        if assembler.waiting == 0 {
            if assembler.trouble != nil { return .choice(Choice(kind: .failure)) }
            if assembler.isEnded { return .choice(Choice(kind: .end)) }
            return lookIdle(time: time)
        }
        let allowed = UInt64(pace.allowed(at: time, taken: taken))
        // A blank line counts against neither the limit nor the pace, but against the turn's count:
        // the turn takes lines.
        let count = min(UInt64(assembler.waiting), allowed, limit - taken)
        guard count > 0 else { return .waiting(until: pace.next(taken: taken)) }
        var choice = Choice(kind: .input)
        choice.count = UInt32(count)
        return .choice(choice)
    }

    private func lookIdle(time: RunTime) -> Look {
        guard let idleAfter, !isIdle else { return .waiting(until: nil) }
        if time - lastInput >= idleAfter { return .choice(Choice(kind: .idle)) }
        return .waiting(until: lastInput + idleAfter)
    }

    /// Blocks move from the feed into this subtask's own memory: nobody can tell when.
    private func takeBlocks(at time: RunTime) {
        while assembler.wantsMore, let block = feed.next() {
            assembler.take(block)
            arrivals.add(linesSoFar: lines + UInt64(assembler.waiting), at: block.time)
            // A trace may say anything of when a block came; then it waited for nothing.
            if let waited = time.since(block.time), waited >= .zero {
                waitedBefore.record(UInt64(waited.nanoseconds))
            }
        }
    }

    func run(_ count: Int, _ subtask: Subtask) {
        // The turn's time and not the clock's, so that a replay has the same.
        lastInput = subtask.chain.frame.pointee.turnTime
        if isIdle {
            isIdle = false
            subtask.becomeActive()
        }
        for _ in 0..<count {
            // In a replay nobody looked before, and a look takes only as much as fits.
            if assembler.waiting == 0 { takeBlocks(at: lastInput) }
            // A look found so many lines, or a trace says so: then the input is not the one that
            // was recorded.
            guard assembler.waiting > 0 else {
                subtask.failAsSource(MissingInput(taken: taken))
                break
            }
            takeLine(subtask)
            if subtask.hasFailed { break }
        }
        emitter.flush(subtask)
    }

    private func takeLine(_ subtask: Subtask) {
        let facts = assembler.nextFacts
        // Before the line is taken: both are where it begins.
        let (index, offset) = (lines, assembler.position)
        lines += 1
        taken += 1
        if facts.nuls > 0 { remark(nuls: facts.nuls, line: index + 1, subtask) }
        assembler.next { bytes in
            do {
                if facts.isTooLong { throw MalformedLine(Self.tooLong) }
                let time = try fill(bytes.bytes, index, emitter.next)
                emitter.emitNext(time: time, number: index, subtask)
            } catch is BlankLine {
                // It keeps its line's number and counts as no element.
                taken -= 1
            } catch {
                take(malformed: bytes, facts, line: index + 1, offset: offset, error, subtask)
            }
        }
    }

    private static var tooLong: String {
        "it is longer than \(EngineBounds.maximumLineBytes.count >> 20) MiB; "
            + "it is not a line of text"
    }

    /// Does what the policy says with a line that could not be read.
    private func take(
        malformed bytes: UnsafeRawBufferPointer, _ facts: LineAssembler.Facts, line: UInt64,
        offset: UInt64, _ error: any Error, _ subtask: Subtask
    ) {
        switch malformed.kind {
        // Counted as dropped too, so that the books have it.
        case .fail:
            subtask.counters.drop(1, .malformed)
            subtask.failAsSource(
                MalformedInputError(location: feed.location, line: line, error: error))
        case .skip:
            subtask.counters.drop(1, .malformed)
        case .element(let make):
            // Other errors have no column and say of themselves what is wrong.
            let known = error as? MalformedLine
            let input = MalformedInput(
                bytes: Array(bytes.prefix(MalformedInput.maximumBytes)),
                isCut: facts.isTooLong || bytes.count > MalformedInput.maximumBytes,
                reason: known?.reason ?? "\(error)", line: line, column: known?.column,
                offset: offset)
            emitter.remarks.unparsed?.take(input)
            emitter.emit(make(input), time: nil, number: line - 1, subtask)
        }
    }

    /// Tells of NUL bytes before a line, in the summary and in the log.
    private func remark(nuls: UInt64, line: UInt64, _ subtask: Subtask) {
        emitter.remarks.nulBytes += ByteCount(nuls)
        subtask.chain.frame.pointee.record(
            .warning, "nuls_skipped",
            ["bytes": .integer(Int64(clamping: nuls)), "line": .integer(Int64(clamping: line))],
            line: #line)
    }

    func end(_ kind: StepKind, _ subtask: Subtask) {
        isEnded = true
        if kind == .failure {
            // In a replay the block that says what went wrong may not have been taken yet.
            takeBlocks(at: subtask.chain.frame.pointee.turnTime)
            switch assembler.trouble {
            case .failed(let message):
                subtask.failAsSource(InputTrouble(description: message))
            case nil:
                subtask.failAsSource(MissingInput(taken: taken))
            }
        } else {
            // The reader's thread may wait for input that nobody will take.
            feed.cancel()
        }
    }

    func becomeIdle() { isIdle = true }

    var partName: String { "source" }

    struct Snapshot {
        var assembler: LineAssembler
        var watermarker: Watermarker?
        var remarks: SourceRemarks
        var taken: UInt64
        var lines: UInt64
        var isEnded: Bool
        var lastInput: RunTime
        var isIdle: Bool
    }

    func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(
                assembler: assembler, watermarker: emitter.watermarker,
                remarks: emitter.remarks, taken: taken, lines: lines, isEnded: isEnded,
                lastInput: lastInput, isIdle: isIdle),
            bytes: assembler.heldBytes)
    }

    func restore(_ snapshot: Snapshot) {
        (assembler, taken, isEnded) = (snapshot.assembler, snapshot.taken, snapshot.isEnded)
        (lastInput, isIdle) = (snapshot.lastInput, snapshot.isIdle)
        (emitter.watermarker, emitter.remarks) = (snapshot.watermarker, snapshot.remarks)
        lines = snapshot.lines
    }

    /// Lines are found only by reading all before them.
    func describe(element index: UInt64) -> String? { nil }

    func digest(into hash: inout StableHash) {
        hash.combine(taken)
        hash.combine(assembler.position)
        hash.combine(isEnded ? 1 : 0)
        emitter.watermarker?.digest(into: &hash)
    }
}

/// What each line changes.
private struct LineState {
    var assembler = LineAssembler()
    var emitter: SourceEmitter
    var taken: UInt64 = 0
    var lines: UInt64 = 0
}

/// When the blocks were read whose lines wait to be taken; for measuring only.
private struct Arrivals {
    private var blocks = Deque<(lines: UInt64, time: RunTime)>()

    /// A block was read at `time`; with it there are so many lines since the run's start.
    mutating func add(linesSoFar lines: UInt64, at time: RunTime) {
        guard lines > blocks.last?.lines ?? 0 else { return }
        if blocks.count >= EngineBounds.maximumArrivals {
            blocks[blocks.count - 1].lines = lines
        } else {
            blocks.append((lines, time))
        }
    }

    /// When the line behind the first `taken` was read; nil where none waits.
    mutating func oldest(behind taken: UInt64) -> RunTime? {
        while let first = blocks.first, first.lines <= taken { blocks.removeFirst() }
        return blocks.first?.time
    }
}

/// Reading a source's input failed.
struct InputTrouble: Error, CustomStringConvertible {
    let description: String
}

/// A turn took more lines than the input has: only a trace can say so.
struct MissingInput: Error, CustomStringConvertible {
    let taken: UInt64
    var description: String { "the input ends after \(taken) lines, the trace took more" }
}
