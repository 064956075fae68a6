import Synchronization
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// A drawn run that tells each of its notes, and behind each turn what changed in the subtask and
/// in all channels, a line for each thing. What depends on the machine's clock is left out, so that
/// all of it is a function of the seed.
struct ToldRun {
    let lines: [String]

    init(
        _ pipeline: Pipeline, seed: UInt64, limit: UInt64, settings: [String: String] = [:],
        level: LogLevel = .debug, input: [InputPiece] = []
    ) throws {
        let planned = try pipeline.plan(settings: settings, seed: seed)
        var setup = LiveRun.Setup(started: Instant(nanoseconds: 0), schedule: .drawn(seed: seed))
        setup.connections.sources = planned.plan.sources.map { source in
            source.readsBytes ? PiecesReading(input) : nil
        }
        setup.connections.storesInput = planned.plan.sources.map { _ in false }
        setup.connections.sinks = planned.plan.sinks.map { _ in NoRows() }
        let sites = LogSites()
        let logLane = LogLane(capacity: 1 << 20, sites: sites)
        setup.logLanes = [logLane]
        let told = ToldNotes.Lines()
        setup.wrap = { ToldNotes($0, told) }
        var options = BindOptions(seed: seed)
        (options.limit, options.logLevel) = (limit, level)
        let run = try LiveRun(planned, options, setup)
        run.start()
        run.run()
        run.finish()
        var lines = told.lines
        for record in logLane.drain(worker: 0)?.records ?? [] {
            let values = record.values.map(\.text).joined(separator: " ")
            lines.append(
                "log \(record.step).\(record.index) \(record.time) \(record.subtask) "
                    + "\(record.operatorIndex).\(record.ordinal) "
                    + "\(sites.sites(from: 0)[Int(record.site)].message) \(values)")
        }
        self.lines = lines + Self.told(endOf: run.execution)
    }

    private static func told(endOf execution: Execution) -> [String] {
        var lines = ["steps \(execution.scheduler.stepCount)"]
        if let cause = execution.stopCause { lines.append("stopped \(cause)") }
        for subtask in execution.subtasks {
            let hops = subtask.latencyHops.map { "\($0.hop) \($0.counts.count)" }
            lines.append("hops \(subtask.name) \(hops.joined(separator: ", "))")
            if let remarks = subtask.sourceRemarks { lines.append("remarks \(remarks)") }
        }
        let books = execution.closeBooks()
        lines.append("taken \(books.taken) held \(books.held) queued \(books.queued)")
        lines += (books.operators + books.channels).map {
            "account \($0.name) \($0.taken) = \($0.handled) + \($0.dropped) + \($0.held)"
        }
        lines += books.drops.map { "dropped \($0.stage) \($0.reason.rawValue) \($0.count)" }
        lines += books.imbalances
        lines += execution.sinkDigests().map { "sink \($0.sink) \($0.rows) \($0.ordered)" }
        lines += execution.violations.first.map { "violated \($0.step) \($0.invariant)" }
        return lines + ["state \(execution.stateDigest().whole.hexadecimal)"]
    }
}

/// Pieces of input that are all there.
private final class PiecesReading: ByteReading {
    private let pieces: Guarded<[InputPiece]>
    let isRepeatable = false
    let path: String? = nil
    let byteCount: UInt64? = nil

    init(_ pieces: [InputPiece]) { self.pieces = Guarded(pieces) }

    func next(maximum: Int) -> InputPiece? {
        pieces.withLock { $0.isEmpty ? .end : $0.removeFirst() }
    }

    func cancel() {}
}

/// Notes that are told and then go where they would.
private final class ToldNotes: LiveNotes, @unchecked Sendable {
    // Unchecked: a drawn run has one step at a time, and whoever has the baton is alone here.

    final class Lines: @unchecked Sendable {
        // Unchecked: as for the notes.
        var lines: [String] = []
        /// What was told of each part last: only what changed is told again.
        var last: [String: String] = [:]

        func tell(_ name: String, _ text: String) {
            if last[name] == text { return }
            last[name] = text
            lines.append("  \(name) \(text)")
        }
    }

    private let notes: any LiveNotes
    private let told: Lines

    init(_ notes: any LiveNotes, _ told: Lines) { (self.notes, self.told) = (notes, told) }

    func began(_ choice: Choice, _ turn: TurnContext) {
        told.lines.append(
            "\(turn.step) \(turn.subtask?.name ?? "") \(choice.kind) \(choice.inlet) "
                + "\(choice.count) \(choice.calls) \(choice.time)")
        notes.began(choice, turn)
    }

    func accessed(step: Step, cell: CellIndex, _ turn: TurnContext) {
        told.lines.append("\(step) access \(cell) of \(turn.step)")
        notes.accessed(step: step, cell: cell, turn)
    }

    func publishing(
        step: Step, outlet: ChannelIndex, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]? {
        let outcomes = notes.publishing(
            step: step, outlet: outlet, offered: offered, turn, decide: decide)
        let runs = outcomes.map { "\(DropRun.pack($0))" } ?? "full"
        told.lines.append("\(step) publish \(outlet) of \(turn.step): \(offered) \(runs)")
        return outcomes
    }

    func ended(_ account: TurnAccount, _ turn: TurnContext) {
        notes.ended(account, turn)
        guard let subtask = turn.subtask else { return }
        told.lines.append(
            "\(turn.step) ended \(subtask.outlets.map(\.emitted)) \(account.accesses) "
                + "\(account.sample?.hexadecimal ?? "")")
        let counters = subtask.counters
        let lag = counters.lagRecords.load(ordering: .relaxed)
        let since = counters.lagSince.load(ordering: .relaxed)
        told.tell(
            subtask.name,
            "\(counters.saved) \(subtask.freshDigest().hexadecimal) at \(subtask.watermark) "
                + "newest \(counters.newestEvent.load(ordering: .relaxed)) lag \(lag) \(since) "
                + "out \(counters.isHeldOut.load(ordering: .relaxed)) \(counters.activity)")
        for channel in turn.execution.channels {
            told.tell(
                channel.name,
                "\(channel.depth) \(channel.queuedElements) \(channel.queuedBytes) "
                    + "\(channel.dropped) \(channel.describeQueued(limit: 2))")
        }
    }

    func rested(step: Step, time: RunTime, state: () -> StateDigest) {
        let state = state()
        told.lines.append("\(step) rest \(time) \(state.whole.hexadecimal)")
        notes.rested(step: step, time: time) { state }
    }

    func found(_ incident: Incident) {
        told.lines.append("found \(incident)")
        notes.found(incident)
    }

    func logLane(worker: Int) -> LogLane? { notes.logLane(worker: worker) }
    func reserve(_ slots: Int, _ turn: TurnContext) { notes.reserve(slots, turn) }
    func release(_ slots: Int, _ turn: TurnContext) { notes.release(slots, turn) }
    func reserveRest(parts: Int) { notes.reserveRest(parts: parts) }
    func tryReserveRest(parts: Int) -> Bool { notes.tryReserveRest(parts: parts) }
    func releaseRest(parts: Int) { notes.releaseRest(parts: parts) }
    var keepsRests: Bool { notes.keepsRests }
}
