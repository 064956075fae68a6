package import WeirBase
package import WeirTelemetry

/// A trace that was opened for reading, be it finished, cut off, or still being written.
///
/// The protocol is: `open` it; look at `header`, `recovery` and `end`; take cursors for what is
/// wanted, each owned by one thread; call `refresh` now and then while it `isRecording`, and let
/// the cursors go on. The trace itself may be used by any thread. It never writes.
///
/// A few words are kept in memory for each chunk; everything else is read when a cursor asks for
/// it. Nothing in a file makes it trap. What was changed is an error with an offset, and what is
/// only missing at the end makes `isComplete` false.
package final class Trace: Sendable {
    /// How it was with the lanes beside the trace when it was opened.
    package enum Recovery: Equatable, Sendable {
        /// The run ended and said so, and nothing is in the lanes that is not in the file.
        case notNeeded
        /// Its recorder lives. The trace ends where the file does now.
        case recording
        /// The run died. Its lanes were found and read, and what they add follows behind the
        /// file.
        case lanes(steps: Int, ends: Int, voids: Int)
        /// The run died and its lanes are gone. The trace ends with the file's last whole chunk.
        case lanesMissing
        /// This file was made by `weir recover` from what was whole of another trace.
        case rewritten(Rewriting)
        /// There are lanes, but they cannot be used; the text says why.
        case lanesUnusable(String)
    }

    /// What can change while the file grows.
    struct State {
        var end: RunEnd?
        /// Whether the recorder had kept everything by the time it wrote the end.
        var isEndWhole = false
        /// Whether, in addition, the file was closed.
        var isComplete: Bool
        /// Whether a recorder held the lock of the lanes at the last look.
        var isRecording: Bool
    }

    /// The path it was opened by.
    package let path: String
    /// What is known of the run from before its first turn.
    package let header: RunHeader
    /// How it was with the lanes when the trace was opened; later looks do not change it.
    package let recovery: Recovery
    /// The file and its index, which the cursors share.
    let store: TraceStore
    /// What the lanes hold beyond the file; empty when there was nothing to recover.
    let tail: RecoveredTail
    /// Replaced as a whole by `refresh`.
    private let state: Guarded<State>

    /// Opens a trace and, when its run died, the lanes beside it.
    ///
    /// Costs a read of the summary, or of every record's head when there is none. After a
    /// death it also costs a walk over the notes in the lanes, and a read of the file's last
    /// steps, of each source's last blocks and, if the lanes hold results of calls, of all
    /// results in the file.
    ///
    /// - Throws: `.usage` when there is no such file, `.notATrace`, `.unknownVersion`,
    ///   `.damaged`.
    package static func open(path: String) throws(TraceError) -> Trace {
        let file = try InputFile(opening: path)
        return try Trace(TraceStore(file: file, index: McapIndex(of: file)))
    }

    /// Reads header and end, and then, unless the run ended, what its lanes tell.
    private init(_ store: TraceStore) throws(TraceError) {
        self.store = store
        path = store.file.path
        header = try Self.header(store.file, store.current)
        var state = try Self.state(store.file, store.current)
        if let rewriting = try Self.rewriting(store.file, store.current) {
            recovery = .rewritten(rewriting)
            tail = RecoveredTail(inFlight: rewriting.inFlight)
            self.state = Guarded(state)
            return
        }
        // The run ended, so its lanes were removed or hold nothing that is not in the file.
        guard state.end == nil else {
            recovery = .notNeeded
            tail = RecoveredTail()
            self.state = Guarded(state)
            return
        }
        let (found, tail) = try Self.recover(store, header)
        var recovery = found
        if recovery == .lanesMissing {
            // The run may have ended between the look at its file and the look at its lanes: it
            // removes the lanes only after it has written the end.
            try store.refresh()
            state = try Self.state(store.file, store.current)
            if state.end != nil { recovery = .notNeeded }
        }
        // What lanes add stands behind the file and would stand behind the run's end.
        assert(
            state.end == nil || tail.schedule.isEmpty,
            "a run that ended has \(tail.schedule.steps.count) steps in its lanes")
        state.isRecording = recovery == .recording
        self.recovery = recovery
        self.tail = tail
        self.state = Guarded(state)
    }

    /// Reads the header; a trace of a format that this build does not know is refused here.
    static func header(
        _ file: InputFile, _ index: McapIndex
    ) throws(TraceError) -> RunHeader {
        guard let members = try index.members(of: TraceMetadata.run, in: file) else {
            // Not even a channel was written: the recorder died while it began. A file that was
            // finished like that is another program's.
            if index.topics.isEmpty, index.chunks.isEmpty, !index.isFinished {
                throw .damaged(
                    index.dataEnd,
                    "\(file.path) is cut off inside its header: nothing of it "
                        + "can be read")
            }
            throw TraceError(
                .notATrace, offset: 0, "\(file.path) is an MCAP file but not a trace of Weir")
        }
        let version = members.first { $0.0 == "format" }?.1 ?? ""
        let offset = index.metadata.first { $0.name == TraceMetadata.run }?.offset ?? 0
        guard version == TraceMetadata.version else {
            throw TraceError(
                .unknownVersion, offset: offset,
                "\(file.path) has format \(PrintableText.escaped(version)), this build reads "
                    + "\(TraceMetadata.version). Open it with the build that recorded it")
        }
        let header: RunHeader
        do throws(MalformedBytes) {
            header = try JSONCodec.value(RunHeader.self, of: members)
        } catch {
            throw .damaged(offset, error.reason)
        }
        // Whoever goes through one of these lists makes a number of 16 bits of the index.
        if let found = header.tooManyNumbered {
            throw .damaged(
                offset, "the header has \(found), more than \(RunHeader.maximumNumbered)")
        }
        return header
    }

    /// Reads how the run ended, from the last record that says so; without one it has not ended.
    static func state(
        _ file: InputFile, _ index: McapIndex
    ) throws(TraceError) -> State {
        guard let members = try index.members(of: TraceMetadata.end, in: file) else {
            return State(end: nil, isComplete: false, isRecording: false)
        }
        let offset = index.metadata.last { $0.name == TraceMetadata.end }?.offset ?? 0
        do throws(MalformedBytes) {
            let end = try JSONCodec.value(RunEnd.self, of: members)
            let isWhole = members.contains { $0 == ("complete", "true") }
            return State(
                end: end, isEndWhole: isWhole, isComplete: isWhole && index.isFinished,
                isRecording: false)
        } catch {
            throw .damaged(offset, error.reason)
        }
    }

    /// Logs and incidents of turns that began before this step and ended are all in the file.
    ///
    /// A batch of the recorder holds, together with the end of a turn, what the turn logged and
    /// what it found broken. So this is known of a run that died, too. A batch's telemetry is
    /// written behind its schedule, though, and that of the last block may have been lost.
    package func telemetryKnownBefore() throws(TraceError) -> Step {
        if case .rewritten(let rewriting) = recovery { return rewriting.telemetryKnownBefore }
        if isEndWhole { return .max }
        return try Self.stateBeforeLastBlock(store).earliestOpen
    }

    /// How the run ended; nil when it died or still runs.
    package var end: RunEnd? { state.withLock { $0.end } }

    /// Whether everything that the run recorded is there and its file was closed.
    package var isComplete: Bool { state.withLock { $0.isComplete } }

    /// Whether its file was closed, which means that it has a summary and a footer.
    package var isClosed: Bool { store.current.isFinished }

    /// Whether the end was written by a recorder that had kept everything, be the file closed or
    /// not.
    var isEndWhole: Bool { state.withLock { $0.isEndWhole } }

    /// Whether another process was recording into it when it was opened or last refreshed.
    package var isRecording: Bool { state.withLock { $0.isRecording } }

    /// The bytes of the file now.
    package var byteCount: ByteCount {
        get throws(TraceError) { ByteCount(try store.file.size()) }
    }

    /// Takes in what a living recorder has appended since; cursors at their end then go on.
    ///
    /// When the recorder died meanwhile, `isRecording` becomes false. Open the trace anew to get
    /// what is in its lanes.
    package func refresh() throws(TraceError) {
        try store.refresh()
        var next = try Self.state(store.file, store.current)
        // A new recording replaces a trace only after its recorder is gone, and then the lanes
        // at the path belong to the new one.
        if next.end == nil, !store.file.isReplaced,
            case .recording = try MappedLanes.find(path: MappedLanes.path(beside: path))
        {
            next.isRecording = true
        }
        state.withLock { $0 = next }
    }

    /// The turns that had begun and not ended when the run died, in order of steps.
    ///
    /// They are known from the lanes only. By the file alone, finished turns look as if they
    /// were in flight, because their ends were noted but not yet written.
    package var turnsInFlight: [TurnInFlight] { tail.inFlight }
}

/// A turn that had not ended when its run died.
package struct TurnInFlight: Codable, Equatable, Sendable {
    package var step: Step
    package var subtask: SubtaskIndex

    package init(step: Step, subtask: SubtaskIndex) {
        self.step = step
        self.subtask = subtask
    }
}
