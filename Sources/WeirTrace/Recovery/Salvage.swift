import WeirBase
import WeirTelemetry

/// Reads what can be believed of a trace, damaged or not, chunk by chunk.
///
/// The protocol is: make it; set `wanted`; call `next` until nil; call `finish`; then ask what
/// was lost. `Trace.recover` writes what it gives to a new file, `Trace.survey` only counts.
///
/// A chunk that is whole is kept, whatever lies before it. The schedule, however, is kept only
/// as far as nothing is missing that a replay needs: earlier steps, input, and results of calls.
/// What is left out is in `losses`, and where the schedule ends early is in `cut`. Damage behind
/// the header is never thrown. One chunk is in memory at a time; owned by one thread.
final class Salvage {
    let file: InputFile
    let header: RunHeader
    /// How the run ended; nil when it died, or when that is lost.
    private(set) var end: RunEnd?
    /// Whether the recorder had kept everything when it wrote the end.
    private(set) var isEndWhole = false
    /// What the file says of itself when it was rewritten from another trace before.
    private(set) var rewriting: Rewriting?
    private(set) var losses = Losses()
    private(set) var cut: ScheduleCut?
    /// The greatest step of a log record.
    private(set) var lastLogged: Step = 0
    /// Results to look for on the way, which are those that the lanes hold.
    var wanted: Set<LaneMerge.CallKey> = []
    /// Those of them that the file holds too.
    private(set) var held: Set<LaneMerge.CallKey> = []

    private let salvage: McapSalvage
    private let zstd = Zstd()
    private let decoder = ScheduleDecoder()
    private var chunkIndex = 0
    /// By channel, the sequence number that is due.
    private var sequences: [UInt16: UInt32] = [:]
    /// By source, the index of the block that is due.
    private var nextBlocks: [UInt16: UInt64] = [:]
    /// Whether the run made calls: then a chunk of unknown contents may have held results.
    private var hasResults = false
    private var knownSites = 0
    /// How many of these stand in for lost ones.
    private var standIns = 0
    /// The state of the schedule before the last block that was given.
    private var stateBeforeLast = ScheduleState()
    /// Whether steps may be missing at the end of what was read. If more of them come, they
    /// tell.
    private var mayLackSteps = false

    /// Finds the chunks, and reads the header and the end.
    ///
    /// - Throws: what `Trace.header` throws: without a header nothing of a trace can be
    ///   understood.
    init(_ file: InputFile) throws(TraceError) {
        self.file = file
        salvage = try McapSalvage(of: file)
        header = try Trace.header(file, salvage.index)
        do throws(TraceError) {
            let state = try Trace.state(file, salvage.index)
            (end, isEndWhole) = (state.end, state.isEndWhole)
            rewriting = try Trace.rewriting(file, salvage.index)
        } catch {
            guard error.code == .damaged else { throw error }
            losses.add(
                Losses.Region(
                    offset: error.offset ?? 0, bytes: 0, topics: [], reason: error.reason))
        }
    }

    /// Whether the file was closed by its recorder, even if what it says of the end is lost.
    var isClosed: Bool { salvage.index.isFinished || salvage.index.isDataEnded }
    /// Where the schedule ends that was given so far.
    var state: ScheduleState { decoder.state ?? ScheduleState() }
    /// Whether what the lanes hold goes on behind what was given.
    var isWholeToItsEnd: Bool { cut == nil && !mayLackSteps }

    /// Logs and incidents of turns that began before this step and ended are all in what was
    /// given.
    var telemetryKnownBefore: Step {
        guard losses.isEmpty else { return 0 }
        if let rewriting { return rewriting.telemetryKnownBefore }
        return isEndWhole ? .max : stateBeforeLast.earliestOpen
    }

    func blockCount(of source: UInt16) -> UInt64 { nextBlocks[source] ?? 0 }

