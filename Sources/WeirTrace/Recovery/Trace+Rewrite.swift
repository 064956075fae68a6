package import WeirBase
import WeirTelemetry

/// What a file that was rewritten from another trace says of that trace.
///
/// It is kept in the new file's metadata, because the new file has no lanes and cannot show what
/// is missing.
package struct Rewriting: Equatable, Sendable {
    /// Whether the run died: its trace had no end, and was never closed.
    package var hasDied: Bool
    /// What could not be taken over, in a few words; empty when everything was.
    package var lost: String
    /// Logs and incidents of turns that began before this step and ended are all in the file.
    var telemetryKnownBefore: Step = 0
    /// The turns that were in flight when the run died; only the old trace's lanes knew.
    var inFlight: [TurnInFlight] = []
}

extension Trace {
    /// What came of reading or rewriting a trace.
    package struct Rewritten: Equatable, Sendable {
        /// The last step of the new file: all up to it can be replayed.
        package var steps: Step = 0
        /// The greatest step of a log record, which may lie behind the last step that can be
        /// replayed.
        package var lastLogged: Step = 0
        /// Whether the run died, or the file was cut so that nobody can know.
        package var hasDied = false
        /// Logs and incidents of turns that began before this step and ended were all taken
        /// over.
        var telemetryKnownBefore: Step = 0
        /// What could not be read.
        package var losses = Losses()
        /// Where the schedule was cut; nil when all of it can be replayed.
        package var cut: ScheduleCut?

        /// What can be read of the trace, as a sentence without a full stop.
        package var whatIsWhole: String {
            guard let cut else { return "All \(steps) steps can still be replayed" }
            let last = max(cut.lastKnown, lastLogged)
            var text =
                steps == 0
                ? "No step can be replayed" : "The first \(steps) steps can still be replayed"
            if last > steps, steps > 0 { text += ", those up to step \(last) cannot" }
            if lastLogged > steps { text += "; logs reach to step \(lastLogged)" }
            return text
        }
    }

    /// Rewrites what is whole of a trace, and what its lanes hold behind it, into a finished
    /// file.
    ///
    /// Every whole chunk is kept; the schedule as far as nothing is missing that a replay needs.
    /// The new file has checksums, an index and a summary of its own, and its schedule has the
    /// same chain. The old file and its lanes stay as they are. One chunk is in memory at a
    /// time.
    ///
    /// - Throws: `.usage` when the trace is still being recorded or `output` exists, and what
    ///   reading and writing throw. Damage behind the header is not thrown.
    package static func recover(
        path: String, to output: String, overwrite: Bool = false
    ) throws(TraceError) -> Rewritten {
        let salvage = try Salvage(InputFile(opening: path))
        let lanes = try Self.lanes(beside: path, of: salvage.header)
        let writer = try TraceWriter(path: output, header: salvage.header, overwrite: overwrite)
        let (rewritten, tail) = try Self.read(salvage, lanes) { batch throws(TraceError) in
            try writer.write(batch)
        }
        let end = rewritten.cut == nil ? salvage.end : nil
        let isWhole = rewritten.losses.isEmpty && rewritten.cut == nil
        assert(
            end == nil || tail.schedule.isEmpty,
            "\(tail.schedule.steps.count) steps of lanes stand behind the end of the run")
        // Nothing is missing, so the new file may claim to be what the recorder left. Otherwise
        // it says that it was rewritten, and what was lost then and now.
        if let end, isWhole, salvage.rewriting == nil {
            try writer.finish(end, isWhole: salvage.isEndWhole)
        } else {
            // Also what the old file had lost already, if it was rewritten itself.
            let lost = [salvage.rewriting?.lost ?? "", rewritten.losses.summary]
                .filter { !$0.isEmpty }.joined(separator: "; ")
            let note = Rewriting(
                hasDied: rewritten.hasDied, lost: lost,
                telemetryKnownBefore: rewritten.telemetryKnownBefore,
                inFlight: rewritten.cut == nil ? tail.inFlight : [])
            try writer.finish(end, rewriting: note)
        }
        return rewritten
    }

    /// What of a trace can be read, without writing it anywhere. Costs a read of the whole file.
    package static func survey(path: String) throws(TraceError) -> Rewritten {
        let salvage = try Salvage(InputFile(opening: path))
        let lanes = try? Self.lanes(beside: path, of: salvage.header)
        return try Self.read(salvage, lanes) { _ throws(TraceError) in }.rewritten
    }

