import Synchronization
import WeirBase
package import WeirTelemetry

/// A trace opened for reading: finished, cut off, or still being written.
///
/// Any thread. A few words a chunk are kept in memory; everything else is read as it is asked for
/// by cursors, each owned by one thread. Nothing in a file makes it trap: what was changed is an
/// error with an offset, what is only missing at the end makes `isComplete` false.
package final class Trace: Sendable {
    /// What the lanes beside an unfinished trace gave.
    package enum Recovery: Equatable, Sendable {
        /// The run ended and said so.
        case notNeeded
        /// Its recorder lives; the trace ends where the file does now.
        case recording
        /// The run died. Lanes were found and read; what they added stands behind the file.
        case lanes(steps: Int, ends: Int, voids: Int)
        /// The run died and its lanes are gone: the trace ends with the file's last whole chunk.
        case lanesMissing
        /// This file was rewritten from what was whole of a trace.
        case rewritten(Rewriting)
        /// There are lanes, but they cannot be used; says why.
        case lanesUnusable(String)
    }

    struct State {
        var end: RunEnd?
        /// Whether the recorder had kept everything when it wrote the end.
        var isEndWhole = false
        var isComplete: Bool
        var isRecording: Bool
    }

    package let path: String
    package let header: RunHeader
    package let recovery: Recovery
    let store: TraceStore
    let tail: RecoveredTail
    private let state: Mutex<State>

    /// Opens a trace and, when its run died, the lanes beside it.
    ///
    /// Costs a read of the summary, or of every chunk's head when there is none.
    package static func open(path: String) throws(TraceError) -> Trace {
        let file = try InputFile(opening: path)
        return try Trace(TraceStore(file: file, index: McapIndex(of: file)))
    }

    private init(_ store: TraceStore) throws(TraceError) {
        self.store = store
        path = store.file.path
        header = try Self.header(store.file, store.current)
        var state = try Self.state(store.file, store.current)
        if let rewriting = try Self.rewriting(store.file, store.current) {
            recovery = .rewritten(rewriting)
            tail = RecoveredTail(inFlight: rewriting.inFlight)
            self.state = Mutex(state)
            return
        }
        guard state.end == nil else {
            recovery = .notNeeded
            tail = RecoveredTail()
            self.state = Mutex(state)
            return
        }
        let (found, tail) = try Self.recover(store, header)
        var recovery = found
        if recovery == .lanesMissing {
            // The run may have ended between the look at its file and the look at its lanes.
            try store.refresh()
            state = try Self.state(store.file, store.current)
            if state.end != nil { recovery = .notNeeded }
        }
        state.isRecording = recovery == .recording
        self.recovery = recovery
        self.tail = tail
        self.state = Mutex(state)
    }

    static func header(
        _ file: InputFile, _ index: McapIndex
    ) throws(TraceError) -> RunHeader {
        guard let members = try index.members(of: TraceMetadata.run, in: file) else {
            if index.topics.isEmpty, index.chunks.isEmpty {
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
        do throws(MalformedBytes) {
            return try JSONCodec.value(RunHeader.self, of: members)
        } catch {
            throw .damaged(offset, error.reason)
        }
    }

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

    /// Logs and marks of turns that began before this step and ended are all in the file.
    ///
    /// A batch of the recorder holds with the end of a turn what the turn logged and found broken,
    /// so that this is known of a run that died, too. Its telemetry is written behind its schedule:
    /// of the last block it may have been lost.
    package func telemetryKnownBefore() throws(TraceError) -> UInt64 {
        if case .rewritten(let rewriting) = recovery { return rewriting.telemetryKnownBefore }
        if isEndWhole { return .max }
        return try Self.stateBeforeLastBlock(store).leastOpen
    }

    /// How the run ended; nil when it died or still runs.
    package var end: RunEnd? { state.withLock { $0.end } }

    /// Whether everything that the run recorded is there and its file was closed.
    package var isComplete: Bool { state.withLock { $0.isComplete } }

    /// Whether its file was closed: summary and footer are there.
    package var isClosed: Bool { store.current.isFinished }

    /// Whether the end was written by a recorder that had kept everything, be the file closed or
    /// not.
    var isEndWhole: Bool { state.withLock { $0.isEndWhole } }

    /// Whether another process was recording into it when it was opened or refreshed.
    package var isRecording: Bool { state.withLock { $0.isRecording } }

    /// Bytes of the file now.
    package var byteCount: UInt64 {
        get throws(TraceError) { try store.file.size() }
    }

    /// Takes in what a living recorder has appended since; cursors at their end go on then.
    ///
    /// When the recorder died meanwhile, `isRecording` becomes false: open the trace anew to get
    /// what is in its lanes.
    package func refresh() throws(TraceError) {
        try store.refresh()
        var next = try Self.state(store.file, store.current)
        // A recorder only replaces the file of one that is gone: the lanes belong to it then.
        if next.end == nil, !store.file.isReplaced,
            case .recording = try MappedLanes.find(path: MappedLanes.path(beside: path))
        {
            next.isRecording = true
        }
        state.withLock { $0 = next }
    }

    /// Turns that had begun and not ended when the run died, in order of steps.
    ///
    /// Known from the lanes only: in the file alone, finished turns look as if they were in flight.
    package var turnsInFlight: [TurnInFlight] { tail.inFlight }
}

/// A turn that had not ended when its run died.
package struct TurnInFlight: Codable, Equatable, Sendable {
    package var step: UInt64
    package var subtask: UInt16

    package init(step: UInt64, subtask: UInt16) {
        self.step = step
        self.subtask = subtask
    }
}