    /// What can be believed of the next chunk; nil at the file's end.
    func next() throws(TraceError) -> RecordBatch? {
        let index = salvage.index
        guard chunkIndex < index.chunks.count else { return nil }
        defer { chunkIndex += 1 }
        var batch = RecordBatch()
        let entry = index.chunks[chunkIndex]
        if let gap = salvage.gaps[chunkIndex] {
            try lose(entry, gap.reason)
            return batch
        }
        let chunk: McapChunk
        do throws(TraceError) {
            chunk = try McapChunk(entry, of: file, zstd: zstd)
        } catch {
            guard error.code == .damaged else { throw error }
            try lose(entry, error.reason)
            return batch
        }
        for message in chunk.messages {
            guard let name = index.topics[message.channel], let topic = Topic(rawValue: name) else {
                continue
            }
            let data = chunk.data(of: message)
            do throws(MalformedBytes) {
                try checkSequence(message, topic, at: entry.offset)
                try take(data, topic, at: entry.offset, into: &batch)
            } catch {
                lose(
                    Losses.Region(
                        offset: entry.offset, bytes: ByteCount(data.count), topics: [topic],
                        reason: error.reason))
            }
        }
        return batch
    }

    /// Compares the schedule with the run's end, where that is known. Call it when everything
    /// was read.
    func finish() {
        precondition(
            chunkIndex == salvage.index.chunks.count,
            "the salvage ends at chunk \(chunkIndex) of \(salvage.index.chunks.count)")
        guard let end, isEndWhole, end.steps >= state.nextStep || cut != nil else { return }
        cutSchedule("steps \(state.nextStep) to \(end.steps) are missing", at: 0)
        isKnown(upTo: end.steps)
    }

    // MARK: What a message holds

    /// Counts a loss when messages are missing before this one and no damage was seen that could
    /// have swallowed them. This one, and everything behind damage, is judged by what it holds.
    ///
    /// - Throws: when the message was there before; what it holds is then not taken twice.
    private func checkSequence(
        _ message: McapChunk.Message, _ topic: Topic, at offset: UInt64
    ) throws(MalformedBytes) {
        let expected = sequences[message.channel, default: 0]
        // The numbers wrap around: of the two ways from one to the other the shorter one counts.
        let missing = message.sequence &- expected
        guard missing < 1 << 31 else {
            throw MalformedBytes(offset: 0, reason: "message \(message.sequence) is there twice")
        }
        sequences[message.channel] = message.sequence &+ 1
        guard missing > 0, losses.isEmpty else { return }
        let names = missing == 1 ? "message \(expected) is" : "\(missing) messages are"
        lose(
            Losses.Region(
                offset: offset, bytes: 0, topics: [topic],
                reason: "\(names) missing"))
    }

    private func take(
        _ data: ArraySlice<UInt8>, _ topic: Topic, at offset: UInt64,
        into batch: inout RecordBatch
    ) throws(MalformedBytes) {
        switch topic {
        case .schedule: takeSchedule(data, at: offset, into: &batch)
        case .input:
            let blocks = try InputCodec.decode(data)
            if cut == nil { takeInputs(blocks, at: offset, into: &batch) }
        case .journal:
            let results = try InputCodec.decodeResults(data)
            hasResults = true
            held.formUnion(results.map { LaneMerge.CallKey($0) }.filter(wanted.contains))
            if cut == nil { batch.results.append(contentsOf: results) }
        case .log: try takeLogs(data, into: &batch)
        case .span: break
        case .metric: batch.metrics.append(try JSONCodec.decode(MetricSample.self, data))
        case .incident: batch.incidents.append(try JSONCodec.decodeIncident(data))
        }
    }

    /// Decodes a block of the schedule, or cuts the schedule where it does not go on.
    ///
    /// Behind a cut a block's head still tells up to which step the run is known to have come.
    private func takeSchedule(
        _ block: ArraySlice<UInt8>, at offset: UInt64, into batch: inout RecordBatch
    ) {
        var last: Step = 0
        let before = state.nextStep.previous
        do throws(MalformedBytes) {
            var reader = ByteReader(block)
            let head = try ScheduleDecoder.head(&reader)
            last = head.state.nextStep.advanced(by: head.steps).previous
            guard cut == nil else { return isKnown(upTo: last) }
            guard batch.schedule.isEmpty else { throw reader.failure("two blocks in a chunk") }
            let before = state
            let schedule = try decoder.decode(block)
            stateBeforeLast = before
            // The head alone tells where a block ends that stands behind a cut.
            assert(
                state.nextStep.previous == last,
                "a block was read to step \(state.nextStep.previous), its head says \(last)")
            let count = header.subtasks.count
            for note in schedule.steps where count > 0 && note.subtask.offset >= count {
                throw reader.failure("step \(note.step) names subtask \(note.subtask) of \(count)")
            }
            batch.schedule = schedule
            mayLackSteps = false
        } catch {
            cut = ScheduleCut(
                step: before, lastKnown: max(before, last), offset: offset, reason: error.reason)
        }
    }