    /// Reads a trace and its lanes, and gives `take` everything that can be believed, in order.
    private static func read(
        _ salvage: Salvage, _ lanes: MappedLanes?,
        _ take: (RecordBatch) throws(TraceError) -> Void
    ) throws(TraceError) -> (rewritten: Rewritten, tail: RecoveredTail) {
        var merge = lanes.map { LaneMerge(lanes: $0.lanes, header: salvage.header) }
        merge?.collect()
        // Which results are in both is found on the way, as the file is read only once.
        salvage.wanted = merge?.calls ?? []
        var rewritten = Rewritten()
        while let batch = try salvage.next() {
            rewritten.steps = rewritten.steps.advanced(by: batch.schedule.steps.count)
            try take(batch)
        }
        // A cut stands behind the last step that was given, whatever cut the schedule there.
        assert(
            salvage.cut.map { $0.step == rewritten.steps } ?? true,
            "the schedule was cut at \(salvage.cut?.step ?? 0) and given to \(rewritten.steps)")
        salvage.finish()
        rewritten.telemetryKnownBefore = salvage.telemetryKnownBefore
        var tail = RecoveredTail(inFlight: salvage.rewriting?.inFlight ?? [])
        // The lanes go on behind the file only when nothing is missing at its end.
        if salvage.end == nil, salvage.rewriting == nil, salvage.isWholeToItsEnd, var merge {
            assert(
                salvage.state.nextStep == rewritten.steps.next,
                "the lanes go on at \(salvage.state.nextStep), the file ends with "
                    + "\(rewritten.steps)")
            merge.mergeSteps(behind: salvage.state)
            try merge.mergeInputs { source throws(TraceError) in salvage.blockCount(of: source) }
            try merge.mergeResults { _ throws(TraceError) in salvage.held }
            tail = merge.tail
            for batch in tail.batches { try take(batch) }
            rewritten.steps = rewritten.steps.advanced(by: tail.schedule.steps.count)
        }
        // `merge` reads the mapping that `lanes` keeps.
        withExtendedLifetime(lanes) {}
        rewritten.lastLogged = salvage.lastLogged
        rewritten.losses = salvage.losses
        rewritten.cut = salvage.cut
        // A file that was closed and does not say how its run ended has lost that to damage.
        rewritten.hasDied =
            salvage.rewriting?.hasDied ?? (salvage.end == nil && !salvage.isClosed)
        return (rewritten, tail)
    }

    /// The lanes that a dead run left beside its trace; nil when there are none that can be used.
    private static func lanes(
        beside path: String, of header: RunHeader
    ) throws(TraceError) -> MappedLanes? {
        let found: MappedLanes.Found
        do throws(TraceError) {
            found = try MappedLanes.find(path: MappedLanes.path(beside: path))
        } catch {
            // Trouble with the lanes is no damage of the trace.
            return nil
        }
        switch found {
        case .missing: return nil
        case .recording:
            throw TraceError(
                .usage, "\(path) is still being recorded by another process. Wait for its end")
        case .left(let lanes): return lanes.run == header.run ? lanes : nil
        }
    }

    /// What a rewritten file says of the trace that it was made of; nil when it was not
    /// rewritten.
    static func rewriting(
        _ file: InputFile, _ index: McapIndex
    ) throws(TraceError) -> Rewriting? {
        guard let members = try index.members(of: TraceMetadata.rewritten, in: file) else {
            return nil
        }
        do throws(MalformedBytes) {
            let inFlight = try JSONCodec.value([TurnInFlight].self, of: members)
            return Rewriting(
                hasDied: !members.contains { $0 == ("died", "false") },
                lost: members.first { $0.0 == "lost" }?.1 ?? "",
                telemetryKnownBefore: members.first { $0.0 == TraceMetadata.telemetryKnown }
                    .flatMap { Step($0.1) } ?? 0,
                inFlight: inFlight)
        } catch {
            let entry = index.metadata.last { $0.name == TraceMetadata.rewritten }
            throw .damaged(entry?.offset ?? 0, error.reason)
        }
    }
}

extension RecoveredTail {
    /// The same as batches that each fit a block of the schedule, to be written behind the file's
    /// own. Inputs and results come first, as the schedule needs them.
    var batches: [RecordBatch] {
        SchedulePieces().pieces(of: schedule).enumerated().map { index, piece in
            var batch = RecordBatch()
            batch.schedule = piece
            if index == 0 { (batch.inputs, batch.results) = (inputs, results) }
            return batch
        }
    }

    /// The same as a single batch, to be read behind the file's own.
    var batch: RecordBatch {
        var batch = RecordBatch()
        batch.schedule = schedule
        batch.inputs = inputs
        batch.results = results
        return batch
    }
}