    /// Takes blocks as long as their source has no gap and their bytes have their hash. The
    /// first one that does not fit cuts the schedule, which needs it.
    private func takeInputs(
        _ blocks: [InputBlock], at offset: UInt64, into batch: inout RecordBatch
    ) {
        for block in blocks {
            let expected = nextBlocks[block.source] ?? 0
            guard block.index == expected else {
                let reason = "block \(expected) of source \(block.source) is missing"
                return cutSchedule(reason, at: offset)
            }
            if let bytes = block.bytes {
                var hash = StableHash()
                hash.combine(bytes: bytes)
                guard hash.value == block.hash else {
                    let reason = "block \(expected) of source \(block.source) was changed"
                    return cutSchedule(reason, at: offset)
                }
            }
            nextBlocks[block.source] = expected + 1
            batch.inputs.append(block)
        }
    }

    private func takeLogs(
        _ data: ArraySlice<UInt8>, into batch: inout RecordBatch
    ) throws(MalformedBytes) {
        var reader = ByteReader(data)
        switch try LogCodec.head(&reader) {
        case .sites:
            let (first, sites) = try LogCodec.sites(&reader)
            guard first >= knownSites else { throw reader.failure("statement \(first) twice") }
            try standIn(upTo: first, &batch, reader)
            batch.newSites.append(contentsOf: sites)
            knownSites += sites.count
        case .records(let head):
            let logs = try LogCodec.records(head, &reader, zstd: zstd)
            let last = logs.records.reduce(0) { max($0, Int($1.site) + 1) }
            try standIn(upTo: last, &batch, reader)
            batch.logs.append(logs)
            if !logs.records.isEmpty, head.lastStep < .max {
                lastLogged = max(lastLogged, head.lastStep)
            }
        }
    }

    /// Adds statements in place of those whose own message is lost, so that records that name
    /// them keep their values and the later statements keep their numbers.
    private func standIn(
        upTo count: Int, _ batch: inout RecordBatch, _ reader: ByteReader
    ) throws(MalformedBytes) {
        let missing = count - knownSites
        guard missing > 0 else { return }
        // A reader of the new file refuses a statement beyond the second bound.
        guard missing <= TraceBounds.maximumStandInSites - standIns, count <= LogCodec.maximumSites
        else {
            throw reader.failure("statement \(count) where \(knownSites) are known")
        }
        batch.newSites.append(contentsOf: repeatElement(.lost, count: missing))
        standIns += missing
        knownSites = count
    }

    // MARK: What is lost

    /// A chunk or a gap is lost, with whatever it held.
    private func lose(_ entry: McapChunkEntry, _ reason: String) throws(TraceError) {
        let topics = try salvage.topics(lostAt: chunkIndex, file)
        lose(
            Losses.Region(
                offset: entry.offset, bytes: ByteCount(entry.length), topics: topics, reason: reason
            ))
    }

    /// Something is lost. If a replay needs it, or may need it, the schedule is cut here.
    private func lose(_ region: Losses.Region) {
        losses.add(region)
        guard cut == nil else { return }
        let reason = "what was left out at byte \(region.offset) is needed to go on"
        guard let topics = region.topics else {
            // Input and results come before the steps that need them. Missing ones show only when
            // they are asked for; missing steps show at the next block.
            let isNeeded = hasResults || header.sources.contains { $0.kind == "bytes" }
            if isNeeded { cutSchedule(reason, at: region.offset) } else { mayLackSteps = true }
            return
        }
        let needed: [Topic] = [.schedule, .input, .journal]
        if topics.contains(where: needed.contains) { cutSchedule(reason, at: region.offset) }
    }

    /// The run came to this step, which lies behind the cut.
    private func isKnown(upTo step: Step) {
        guard var cut else { return }
        cut.lastKnown = max(cut.lastKnown, step)
        assert(
            cut.lastKnown >= cut.step,
            "the run is known up to \(cut.lastKnown), and replayed beyond it to \(cut.step)")
        self.cut = cut
    }

    /// Ends the schedule with the last step that was given. Only the first cut counts.
    private func cutSchedule(_ reason: String, at offset: UInt64) {
        guard cut == nil else { return }
        let last = state.nextStep.previous
        cut = ScheduleCut(step: last, lastKnown: last, offset: offset, reason: reason)
    }
}
